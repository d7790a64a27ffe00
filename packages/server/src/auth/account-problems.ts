import { HttpProblem } from '../http/errors.ts';
import type { Belonging, RoleChange } from '../store/auth/accounts.ts';

/** Throws a 404 or a 409 if a role was not changed. */
export function requireChange(outcome: RoleChange): void {
  if (outcome === 'unknown') throw unknownAccount();
  if (outcome === 'claimed') {
    throw new HttpProblem(409, 'The identity provider gives this role; change it there.');
  }
  if (outcome === 'last administrator') {
    throw new HttpProblem(
      409,
      'This is the last administrator of the organisation; make another person an administrator first.',
    );
  }
}

/** Throws unless the account belongs to the organisation alone, or is only invited to it. */
export function requireOwn(belongs: Belonging): void {
  if (belongs === 'unknown') throw unknownAccount();
  if (belongs === 'shared') {
    throw new HttpProblem(
      409,
      'The account belongs to other organisations, too: the person, or the operator of the server, must do this.',
    );
  }
}

/** 404. */
export function unknownAccount(): HttpProblem {
  return new HttpProblem(404, 'There is no account with this id in the organisation.');
}

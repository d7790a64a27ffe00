import { Type } from 'typebox';
import { wrongParameter } from '../http/bulk.ts';
import { ACCOUNT_ROLES } from '../store/auth/account-roles.ts';
import type { OrganisationAccount } from '../store/auth/accounts.ts';
import { emailFault } from './account-texts.ts';

export const Role = Type.String({
  enum: [...ACCOUNT_ROLES],
  description: 'what the person may do in the organisation',
});
const MaybeInstant = Type.Union([Type.String({ format: 'date-time' }), Type.Null()]);

/** An account as the administrators of an organisation see it. */
export const AccountView = Type.Object({
  accountId: Type.String(),
  email: Type.String(),
  name: Type.Union([Type.String(), Type.Null()]),
  role: Role,
  roleFrom: Type.String({
    enum: ['invitation', 'claim'],
    description: 'claim: the identity provider gives the role at each sign-in',
  }),
  state: Type.String({
    enum: ['invited', 'active', 'disabled'],
    description: 'invited until the person accepts; the operator of the server disables accounts',
  }),
  invitedAt: Type.String({ format: 'date-time' }),
  acceptedAt: MaybeInstant,
  lastAdministrator: Type.Boolean({
    description: 'nobody else administers the organisation now, so the person cannot be removed or demoted',
  }),
  signsInBy: Type.Union(
    [
      Type.Object({
        password: Type.Boolean(),
        passkeys: Type.Integer({ description: 'how many' }),
        passkeyRequired: Type.Boolean({
          description: 'a password or a link is not enough without a passkey',
        }),
        identities: Type.Integer({ description: 'how many identities at identity providers' }),
      }),
      Type.Null(),
    ],
    { description: 'null until the person accepts' },
  ),
});

/** The position of an account in the list. */
export function addressText(emailFolded: string): string {
  return Buffer.from(emailFolded).toString('base64url');
}

/** Reads `after` of the list. Throws a 400. */
export function readAddress(after: string | undefined): string | null {
  if (after === undefined) return null;
  const address = Buffer.from(after, 'base64url').toString();
  if (emailFault(address) === undefined && addressText(address) === after) return address;
  throw wrongParameter('after', 'must be `next` of the previous page');
}

/** An account for an answer. */
export function viewOf(account: OrganisationAccount) {
  const { accountId, email, name, role, fromClaim, invitedAt, acceptedAt, disabledAt } = account;
  const { hasPassword, passkeys, passkeyRequired, identities } = account;
  return {
    accountId,
    email,
    name,
    role,
    roleFrom: fromClaim ? 'claim' : 'invitation',
    state: acceptedAt === null ? 'invited' : disabledAt === null ? 'active' : 'disabled',
    invitedAt: invitedAt.toISOString(),
    acceptedAt: acceptedAt?.toISOString() ?? null,
    lastAdministrator: account.isLastAdministrator,
    signsInBy:
      hasPassword === null || passkeys === null || passkeyRequired === null || identities === null
        ? null
        : { password: hasPassword, passkeys, passkeyRequired, identities },
  };
}

import { randomUUID } from 'node:crypto';
import type { HttpProblem } from '../http/errors.ts';
import type { NewIdentity } from '../store/auth/identities.ts';
import { emailFault, nameFault } from './account-texts.ts';
import { claimedRoles } from './claimed-roles.ts';
import { claimOf, type ProvenIdentity, refused } from './identity-provider.ts';

/** Both clocks count whole seconds, and the answers are on their way for some. */
const LEEWAY_S = 30;

/** The connection that an identity has, or gets, with an account. An address that no account can have is left out. */
export function connectionOf({ issuer, subject, claims: { email } }: ProvenIdentity, at: Date): NewIdentity {
  const isAddress = typeof email === 'string' && emailFault(email) === undefined;
  return { identityId: randomUUID(), issuer, subject, email: isAddress ? email : null, at };
}

/** Whether the claim with the roles names a role of an organisation. */
export function namesRole({ claims }: ProvenIdentity, rolesClaim: string): boolean {
  return Object.keys(claimedRoles(claimOf(claims, rolesClaim))).length > 0;
}

/** The name of the person, if the provider sends a usable one. */
export function nameOf({ claims: { name } }: ProvenIdentity): string | null {
  const trimmed = typeof name === 'string' ? name.trim() : '';
  return nameFault(trimmed) === undefined ? trimmed : null;
}

/**
 * When the person proved the identity; null if the provider does not say. Throws a 401 if the provider should have asked
 * the person again, and says that it did not, or hides it. Each clock is compared with itself only.
 */
export function provenAtOf(
  { askedBeforeS, canSayWhenAsked }: ProvenIdentity,
  { asksAgain, begunAtMs }: { asksAgain: boolean; begunAtMs: number },
  nowMs: number,
): Date | null {
  if (askedBeforeS === undefined) {
    if (!asksAgain) return null;
    // With `max_age`, a provider that can say it must say it.
    if (canSayWhenAsked) throw notAskedAgain();
    return new Date(nowMs);
  }
  const isOlder = askedBeforeS > (nowMs - begunAtMs) / 1_000 + LEEWAY_S;
  if (asksAgain && isOlder) throw notAskedAgain();
  return new Date(nowMs - askedBeforeS * 1_000);
}

/** 401: the provider let a person in whom it has not asked. */
function notAskedAgain(): HttpProblem {
  return refused('The identity provider did not ask you to sign in again. Sign out there, and begin again.');
}

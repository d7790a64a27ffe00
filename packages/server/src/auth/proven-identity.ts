import { randomUUID } from 'node:crypto';
import type { NewIdentity } from '../store/auth/identities.ts';
import { claimedRoles } from './claimed-roles.ts';
import { claimOf, type ProvenIdentity } from './identity-provider.ts';
import { emailFault, nameFault } from './sign-ins.ts';

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

import type { Tx } from '../connections/db.ts';
import type { AccountRole } from './account-roles.ts';

/** A person at an identity provider. */
export interface Identity {
  issuer: string;
  subject: string;
}

/** A person at an identity provider who signs in, or is connected with an account. */
export interface UsedIdentity extends Identity {
  /** The address that the provider gives. It is shown, and proves nothing. */
  email: string | null;
  at: Date;
}

/** A new connection of an identity. */
export interface NewIdentity extends UsedIdentity {
  identityId: string;
}

/** An identity of an account. */
export interface ConnectedIdentity {
  accountId: string;
  identityId: string;
}

/** An identity as its own person sees it. */
export interface ListedIdentity extends Identity {
  identityId: string;
  email: string | null;
  linkedAt: Date;
  lastUsedAt: Date | null;
  /** Whether it is an identity at the identity provider of the server. */
  usable: boolean;
}

/** What became of the wish to connect an identity: its id, or why it is not connected. */
export type Connection = { identityId: string } | { refusal: 'other account' | 'too many' };

/** What became of the wish to disconnect an identity. See `remove_identity` of the migration. */
export type IdentityRemoval = 'done' | 'unknown' | 'last way' | 'last role' | 'last administrator';

/** A role that a claim gave, changed or took. Null: no role. */
export interface ClaimedChange {
  tenantId: string;
  before: AccountRole | null;
  role: AccountRole | null;
}

/** What the roles of a claim changed, and what remained. */
export interface AppliedRoles {
  changes: ClaimedChange[];
  /** The address of the account, which may be gone. */
  email: string;
  /** Slugs of organisations whose last administrator the account is, against the claim. */
  kept: string[];
  /** The number of roles that count in sessions of the identity. Without one, the account may be gone. */
  roles: number;
}

/** An account has one identity at each provider as a rule. */
const MOST_IDENTITIES = 20;

/** Notes that a known identity signs in, and locks its account. Undefined if it is connected with no account. */
export async function noteIdentityUse(
  tx: Tx,
  { issuer, subject, email, at }: UsedIdentity,
): Promise<ConnectedIdentity | undefined> {
  const { rows } = await tx.query<{ used: ConnectedIdentity | null }>(
    'SELECT use_identity($1, $2, $3, $4) AS used',
    [issuer, subject, email, at],
  );
  return rows[0]?.used ?? undefined;
}

/**
 * Connects an identity with an account, which may have `most` of them; null: any number. An identity that the account has
 * already keeps its id.
 */
export async function linkIdentity(
  tx: Tx,
  identity: NewIdentity,
  accountId: string,
  most: number | null = MOST_IDENTITIES,
): Promise<Connection> {
  const { identityId, issuer, subject, email, at } = identity;
  const { rows } = await tx.query<{ linked: Connection }>(
    'SELECT link_identity($1, $2, $3, $4, $5, $6, $7) AS linked',
    [identityId, issuer, subject, accountId, email, at, most],
  );
  return rows[0]?.linked ?? { refusal: 'other account' };
}

/**
 * Connects an identity with the account that has a folded address. Undefined if there is none, or if it has too many. An
 * account that has accepted no role keeps no other way to sign in. See the migration.
 */
export async function linkIdentityByEmail(
  tx: Tx,
  { identityId, issuer, subject, email, at }: NewIdentity,
  emailFolded: string,
): Promise<ConnectedIdentity | undefined> {
  const { rows } = await tx.query<{ linked: ConnectedIdentity | null }>(
    'SELECT link_identity_by_email($1, $2, $3, $4, $5, $6, $7) AS linked',
    [identityId, issuer, subject, email, emailFolded, at, MOST_IDENTITIES],
  );
  return rows[0]?.linked ?? undefined;
}

/** Creates an account for an identity. Returns false if the address has an account already. */
export async function createAccountOfIdentity(
  tx: Tx,
  { identityId, issuer, subject, at }: NewIdentity,
  account: { accountId: string; email: string; emailFolded: string; name: string | null },
): Promise<boolean> {
  const { rows } = await tx.query<{ done: boolean }>(
    'SELECT create_account_of_identity($1, $2, $3, $4, $5, $6, $7, $8) AS done',
    [account.accountId, account.email, account.emailFolded, account.name, identityId, issuer, subject, at],
  );
  return rows[0]?.done ?? false;
}

/** The identities of an account, the oldest first. `usableIssuer` is the identity provider of the server. */
export async function listIdentities(
  tx: Tx,
  accountId: string,
  usableIssuer: string | null,
): Promise<ListedIdentity[]> {
  const { rows } = await tx.query<ListedIdentity>(
    `SELECT identity_id AS "identityId", issuer, subject, email, linked_at AS "linkedAt", last_used_at AS "lastUsedAt", usable
     FROM identities_of_account($1, $2)`,
    [accountId, usableIssuer],
  );
  return rows;
}

/**
 * Disconnects an identity of an account, and ends the sessions that began with it, except `keptSessionId`.
 * `usableIssuer` is the identity provider of the server: an identity of another one is no way to sign in.
 */
export async function removeIdentity(
  tx: Tx,
  removal: { accountId: string; identityId: string; keptSessionId: string; usableIssuer: string | null },
): Promise<IdentityRemoval> {
  const { accountId, identityId, keptSessionId, usableIssuer } = removal;
  const { rows } = await tx.query<{ outcome: IdentityRemoval }>(
    'SELECT remove_identity($1, $2, $3, $4) AS outcome',
    [accountId, identityId, keptSessionId, usableIssuer],
  );
  return rows[0]?.outcome ?? 'unknown';
}

/**
 * Gives an account the roles of the claim of one of its identities, by slug, and takes away what an earlier claim of this
 * identity gave. See the migration.
 */
export async function applyClaimedRoles(
  tx: Tx,
  { accountId, identityId }: ConnectedIdentity,
  claimed: Readonly<Record<string, AccountRole>>,
  at: Date,
): Promise<AppliedRoles> {
  const { rows } = await tx.query<{ applied: AppliedRoles }>(
    'SELECT apply_claimed_roles($1, $2, $3, $4) AS applied',
    [accountId, identityId, JSON.stringify(claimed), at],
  );
  if (!rows[0]) throw new Error('The database did not answer which roles the claim gives.');
  return rows[0].applied;
}

import type { Tx } from '../connections/db.ts';
import type { AccountRole } from './account-roles.ts';

/** A person at an identity provider. */
export interface Identity {
  issuer: string;
  subject: string;
}

/** What remained after the roles of a claim were applied. */
export interface AppliedRoles {
  /** Slugs of organisations whose last administrator the account is, against the claim. */
  kept: string[];
  /** The number of roles that count. Without one, the account may be gone. */
  roles: number;
}

/** The id of the account of an identity; undefined if there is none. */
export async function accountOfIdentity(tx: Tx, { issuer, subject }: Identity): Promise<string | undefined> {
  const { rows } = await tx.query<{ accountId: string | null }>(
    'SELECT account_of_identity($1, $2) AS "accountId"',
    [issuer, subject],
  );
  return rows[0]?.accountId ?? undefined;
}

/** Links an identity to an account. Returns false if it belongs to another account. */
export async function linkIdentity(
  tx: Tx,
  { issuer, subject }: Identity,
  accountId: string,
  at: Date,
): Promise<boolean> {
  const { rows } = await tx.query<{ done: boolean }>('SELECT link_identity($1, $2, $3, $4) AS done', [
    issuer,
    subject,
    accountId,
    at,
  ]);
  return rows[0]?.done ?? false;
}

/** Links an identity to the account with a folded address. Returns its id; undefined if there is none. */
export async function linkIdentityByEmail(
  tx: Tx,
  { issuer, subject }: Identity,
  emailFolded: string,
  at: Date,
): Promise<string | undefined> {
  const { rows } = await tx.query<{ accountId: string | null }>(
    'SELECT link_identity_by_email($1, $2, $3, $4) AS "accountId"',
    [issuer, subject, emailFolded, at],
  );
  return rows[0]?.accountId ?? undefined;
}

/** Creates an account for an identity. Returns false if the address has an account already. */
export async function createAccountOfIdentity(
  tx: Tx,
  { issuer, subject }: Identity,
  account: { accountId: string; email: string; emailFolded: string; name: string | null; at: Date },
): Promise<boolean> {
  const { rows } = await tx.query<{ done: boolean }>(
    'SELECT create_account_of_identity($1, $2, $3, $4, $5, $6, $7) AS done',
    [account.accountId, account.email, account.emailFolded, account.name, issuer, subject, account.at],
  );
  return rows[0]?.done ?? false;
}

/** Gives an account the roles of a claim, by slug, and takes away what an earlier claim gave. See the migration. */
export async function applyClaimedRoles(
  tx: Tx,
  accountId: string,
  claimed: Readonly<Record<string, AccountRole>>,
  at: Date,
): Promise<AppliedRoles> {
  const { rows } = await tx.query<{ applied: AppliedRoles }>(
    'SELECT apply_claimed_roles($1, $2, $3) AS applied',
    [accountId, JSON.stringify(claimed), at],
  );
  return rows[0]?.applied ?? { kept: [], roles: 0 };
}

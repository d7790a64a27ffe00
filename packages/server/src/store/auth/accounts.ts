import type { Tx } from '../connections/db.ts';
import type { AccountRole } from './account-roles.ts';

/** What a person uses once to sign in: `link` signs in, `reset` also sets a password, `invitation` accepts a role. */
export type LinkKind = 'link' | 'invitation' | 'reset';

/** An account as an organisation sees it. Before the person accepts, it sees only what it wrote itself. */
export interface OrganisationAccount {
  accountId: string;
  email: string;
  name: string | null;
  role: AccountRole;
  /** Whether a claim of the identity provider gave the role. */
  fromClaim: boolean;
  invitedAt: Date;
  acceptedAt: Date | null;
  disabledAt: Date | null;
  /** Nobody else administers the organisation now. */
  isLastAdministrator: boolean;
  emailFolded: string;
  /** How the person signs in. Null until the person accepts. */
  hasPassword: boolean | null;
  passkeyRequired: boolean | null;
  passkeys: number | null;
  identities: number | null;
}

/** Selects accounts of an organisation. What is left out, selects all. */
export interface AccountFilter {
  accountId?: string;
  emailFolded?: string;
  /** Folded; each is a part of the name or of the address. */
  words?: string[];
  /** The folded address before the first one. */
  after?: string | null;
  /** The most accounts. */
  limit?: number;
}

/** How an account belongs to an organisation: not at all, not yet, to it alone, or to others, too. */
export type Belonging = 'unknown' | 'invited' | 'alone' | 'shared';

/** An invitation to the organisation that the transaction has entered. */
export interface Invitation {
  /** The id of the account if there is none with this address yet. */
  newAccountId: string;
  email: string;
  emailFolded: string;
  name: string | null;
  role: AccountRole;
  at: Date;
  linkHash: Buffer;
  linkExpiresAt: Date;
}

/** The accounts of the organisation that the transaction has entered, by e-mail address. */
export async function listAccounts(tx: Tx, filter: AccountFilter = {}): Promise<OrganisationAccount[]> {
  const { accountId = null, emailFolded = null, words = [], after = null, limit = null } = filter;
  const { rows } = await tx.query<OrganisationAccount>(
    `SELECT account_id AS "accountId", email, email_folded AS "emailFolded", name, role, from_claim AS "fromClaim",
            invited_at AS "invitedAt", accepted_at AS "acceptedAt", disabled_at AS "disabledAt",
            is_last_administrator AS "isLastAdministrator", has_password AS "hasPassword",
            passkey_required AS "passkeyRequired", passkeys, identities
     FROM organisation_accounts($1, $2, $3, $4, $5)`,
    [accountId, emailFolded, words, after, limit],
  );
  return rows;
}

/** Invites an address. Returns the id of its account; undefined if the account has a role here already. */
export async function inviteAccount(tx: Tx, invitation: Invitation): Promise<string | undefined> {
  const { rows } = await tx.query<{ accountId: string | null }>(
    'SELECT invite_account($1, $2, $3, $4, $5, $6, $7, $8) AS "accountId"',
    [
      invitation.newAccountId,
      invitation.email,
      invitation.emailFolded,
      invitation.name,
      invitation.role,
      invitation.at,
      invitation.linkHash,
      invitation.linkExpiresAt,
    ],
  );
  return rows[0]?.accountId ?? undefined;
}

/** How an account belongs to the organisation that the transaction has entered. Locks the account. */
export async function lockAccount(tx: Tx, accountId: string): Promise<Belonging> {
  const { rows } = await tx.query<{ belongs: Belonging }>('SELECT lock_account($1) AS belongs', [accountId]);
  return rows[0]?.belongs ?? 'unknown';
}

/**
 * Stores a new invitation for an account that is `invited`, or a link for another password for one that is `alone`. For
 * others it stores nothing.
 */
export async function renewAccountLink(
  tx: Tx,
  accountId: string,
  link: { hash: Buffer; invitedUntil: Date; resetUntil: Date },
): Promise<Belonging> {
  const { rows } = await tx.query<{ belongs: Belonging }>(
    'SELECT renew_account_link($1, $2, $3, $4) AS belongs',
    [accountId, link.hash, link.invitedUntil, link.resetUntil],
  );
  return rows[0]?.belongs ?? 'unknown';
}

/** What became of the wish to change a role. `claimed`: the identity provider gives it. */
export type RoleChange = 'unknown' | 'last administrator' | 'claimed' | 'done';

/** Gives an account another role in the organisation that the transaction has entered, or with null takes it away. */
export async function changeAccountRole(
  tx: Tx,
  accountId: string,
  role: AccountRole | null,
): Promise<RoleChange> {
  const { rows } = await tx.query<{ outcome: RoleChange }>('SELECT change_account_role($1, $2) AS outcome', [
    accountId,
    role,
  ]);
  return rows[0]?.outcome ?? 'unknown';
}

/**
 * Changes an account as its own person asks; null keeps a value. Returns false if the account would require a passkey
 * and has none.
 */
export async function changeOwnAccount(
  tx: Tx,
  accountId: string,
  { name, passkeyRequired }: { name: string | null; passkeyRequired: boolean | null },
): Promise<boolean> {
  const { rows } = await tx.query<{ done: boolean }>('SELECT change_own_account($1, $2, $3) AS done', [
    accountId,
    name,
    passkeyRequired,
  ]);
  return rows[0]?.done ?? false;
}

/** An account with all its roles, as the operator sees it. */
export interface AccountWithRoles {
  accountId: string;
  email: string;
  name: string | null;
  createdAt: Date;
  disabledAt: Date | null;
  hasPassword: boolean;
  passkeys: number;
  identities: number;
  /** A role for each invitation, and for each identity with a claim. */
  roles: { tenantId: string; organisation: string; role: AccountRole; isAccepted: boolean }[];
}

/** All accounts, or the one with this folded address, by address. Owner only. */
export async function listAllAccounts(
  tx: Tx,
  emailFolded: string | null = null,
): Promise<AccountWithRoles[]> {
  const { rows } = await tx.query<AccountWithRoles>(
    `SELECT a.account_id AS "accountId", a.email, a.name, a.created_at AS "createdAt", a.disabled_at AS "disabledAt",
            a.password_hash IS NOT NULL AS "hasPassword",
            (SELECT count(*)::integer FROM passkeys p WHERE p.account_id = a.account_id) AS passkeys,
            (SELECT count(*)::integer FROM account_identities i WHERE i.account_id = a.account_id) AS identities,
            coalesce((SELECT json_agg(json_build_object('tenantId', o.tenant_id, 'organisation', o.slug, 'role', r.role,
                                                        'isAccepted', r.accepted_at IS NOT NULL) ORDER BY o.slug)
                      FROM account_roles r JOIN organisations o ON o.tenant_id = r.tenant_id
                      WHERE r.account_id = a.account_id), '[]') AS roles
     FROM accounts a WHERE $1::text IS NULL OR a.email_folded = $1 ORDER BY a.email_folded`,
    [emailFolded],
  );
  return rows;
}

/** Locks the account with this folded address, if there is one, to the end of the transaction. Owner only. */
export async function lockAddress(tx: Tx, emailFolded: string): Promise<void> {
  await tx.query('SELECT FROM accounts WHERE email_folded = $1 FOR UPDATE', [emailFolded]);
}

/** What an account has lost, and what it keeps, when it starts over. */
export interface StartOver {
  identities: number;
  passkeys: number;
  /** Slugs of organisations whose administrator it stays, because they have no other one. */
  kept: string[];
}

/**
 * Takes all ways to sign in from a locked account: the password, identities, passkeys, sessions and open links that sign
 * in. A role of the last administrator that came from a claim then belongs to the account itself. Owner only.
 */
export async function startOver(tx: Tx, accountId: string, at: Date): Promise<StartOver> {
  const { rows: kept } = await tx.query<{ slug: string }>(
    `WITH kept AS (
       INSERT INTO account_roles AS r (account_id, tenant_id, role, invited_at, accepted_at)
       SELECT $1::uuid, t.tenant_id, 'administrator', $2::timestamptz, $2
       FROM last_administrator_by_claim($1, NULL) AS t (tenant_id)
       ON CONFLICT (account_id, tenant_id, holder_id)
       DO UPDATE SET role = excluded.role, accepted_at = coalesce(r.accepted_at, excluded.accepted_at)
       RETURNING r.tenant_id)
     SELECT o.slug FROM kept k JOIN organisations o ON o.tenant_id = k.tenant_id ORDER BY o.slug`,
    [accountId, at],
  );
  const { rows } = await tx.query<{ lost: Omit<StartOver, 'kept'> }>(
    'SELECT start_over($1, NULL, $2) AS lost',
    [accountId, at],
  );
  const { identities = 0, passkeys = 0 } = rows[0]?.lost ?? {};
  return { identities, passkeys, kept: kept.map(({ slug }) => slug) };
}

/** Stores a link of an account. An invitation takes the place of earlier ones of its organisation. Owner only. */
export async function insertLink(
  tx: Tx,
  link: { tokenHash: Buffer; accountId: string; expiresAt: Date } & (
    | { kind: Exclude<LinkKind, 'invitation'> }
    | { kind: 'invitation'; tenantId: string }
  ),
): Promise<void> {
  const tenantId = link.kind === 'invitation' ? link.tenantId : null;
  if (tenantId !== null) {
    await tx.query('DELETE FROM sign_in_links WHERE account_id = $1 AND tenant_id = $2 AND used_at IS NULL', [
      link.accountId,
      tenantId,
    ]);
  }
  await tx.query(
    'INSERT INTO sign_in_links (token_hash, account_id, kind, tenant_id, expires_at) VALUES ($1, $2, $3, $4, $5)',
    [link.tokenHash, link.accountId, link.kind, tenantId, link.expiresAt],
  );
}

/** Inserts an account that has accepted a role already, unless its address has an account. Owner only. */
export async function insertMember(
  tx: Tx,
  member: {
    accountId: string;
    email: string;
    emailFolded: string;
    name: string;
    tenantId: string;
    role: AccountRole;
    at: Date;
  },
): Promise<void> {
  const { accountId, email, emailFolded, name, tenantId, role, at } = member;
  await tx.query(
    `INSERT INTO accounts (account_id, email, email_folded, name, created_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (email_folded) DO NOTHING`,
    [accountId, email, emailFolded, name, at],
  );
  await tx.query(
    `INSERT INTO account_roles (account_id, tenant_id, role, invited_at, accepted_at)
     SELECT account_id, $2, $3, $4, $4 FROM accounts a
     WHERE email_folded = $1
       AND NOT EXISTS (SELECT FROM account_roles r WHERE r.account_id = a.account_id AND r.tenant_id = $2)
     ON CONFLICT DO NOTHING`,
    [emailFolded, tenantId, role, at],
  );
}

/** Disables an account and ends its sessions, or enables it again. Owner only. */
export async function setDisabled(tx: Tx, accountId: string, disabledAt: Date | null): Promise<void> {
  await tx.query('UPDATE accounts SET disabled_at = $2 WHERE account_id = $1', [accountId, disabledAt]);
  await tx.query('DELETE FROM sessions WHERE account_id = $1', [accountId]);
}

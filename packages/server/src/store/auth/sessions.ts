import type { Tx } from '../connections/db.ts';
import type { PreparedStatement } from '../connections/pipeline.ts';
import type { AccountRole } from './account-roles.ts';
import type { JsonOf } from './json-row.ts';

/** How a person proved an account when the session began. */
export const SESSION_METHODS = ['password', 'link', 'openid', 'passkey'] as const;
export type SessionMethod = (typeof SESSION_METHODS)[number];

/** A role of an account in an organisation, with what people see of the organisation. */
export interface Membership {
  tenantId: string;
  slug: string;
  name: string;
  /** IANA name. */
  timeZone: string;
  role: AccountRole;
}

/** A session with its account, and the organisations whose invitations the account has accepted. */
export interface SessionRow {
  sessionId: string;
  method: SessionMethod;
  createdAt: Date;
  lastUsedAt: Date;
  /** The identity with which the session began. Null for other methods, and after the identity was disconnected. */
  identityId: string | null;
  /** When the person has proved the account. Null if the identity provider may have remembered an older sign-in. */
  provenAt: Date | null;
  accountId: string;
  email: string;
  emailFolded: string;
  name: string | null;
  hasPassword: boolean;
  /** Whether a password or a link is not enough without a passkey. */
  passkeyRequired: boolean;
  /** Roles of a claim count only in the sessions of the identity that brought them. */
  organisations: Membership[];
}

/** A session as its own account's list shows it. */
export interface ListedSession {
  sessionId: string;
  method: SessionMethod;
  createdAt: Date;
  lastUsedAt: Date;
  address: string;
  userAgent: string | null;
}

/** Statements for a pipeline that find a session by the SHA-256 of its token. Pass the last answer to `readSession`. */
export function sessionLookUp(tokenHash: Buffer): [PreparedStatement] {
  return [
    {
      name: 'look up session',
      text: 'SELECT session FROM look_up_session($1) AS session',
      values: [tokenHash],
    },
  ];
}

/** The session in the answer of a look-up; undefined if there is none, or if its account is disabled. */
export function readSession(answer: string | undefined): SessionRow | undefined {
  if (answer === undefined) return undefined;
  const row = JSON.parse(answer) as Omit<JsonOf<SessionRow>, 'organisations'> &
    Pick<SessionRow, 'organisations'>;
  return {
    ...row,
    createdAt: new Date(row.createdAt),
    lastUsedAt: new Date(row.lastUsedAt),
    provenAt: row.provenAt === null ? null : new Date(row.provenAt),
  };
}

/** Locks the account of a session to the end of the transaction. Returns false if the session has ended. */
export async function lockSession(
  tx: Tx,
  { accountId, sessionId }: Pick<SessionRow, 'accountId' | 'sessionId'>,
): Promise<boolean> {
  const { rows } = await tx.query<{ open: boolean }>('SELECT lock_session($1, $2) AS open', [
    accountId,
    sessionId,
  ]);
  return rows[0]?.open ?? false;
}

/** Stores when a session was last used. A later time that another replica has stored stays. */
export async function touchSession(tx: Tx, sessionId: string, usedAt: Date): Promise<void> {
  await tx.query('SELECT touch_session($1, $2)', [sessionId, usedAt]);
}

/** The sessions of an account, the newest first. Some may be over by their age. */
export async function listSessions(tx: Tx, accountId: string): Promise<ListedSession[]> {
  const { rows } = await tx.query<ListedSession>(
    `SELECT session_id AS "sessionId", method, created_at AS "createdAt", last_used_at AS "lastUsedAt", address,
            user_agent AS "userAgent"
     FROM sessions_of_account($1)`,
    [accountId],
  );
  return rows;
}

/** Ends one session of an account, or with null all of them. Returns how many it ended. */
export async function endSessions(tx: Tx, accountId: string, sessionId: string | null): Promise<number> {
  const { rows } = await tx.query<{ ended: number }>('SELECT end_sessions($1, $2) AS ended', [
    accountId,
    sessionId,
  ]);
  return rows[0]?.ended ?? 0;
}

/** Ends the sessions of all accounts, and makes all open links useless. Owner only. */
export async function endAllSessions(tx: Tx): Promise<void> {
  await tx.query('DELETE FROM sessions');
  await tx.query('DELETE FROM sign_in_links');
}

/** Deletes what no request can use any more; returns the number of deleted rows. The instants are the oldest kept. */
export async function pruneSignIns(
  tx: Tx,
  oldest: { createdAt: Date; usedAt: Date; linkExpiresAt: Date; signedInAt: Date; failedAt: Date },
): Promise<number> {
  const { rows } = await tx.query<{ pruned: number }>('SELECT prune_sign_ins($1, $2, $3, $4, $5) AS pruned', [
    oldest.createdAt,
    oldest.usedAt,
    oldest.linkExpiresAt,
    oldest.signedInAt,
    oldest.failedAt,
  ]);
  return rows[0]?.pruned ?? 0;
}

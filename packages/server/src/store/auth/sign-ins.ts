import type { Tx } from '../connections/db.ts';
import type { PreparedStatement } from '../connections/pipeline.ts';
import type { LinkKind } from './accounts.ts';
import type { SessionMethod } from './sessions.ts';

/** How many failures one counter allows, and how long it makes people wait beyond them. */
export interface FailureLimit {
  /** Failures without a wait. The first one beyond them waits a second, each further one twice as long. */
  free: number;
  longestS: number;
}

/** The rules by which failures slow down later attempts. */
export interface FailureRules {
  /** Failures for an account from a network that the account knows. */
  pair: FailureLimit;
  /** Failures for an account from all networks that it does not know. */
  account: FailureLimit;
  /** Failures of a network for all accounts that do not know it. */
  network: FailureLimit;
  /** After this time without a failure, a counter starts again. */
  forgetS: number;
  /** An account knows a network for this time after a sign-in from there. */
  knownS: number;
}

/** A counted attempt, for the call that takes it back. */
export interface Attempt {
  isKnown: boolean;
  /** As they were before the attempt. */
  counters: { counterId: string; failures: number; lastFailedAt: string }[];
}

/** The answer to an attempt: a wait, or the account whose password must now be verified; null for an unknown address. */
export type BegunSignIn =
  | { retryAfterS: number }
  | {
      attempt: Attempt;
      account: { accountId: string; passwordHash: string | null; isDisabled: boolean } | null;
    };

/** A session to store. */
export interface NewSession {
  sessionId: string;
  /** SHA-256 of the token. */
  tokenHash: Buffer;
  method: SessionMethod;
  at: Date;
  /** When the person signed in, for a session that goes on under another token. Null: now. */
  createdAt: Date | null;
  /** When the person has proved the account. Null if nobody knows. */
  provenAt: Date | null;
  /** The identity with which the session begins. Null for other methods. */
  identityId: string | null;
  address: string;
  userAgent: string | null;
  network: string;
}

/** A link that can be redeemed now. */
export interface OpenLink {
  kind: LinkKind;
  accountId: string;
  email: string;
  emailFolded: string;
  passwordHash: string | null;
  /** Whether the account has accepted a role in any organisation. */
  belongsSomewhere: boolean;
}

/** Counts an attempt for an address from a network, unless it must wait. See `begin_sign_in` of the migration. */
export async function beginSignIn(
  tx: Tx,
  { emailFolded, network, at }: { emailFolded: string; network: string; at: Date },
  rules: FailureRules,
): Promise<BegunSignIn> {
  const { rows } = await tx.query<{ begun: BegunSignIn }>('SELECT begin_sign_in($1, $2, $3, $4) AS begun', [
    emailFolded,
    network,
    at,
    JSON.stringify(rules),
  ]);
  const [row] = rows;
  if (!row) throw new Error('The function begin_sign_in returned no row.');
  return row.begun;
}

/** Takes back a counted attempt that has succeeded. Calls that begin a session do so themselves. */
export async function settleSignIn(tx: Tx, attempt: Attempt): Promise<void> {
  await tx.query('SELECT settle_sign_in($1)', [JSON.stringify(attempt)]);
}

/** Takes back a counted attempt that was no failure, although no session begins. Failures before it still count. */
export async function takeBackSignIn(tx: Tx, attempt: Attempt): Promise<void> {
  await tx.query('SELECT take_back_sign_in($1)', [JSON.stringify(attempt)]);
}

/**
 * Starts a session for a password that was just verified. Ends the session with the hash `replaced`. Returns false if
 * the account or its password has changed since.
 */
export async function beginSession(
  tx: Tx,
  begun: {
    accountId: string;
    verifiedHash: string;
    session: NewSession;
    attempt: Attempt;
    replaced: Buffer | null;
  },
): Promise<boolean> {
  const { accountId, verifiedHash, session, attempt, replaced } = begun;
  return isDone(tx, 'SELECT begin_session($1, $2, $3, $4, $5) AS done', [
    accountId,
    verifiedHash,
    sessionJson(session),
    JSON.stringify(attempt),
    replaced,
  ]);
}

/**
 * Starts a session for an account that a passkey or an identity provider has proved. Ends the session with the hash
 * `replaced`. Returns false if the account is gone or disabled, or if the identity was disconnected meanwhile.
 */
export async function beginProvenSession(
  tx: Tx,
  begun: { accountId: string; session: NewSession; attempt: Attempt | null; replaced: Buffer | null },
): Promise<boolean> {
  const { accountId, session, attempt, replaced } = begun;
  return isDone(tx, 'SELECT begin_proven_session($1, $2, $3, $4) AS done', [
    accountId,
    sessionJson(session),
    attempt === null ? null : JSON.stringify(attempt),
    replaced,
  ]);
}

/** Notes the SHA-256 of a challenge as answered. Returns false if it was answered before. */
export async function spendChallenge(tx: Tx, challengeHash: Buffer, expiresAt: Date): Promise<boolean> {
  return isDone(tx, 'SELECT spend_challenge($1, $2) AS done', [challengeHash, expiresAt]);
}

/**
 * Stores a new password in place of the verified one, and gives the session another token. All other sessions end.
 * Returns false if the session has ended, or the password has changed since.
 */
export async function changePassword(
  tx: Tx,
  change: {
    accountId: string;
    verifiedHash: string;
    newHash: string;
    at: Date;
    sessionId: string;
    newTokenHash: Buffer;
    attempt: Attempt;
  },
): Promise<boolean> {
  return isDone(tx, 'SELECT change_password($1, $2, $3, $4, $5, $6, $7) AS done', [
    change.accountId,
    change.verifiedHash,
    change.newHash,
    change.at,
    change.sessionId,
    change.newTokenHash,
    JSON.stringify(change.attempt),
  ]);
}

/** A statement for a pipeline that finds a link that can be redeemed at `at`, by the SHA-256 of its token. */
export function openLinkLookUp(tokenHash: Buffer, at: Date): [PreparedStatement] {
  return [
    {
      name: 'look up sign-in link',
      text: 'SELECT link FROM open_sign_in_link($1, $2) AS link',
      values: [tokenHash, at.toISOString()],
    },
  ];
}

/** The link in the answer; undefined if it is unknown, used or expired, or if its account is disabled. */
export function readOpenLink(answer: string | undefined): OpenLink | undefined {
  return answer === undefined ? undefined : (JSON.parse(answer) as OpenLink);
}

/**
 * What became of the wish to redeem a link. `unknown`: the link cannot be redeemed, or the account has changed since the
 * link was read. `last administrator`: with its identities, the account would lose the role of the last administrator.
 */
export type Redemption = 'done' | 'unknown' | 'last administrator';

/**
 * Uses a link up and starts a session. Of two calls at a time, one wins. A link that sets a password leaves the account
 * only the way to sign in by which it is redeemed. See the migration.
 */
export async function redeemLink(
  tx: Tx,
  redemption: {
    tokenHash: Buffer;
    at: Date;
    link: OpenLink;
    /** Null keeps the password. A link that sets a password then takes it away. */
    newHash: string | null;
    /** Null keeps the name. */
    newName: string | null;
    session: NewSession;
    attempt: Attempt | null;
    replaced: Buffer | null;
  },
): Promise<Redemption> {
  const { tokenHash, at, link, newHash, newName, session, attempt, replaced } = redemption;
  const { rows } = await tx.query<{ outcome: Redemption }>(
    'SELECT redeem_sign_in_link($1, $2, $3, $4, $5, $6, $7, $8, $9) AS outcome',
    [
      tokenHash,
      at,
      link.passwordHash,
      link.belongsSomewhere,
      newHash,
      newName,
      sessionJson(session),
      attempt === null ? null : JSON.stringify(attempt),
      replaced,
    ],
  );
  return rows[0]?.outcome ?? 'unknown';
}

async function isDone(tx: Tx, text: string, values: unknown[]): Promise<boolean> {
  const { rows } = await tx.query<{ done: boolean }>(text, values);
  return rows[0]?.done ?? false;
}

/** A session for the function `insert_session` of the migration. */
export function sessionJson(session: NewSession): string {
  return JSON.stringify({ ...session, tokenHash: `\\x${session.tokenHash.toString('hex')}` });
}

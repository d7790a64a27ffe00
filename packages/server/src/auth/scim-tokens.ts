import { createHash } from 'node:crypto';
import { type ScimTokenRow, touchScimToken } from '../store/auth/scim-tokens.ts';
import type { Database } from '../store/connections/db.ts';
import type { CredentialLookUps } from './credential-look-ups.ts';
import { generateSecret } from './secrets.ts';

/**
 * The prefix of every SCIM token. It distinguishes the token from an access token, and makes a leaked one easy to find.
 */
const PREFIX = 'rcs_';
/** The server writes the last use at most this often. */
const LAST_USED_STEP_MS = 60_000;

/** A new token: the prefix and 256 random bits. */
export function generateScimToken(): string {
  return PREFIX + generateSecret();
}

/** Whether a Bearer token is of the kind that only `/scim/v2` takes. */
export function isScimToken(token: string): boolean {
  return token.startsWith(PREFIX);
}

/** The server stores only this hash of a token. */
export function hashScimToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

interface Deps {
  lookUps: CredentialLookUps;
  database: Database;
  clock: () => number;
}

/**
 * The stored token; undefined if it may not be used now. It asks the database every time: identity providers call
 * seldom, and every replica refuses a revoked token at once. Throws `StoreUnavailableError`.
 */
export async function proveScimToken(
  token: string,
  { lookUps, database, clock }: Deps,
): Promise<ScimTokenRow | undefined> {
  const nowMs = clock();
  const row = await lookUps.scimToken(hashScimToken(token));
  if (!row || row.revokedAt || (row.expiresAt && row.expiresAt.getTime() <= nowMs)) return undefined;
  if (nowMs - (row.lastUsedAt?.getTime() ?? 0) >= LAST_USED_STEP_MS) {
    await database.inTenant(row.tenantId, (tx) => touchScimToken(tx, row, new Date(nowMs)));
  }
  return row;
}

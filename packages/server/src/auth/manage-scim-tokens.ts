import { randomUUID } from 'node:crypto';
import { addOperatorEntry } from '../http/audit/operator.ts';
import { lockAndCountActive } from '../store/auth/credentials.ts';
import {
  insertScimToken,
  listScimTokens,
  revokeScimToken,
  type ScimTokenRow,
} from '../store/auth/scim-tokens.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { parseGuid } from '../store/values/guid.ts';
import { allOf } from './all-pages.ts';
import { checkName, KeyError, TooManyError } from './manage-keys.ts';
import { generateScimToken, hashScimToken } from './scim-tokens.ts';

/** The most SCIM tokens of an organisation that can be used at a time. Each identity provider needs one. */
export const MOST_ACTIVE_TOKENS = 100;

export interface NewScimToken {
  tenantId: string;
  name: string;
  expiresAt?: Date | undefined;
}

/** A token with its secret text. No other call returns that text. */
export interface ShownScimToken {
  tokenId: string;
  token: string;
  name: string;
  expiresAt: Date | null;
}

interface Deps {
  /** Connects as the owner. */
  owner: Database;
  clock: () => number;
}

/** Creates a token for an identity provider. Throws `KeyError`. */
export function createScimToken(token: NewScimToken, { owner, clock }: Deps): Promise<ShownScimToken> {
  return owner.inTenant(token.tenantId, async (tx) => {
    const shown = await addScimToken(tx, token, clock());
    const targets = [{ kind: 'scim-token', reference: shown.tokenId, name: token.name }] as const;
    const about = { tenantId: token.tenantId, targets, metadata: {}, atMs: clock() };
    await addOperatorEntry(tx, 'scim-token.created', about);
    return shown;
  });
}

/** As `createScimToken`, in a transaction that has entered the token's organisation. */
export async function addScimToken(
  tx: Tx,
  { tenantId, name, expiresAt }: NewScimToken,
  nowMs: number,
): Promise<ShownScimToken> {
  checkName('token', name);
  if ((await lockAndCountActive(tx, 'scim_tokens', tenantId, new Date(nowMs))) >= MOST_ACTIVE_TOKENS) {
    throw new TooManyError(
      `The organisation has ${MOST_ACTIVE_TOKENS} active SCIM tokens, which is the most; revoke one that is not needed.`,
    );
  }
  const token = generateScimToken();
  const row = {
    tenantId,
    tokenId: randomUUID(),
    name,
    tokenHash: hashScimToken(token),
    createdAt: new Date(nowMs),
    expiresAt: expiresAt ?? null,
  };
  await insertScimToken(tx, row);
  return { tokenId: row.tokenId, token, name, expiresAt: row.expiresAt };
}

/** All tokens of an organisation, without their secret texts, the oldest first. */
export async function scimTokensOf(tenantId: string, owner: Database): Promise<ScimTokenRow[]> {
  const rows = await allOf((page) => owner.inTenant(tenantId, (tx) => listScimTokens(tx, tenantId, page)), {
    idOf: ({ tokenId }) => tokenId,
  });
  return rows.reverse();
}

/** Revokes a token, at once and permanently. Throws `KeyError` if the organisation has no token with this id. */
export async function revokeToken(tenantId: string, tokenId: string, { owner, clock }: Deps): Promise<void> {
  const guid = parseGuid(tokenId);
  const found =
    guid !== undefined &&
    (await owner.inTenant(tenantId, async (tx) => {
      const isRevoked = await revokeScimToken(tx, tenantId, guid, new Date(clock()));
      const about = { tenantId, targets: [{ kind: 'scim-token', reference: guid }] as const, metadata: {} };
      if (isRevoked) await addOperatorEntry(tx, 'scim-token.revoked', { ...about, atMs: clock() });
      return isRevoked;
    }));
  if (!found) throw new KeyError(`There is no SCIM token with the id ${tokenId}.`);
}

import { randomUUID } from 'node:crypto';
import {
  insertScimToken,
  listScimTokens,
  revokeScimToken,
  type ScimTokenRow,
} from '../store/auth/scim-tokens.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { parseGuid } from '../store/values/guid.ts';
import { checkName, KeyError } from './manage-keys.ts';
import { generateScimToken, hashScimToken } from './scim-tokens.ts';

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
  return owner.inTenant(token.tenantId, (tx) => addScimToken(tx, token, clock()));
}

/** As `createScimToken`, in a transaction that has entered the token's organisation. */
export async function addScimToken(
  tx: Tx,
  { tenantId, name, expiresAt }: NewScimToken,
  nowMs: number,
): Promise<ShownScimToken> {
  checkName('token', name);
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

/** All tokens of an organisation, without their secret texts. */
export function scimTokensOf(tenantId: string, owner: Database): Promise<ScimTokenRow[]> {
  return owner.inTenant(tenantId, (tx) => listScimTokens(tx, tenantId));
}

/** Revokes a token, at once and permanently. Throws `KeyError` if the organisation has no token with this id. */
export async function revokeToken(tenantId: string, tokenId: string, { owner, clock }: Deps): Promise<void> {
  const guid = parseGuid(tokenId);
  const found =
    guid !== undefined &&
    (await owner.inTenant(tenantId, (tx) => revokeScimToken(tx, tenantId, guid, new Date(clock()))));
  if (!found) throw new KeyError(`There is no SCIM token with the id ${tokenId}.`);
}

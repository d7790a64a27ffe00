import type { Tx } from '../connections/db.ts';
import type { PreparedStatement } from '../connections/pipeline.ts';
import { type CredentialPage, hasState } from './credentials.ts';
import { instant, type JsonOf } from './json-row.ts';

/** A SCIM token. The database keeps only the SHA-256 of the token's text. */
export interface ScimTokenRow {
  tenantId: string;
  tokenId: string;
  name: string;
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
}

const COLUMNS = `tenant_id AS "tenantId", token_id AS "tokenId", name, created_at AS "createdAt",
  expires_at AS "expiresAt", revoked_at AS "revokedAt", last_used_at AS "lastUsedAt"`;

/**
 * Statements for a pipeline that find a token by its hash. If there is one, the transaction enters the
 * token's organisation. Pass the answer of the second statement to `readScimToken`.
 */
export function scimTokenLookUp(tokenHash: Buffer): [PreparedStatement, PreparedStatement] {
  return [
    {
      name: 'enter tenant of scim token',
      text: `SELECT set_config('rollcall.tenant_id', coalesce(tenant_of_scim_token($1)::text, ''), true)`,
      values: [tokenHash],
    },
    {
      name: 'look up scim token',
      text: `SELECT to_jsonb(t) FROM (
               SELECT ${COLUMNS} FROM scim_tokens WHERE tenant_id = current_tenant_id() AND token_hash = $1) AS t`,
      values: [tokenHash],
    },
  ];
}

/** The token in the answer of a look-up; undefined if there is none. */
export function readScimToken(answer: string | undefined): ScimTokenRow | undefined {
  if (answer === undefined) return undefined;
  const row = JSON.parse(answer) as JsonOf<ScimTokenRow>;
  return {
    ...row,
    createdAt: new Date(row.createdAt),
    expiresAt: instant(row.expiresAt),
    revokedAt: instant(row.revokedAt),
    lastUsedAt: instant(row.lastUsedAt),
  };
}

/** Inserts a token of the organisation that the transaction has entered. */
export async function insertScimToken(
  tx: Tx,
  token: Omit<ScimTokenRow, 'revokedAt' | 'lastUsedAt'> & { tokenHash: Buffer },
): Promise<void> {
  const { tenantId, tokenHash } = token;
  await tx.query('SELECT index_scim_token($1)', [tokenHash]);
  await tx.query(
    `INSERT INTO scim_tokens (tenant_id, token_id, name, token_hash, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [tenantId, token.tokenId, token.name, tokenHash, token.createdAt, token.expiresAt],
  );
}

/** A page of the tokens of an organisation, the newest first. */
export async function listScimTokens(
  tx: Tx,
  tenantId: string,
  { state, after, limit }: CredentialPage,
): Promise<ScimTokenRow[]> {
  const { rows } = await tx.query<ScimTokenRow>(
    `SELECT ${COLUMNS} FROM scim_tokens
     WHERE tenant_id = $1 AND ${hasState('$6', '$2')}
       AND ($3::timestamptz IS NULL OR (created_at, token_id::text) < ($3, $4::text))
     ORDER BY created_at DESC, token_id::text DESC LIMIT $5`,
    [tenantId, state?.at ?? null, after?.at ?? null, after?.id ?? null, limit, state?.isActive ?? null],
  );
  return rows;
}

/**
 * Revokes a token. A token that is revoked already keeps the time of its first revocation. Returns false if
 * there is no token with this id.
 */
export async function revokeScimToken(tx: Tx, tenantId: string, tokenId: string, at: Date): Promise<boolean> {
  const { rowCount } = await tx.query(
    'UPDATE scim_tokens SET revoked_at = coalesce(revoked_at, $3) WHERE tenant_id = $1 AND token_id = $2',
    [tenantId, tokenId, at],
  );
  return rowCount === 1;
}

/** Stores when a token was last used. A later time that another replica has stored stays. */
export async function touchScimToken(tx: Tx, token: ScimTokenRow, usedAt: Date): Promise<void> {
  await tx.query(
    `UPDATE scim_tokens SET last_used_at = greatest(last_used_at, $3) WHERE tenant_id = $1 AND token_id = $2`,
    [token.tenantId, token.tokenId, usedAt],
  );
}

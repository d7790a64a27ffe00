import type { Tx } from '../connections/db.ts';

/** Selects a page of the keys or SCIM tokens of an organisation, the newest first. */
export interface CredentialPage {
  /** Only those that can be used at this instant, or only those that cannot. */
  state?: { isActive: boolean; at: Date } | undefined;
  /** When the last one of the page before was created, and its id; undefined for the first page. */
  after?: { at: Date; id: string } | undefined;
  limit: number;
}

/** SQL: whether the state of a key or a SCIM token is the one of a page. The parameters are `state`'s. */
export function hasState(isActiveParameter: string, at: string): string {
  return `(${isActiveParameter}::boolean IS NULL OR (${isActive(at)}) = ${isActiveParameter})`;
}

/** SQL: whether a key or a SCIM token can be used at an instant. */
export function isActive(at: string): string {
  return `revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ${at}::timestamptz)`;
}

/**
 * How many keys or SCIM tokens of an organisation can be used at `at`. Other transactions that count them wait until this
 * one ends, so that all of them together keep a limit.
 */
export async function lockAndCountActive(
  tx: Tx,
  table: 'api_keys' | 'scim_tokens',
  tenantId: string,
  at: Date,
): Promise<number> {
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`rollcall ${table} ${tenantId}`]);
  const { rows } = await tx.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM ${table} WHERE tenant_id = $1 AND ${isActive('$2')}`,
    [tenantId, at],
  );
  return rows[0]?.count ?? 0;
}

import { readRows } from '../connections/cursor.ts';
import { type Tx, types } from '../connections/db.ts';
import type { ErasedRows } from './erasures.ts';

/** A refused event with all texts that may name somebody. */
export interface RefusedRow {
  /** ISO 8601 with all digits that the database has. With `refusalId`, the key. */
  refusedAt: string;
  refusalId: string;
  endpoint: string;
  sourceId: string | null;
  eventId: string | null;
  reason: string;
  /** JSON, which may be cut off. */
  event: string | null;
}

/** Few enough that to parse them in the thread of the server takes some milliseconds. */
const ROWS_PER_READ = 100;

/** Yields the refused events of an organisation, in batches: all, or those of one endpoint. */
export function readRefusedRows(
  tx: Tx,
  tenantId: string,
  endpoint: string | null = null,
): AsyncGenerator<RefusedRow[], void> {
  return readRows<RefusedRow>(
    tx,
    types,
    `SELECT refused_at AS "refusedAt", refusal_id AS "refusalId", endpoint, source_id AS "sourceId", event_id AS "eventId",
            reason, event
     FROM refused_events WHERE tenant_id = $1 AND ($2::text IS NULL OR endpoint = $2)`,
    [tenantId, endpoint],
    ROWS_PER_READ,
  );
}

/** Deletes refused events. Returns their number. */
export async function deleteRefusedRows(
  tx: Tx,
  tenantId: string,
  refused: readonly Pick<RefusedRow, 'refusedAt' | 'refusalId'>[],
): Promise<number> {
  if (refused.length === 0) return 0;
  const { rowCount } = await tx.query(
    `DELETE FROM refused_events t USING unnest($2::timestamptz[], $3::uuid[]) AS w (refused_at, refusal_id)
     WHERE t.tenant_id = $1 AND t.refused_at = w.refused_at AND t.refusal_id = w.refusal_id`,
    [tenantId, refused.map(({ refusedAt }) => refusedAt), refused.map(({ refusalId }) => refusalId)],
  );
  return rowCount ?? 0;
}

/** Deletes the refused events that an account with one of these folded names sent, and takes the names from later tries. */
export async function clearSenders(tx: Tx, tenantId: string, names: readonly string[]): Promise<ErasedRows> {
  const { rowCount: sent } = await tx.query(
    `DELETE FROM refused_events t WHERE t.tenant_id = $1 AND t.sender = 'account' AND t.api_key_folded = ANY ($2::text[])`,
    [tenantId, names],
  );
  const { rowCount: tried } = await tx.query(
    `UPDATE refused_events t SET tried_by = NULL
     WHERE t.tenant_id = $1 AND lower(normalize(t.tried_by)) = ANY ($2::text[])`,
    [tenantId, names],
  );
  return { 'refused-events-sent': (sent ?? 0) + (tried ?? 0) };
}

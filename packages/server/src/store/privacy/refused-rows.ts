import type { Tx } from '../connections/db.ts';
import type { ErasedRows } from './erasures.ts';

/** A refused event with all texts that may name somebody. */
export interface RefusedRow {
  /** As the database writes it, with all digits. With `refusalId`, the key. */
  refusedAt: string;
  refusalId: string;
  endpoint: string;
  sourceId: string | null;
  eventId: string | null;
  reason: string;
  /** JSON, which may be cut off. */
  event: string | null;
}

/** Where the refused events of an organisation were read to. */
export type RefusedPosition = Pick<RefusedRow, 'refusedAt' | 'refusalId'>;

/** Few enough that to parse them in the thread of the server takes some milliseconds. */
const SLICE_ROWS = 100;

/**
 * A slice of the refused events of an organisation after a position: of all, or of one endpoint. `next` is the position of the next
 * slice, undefined after the last one.
 */
export async function readRefusedSlice(
  tx: Tx,
  tenantId: string,
  { after, endpoint }: { after: RefusedPosition | undefined; endpoint?: string },
): Promise<{ rows: RefusedRow[]; next: RefusedPosition | undefined }> {
  const { rows } = await tx.query<RefusedRow>(
    `SELECT refused_at::text AS "refusedAt", refusal_id AS "refusalId", endpoint, source_id AS "sourceId", event_id AS "eventId",
            reason, event
     FROM refused_events WHERE tenant_id = $1 AND (refused_at, refusal_id) > ($2::timestamptz, $3::uuid)
       AND ($4::text IS NULL OR endpoint = $4)
     ORDER BY refused_at, refusal_id LIMIT ${SLICE_ROWS}`,
    [
      tenantId,
      after?.refusedAt ?? '-infinity',
      after?.refusalId ?? '00000000-0000-0000-0000-000000000000',
      endpoint ?? null,
    ],
  );
  return { rows, next: rows.length < SLICE_ROWS ? undefined : rows.at(-1) };
}

/** Deletes refused events. Returns their number. */
export async function deleteRefusedRows(
  tx: Tx,
  tenantId: string,
  refused: readonly RefusedPosition[],
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

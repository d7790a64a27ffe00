import { randomUUID } from 'node:crypto';
import { instantArray, int2Array, textArray, uuidArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import { type PreparedStatement, runStatement } from '../connections/pipeline.ts';

export interface RefusedEventRow {
  refusedAtMs: number;
  apiKeyFolded: string;
  endpoint: string;
  sourceId: string | null;
  eventId: string | null;
  /** Null where the whole request was malformed. */
  resultCode: number | null;
  reason: string;
  /** The event as JSON, shortened if it was long. */
  event: string | null;
}

/**
 * The statement that inserts refused events, if the transaction has entered their organisation. Texts must be
 * well-formed and contain no NUL.
 */
export function refusedEventsInsert(tenantId: string, rows: readonly RefusedEventRow[]): PreparedStatement {
  return {
    name: 'insert refused events',
    text: `INSERT INTO refused_events (tenant_id, refused_at, refusal_id, api_key_folded, endpoint, source_id, event_id,
                                       result_code, reason, event)
     SELECT $1::uuid, r.* FROM unnest($2::timestamptz[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[],
                                $8::smallint[], $9::text[], $10::text[]) AS r
     WHERE current_tenant_id() = $1`,
    values: [
      tenantId,
      instantArray(rows.map((row) => row.refusedAtMs * 1_000)),
      uuidArray(rows.map(() => randomUUID())),
      textArray(rows.map((row) => row.apiKeyFolded)),
      textArray(rows.map((row) => row.endpoint)),
      textArray(rows.map((row) => row.sourceId)),
      textArray(rows.map((row) => row.eventId)),
      int2Array(rows.map((row) => row.resultCode)),
      textArray(rows.map((row) => row.reason)),
      textArray(rows.map((row) => row.event)),
    ],
  };
}

/** Inserts refused events in a transaction that has entered their organisation. */
export async function insertRefusedEvents(
  tx: Tx,
  tenantId: string,
  rows: readonly RefusedEventRow[],
): Promise<void> {
  await runStatement(tx, refusedEventsInsert(tenantId, rows));
}

/**
 * Deletes the refused events of an organisation from before `before`, and all but the newest `keep`. Does
 * nothing if another transaction does the same at that time. So no batch of events waits for this job or
 * deadlocks with it.
 */
export async function trimRefusedEvents(tx: Tx, tenantId: string, before: Date, keep: number): Promise<void> {
  const { rows } = await tx.query<{ free: boolean }>(
    "SELECT pg_try_advisory_xact_lock(hashtextextended('rollcall trim ' || $1, 0)) AS free",
    [tenantId],
  );
  if (!rows[0]?.free) return;
  await tx.query('DELETE FROM refused_events WHERE tenant_id = $1 AND refused_at < $2', [tenantId, before]);
  await tx.query(
    `DELETE FROM refused_events r
     USING (SELECT refused_at, refusal_id FROM refused_events WHERE tenant_id = $1
            ORDER BY refused_at DESC, refusal_id DESC OFFSET $2 LIMIT 1) AS newest_old
     WHERE r.tenant_id = $1 AND (r.refused_at, r.refusal_id) <= (newest_old.refused_at, newest_old.refusal_id)`,
    [tenantId, keep],
  );
}

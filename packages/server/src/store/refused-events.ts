import { randomUUID } from 'node:crypto';
import type { Tx } from './db.ts';

export interface RefusedEventRow {
  sourceId: string | null;
  eventId: string | null;
  /** Null where the whole request was malformed. */
  resultCode: number | null;
  reason: string;
  /** The event as JSON, shortened where it is long. */
  event: string | null;
}

/** Keeps what was refused. Texts must be without NUL and well-formed. */
export async function insertRefusedEvents(
  tx: Tx,
  tenantId: string,
  batch: { apiKeyFolded: string; endpoint: string; refusedAt: Date; rows: RefusedEventRow[] },
): Promise<void> {
  const column = <K extends keyof RefusedEventRow>(name: K) => batch.rows.map((row) => row[name]);
  await tx.query(
    `INSERT INTO refused_events (tenant_id, refused_at, refusal_id, api_key_folded, endpoint, source_id, event_id,
                                 result_code, reason, event)
     SELECT $1, $2, r.refusal_id, $3, $4, r.source_id, r.event_id, r.result_code, r.reason, r.event
     FROM unnest($5::uuid[], $6::text[], $7::text[], $8::smallint[], $9::text[], $10::text[])
       AS r (refusal_id, source_id, event_id, result_code, reason, event)`,
    [
      tenantId,
      batch.refusedAt,
      batch.apiKeyFolded,
      batch.endpoint,
      batch.rows.map(() => randomUUID()),
      column('sourceId'),
      column('eventId'),
      column('resultCode'),
      column('reason'),
      column('event'),
    ],
  );
}

/**
 * Deletes an organisation's refused events from before `before`, and all but its newest `keep`; nothing where
 * another transaction is at it already, so that no batch of events waits for housekeeping or deadlocks with it.
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

import { randomUUID } from 'node:crypto';
import { instantArray, int2Array, textArray, uuidArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import { type PreparedStatement, runStatement } from '../connections/pipeline.ts';

/**
 * Why the server cannot try a refused event again:
 * - `tooLong`: the event is too long to be kept whole.
 * - `malformedRequest`: the whole request was malformed.
 * - `invalidSourceId`: the database cannot hold the event's `sourceId` as it was sent.
 * - `earlierRelease`: an earlier release kept the event, without its cause.
 */
export const RETRY_OBSTACLES = ['tooLong', 'malformedRequest', 'invalidSourceId', 'earlierRelease'] as const;
export type RetryObstacle = (typeof RETRY_OBSTACLES)[number];

export interface RefusedEventRow {
  refusedAtMs: number;
  /** The folded id of the key, or the folded e-mail address of the account. */
  apiKeyFolded: string;
  sender: 'key' | 'account';
  endpoint: string;
  sourceId: string | null;
  eventId: string | null;
  /** Null where the whole request was malformed. */
  resultCode: number | null;
  /** The stable name of the cause (`ingest/refusal-causes.ts`). */
  cause: string;
  reason: string;
  /** The event as JSON, shortened if it was long. */
  event: string | null;
  /** Null if the server can try the event again. */
  obstacle: RetryObstacle | null;
}

/**
 * The statement that inserts refused events, if the transaction has entered their organisation. Texts must be
 * well-formed and contain no NUL.
 */
export function refusedEventsInsert(tenantId: string, rows: readonly RefusedEventRow[]): PreparedStatement {
  const apiKeys = listed(rows.map((row) => row.apiKeyFolded));
  const endpoints = listed(rows.map((row) => row.endpoint));
  const senders = listed(rows.map((row) => row.sender));
  const causes = listed(rows.map((row) => row.cause));
  const obstacles = listed(rows.map((row) => row.obstacle));
  return {
    name: 'insert refused events',
    text: `INSERT INTO refused_events (tenant_id, refused_at, refusal_id, source_id, event_id, result_code, reason, event,
                                       api_key_folded, endpoint, sender, cause, obstacle)
     SELECT $1::uuid, r.refused_at, r.refusal_id, r.source_id, r.event_id, r.result_code, r.reason, r.event,
            ($9::text[])[r.api_key], ($11::text[])[r.endpoint], ($13::text[])[r.sender], ($15::text[])[r.cause],
            ($17::text[])[r.obstacle]
     FROM unnest($2::timestamptz[], $3::uuid[], $4::text[], $5::text[], $6::smallint[], $7::text[], $8::text[],
                 $10::smallint[], $12::smallint[], $14::smallint[], $16::smallint[], $18::smallint[])
       AS r (refused_at, refusal_id, source_id, event_id, result_code, reason, event, api_key, endpoint, sender, cause, obstacle)
     WHERE current_tenant_id() = $1`,
    values: [
      tenantId,
      instantArray(rows.map((row) => row.refusedAtMs * 1_000)),
      uuidArray(rows.map(() => randomUUID())),
      textArray(rows.map((row) => row.sourceId)),
      textArray(rows.map((row) => row.eventId)),
      int2Array(rows.map((row) => row.resultCode)),
      textArray(rows.map((row) => row.reason)),
      textArray(rows.map((row) => row.event)),
      ...[apiKeys, endpoints, senders, causes, obstacles].flatMap(({ texts, positions }) => [
        textArray(texts),
        int2Array(positions),
      ]),
    ],
  };
}

/**
 * The different texts of a column, and the position of each row's text among them, from 1. The rows of a transaction
 * have few different ones, and a position costs a tenth of a text.
 */
function listed(column: readonly (string | null)[]): { texts: string[]; positions: (number | null)[] } {
  const known = new Map<string, number>();
  const positions = column.map((text) => {
    if (text === null) return null;
    const position = known.get(text) ?? known.size + 1;
    if (position > known.size) known.set(text, position);
    return position;
  });
  return { texts: [...known.keys()], positions };
}

/** Inserts refused events in a transaction that has entered their organisation. */
export async function insertRefusedEvents(
  tx: Tx,
  tenantId: string,
  rows: readonly RefusedEventRow[],
): Promise<void> {
  await runStatement(tx, refusedEventsInsert(tenantId, rows));
}

/** What a trimming keeps of an organisation's refused events. */
export interface KeptRefusals {
  /** It keeps none from before this time. */
  before: Date;
  /** It keeps this many at most, the newest. */
  keep: number;
  /** It keeps events with this much JSON at most, the newest. Undefined if it need not sum up their bytes. */
  keptBytes: number | undefined;
}

/**
 * Deletes the refused events of an organisation that are too old or too many. Does nothing if another transaction does
 * the same at that time. So no batch of events waits for this job or deadlocks with it.
 */
export async function trimRefusedEvents(
  tx: Tx,
  tenantId: string,
  { before, keep, keptBytes }: KeptRefusals,
): Promise<void> {
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
  if (keptBytes === undefined) return;
  await tx.query(
    `DELETE FROM refused_events r
     USING (SELECT refused_at, refusal_id, sum(octet_length(event)) OVER (ORDER BY refused_at DESC, refusal_id DESC) AS total
            FROM refused_events WHERE tenant_id = $1) AS summed
     WHERE summed.total > $2 AND r.tenant_id = $1
       AND (r.refused_at, r.refusal_id) = (summed.refused_at, summed.refusal_id)`,
    [tenantId, keptBytes],
  );
}

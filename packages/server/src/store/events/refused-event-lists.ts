import type { Tx } from '../connections/db.ts';

/** A refused event, or a malformed request. */
export interface RefusedEvent {
  refusalId: string;
  refusedAt: Date;
  /** The last part of the request's path, such as `presence`. */
  endpoint: string;
  /** The folded id of the key that sent it. */
  apiKey: string;
  sourceId: string | null;
  eventId: string | null;
  /** Null where the whole request was malformed. */
  resultCode: number | null;
  reason: string;
  /** The event as JSON text, shortened if it was long. */
  event: string | null;
}

/** The refused events with one endpoint, result code and reason, counted. */
export interface RefusalReason {
  endpoint: string;
  resultCode: number | null;
  reason: string;
  count: number;
  firstRefusedAt: Date;
  lastRefusedAt: Date;
  /** The source of the last of these events. `lastEventId` is its event id. */
  lastSourceId: string | null;
  lastEventId: string | null;
}

/** Selects refused events. An undefined member selects all. */
export interface RefusedEventFilter {
  since: Date | undefined;
  endpoint: string | undefined;
  sourceId: string | undefined;
  reason: string | undefined;
}

/** The position of an event in a list with the newest first. */
export interface RefusedEventPosition {
  refusedAt: Date;
  refusalId: string;
}

const MATCHES = `tenant_id = $1 AND refused_at >= coalesce($2::timestamptz, '-infinity')
  AND ($3::text IS NULL OR endpoint = $3) AND ($4::text IS NULL OR source_id = $4)
  AND ($5::text IS NULL OR reason = $5)`;

function valuesOf(tenantId: string, { since, endpoint, sourceId, reason }: RefusedEventFilter): unknown[] {
  return [tenantId, since ?? null, endpoint ?? null, sourceId ?? null, reason ?? null];
}

/** The newest `limit` events that match. With `after`, only events after that position, which are older. */
export async function listRefusedEvents(
  tx: Tx,
  tenantId: string,
  filter: RefusedEventFilter,
  { limit, after }: { limit: number; after: RefusedEventPosition | undefined },
): Promise<RefusedEvent[]> {
  const { rows } = await tx.query<RefusedEvent>(
    `SELECT refusal_id AS "refusalId", refused_at AS "refusedAt", endpoint, api_key_folded AS "apiKey",
            source_id AS "sourceId", event_id AS "eventId", result_code AS "resultCode", reason, event
     FROM refused_events
     WHERE ${MATCHES} AND ($6::timestamptz IS NULL OR (refused_at, refusal_id) < ($6, $7::uuid))
     ORDER BY refused_at DESC, refusal_id DESC LIMIT $8`,
    [...valuesOf(tenantId, filter), after?.refusedAt ?? null, after?.refusalId ?? null, limit],
  );
  return rows;
}

/**
 * How many matching events were refused for each reason. Lists the `limit` most frequent reasons, the most
 * frequent first.
 */
export async function listRefusalReasons(
  tx: Tx,
  tenantId: string,
  filter: RefusedEventFilter,
  limit: number,
): Promise<RefusalReason[]> {
  const last = (column: string) => `(array_agg(${column} ORDER BY refused_at DESC, refusal_id DESC))[1]`;
  const { rows } = await tx.query<RefusalReason>(
    `SELECT endpoint, result_code AS "resultCode", reason, count(*) AS count, min(refused_at) AS "firstRefusedAt",
            max(refused_at) AS "lastRefusedAt", ${last('source_id')} AS "lastSourceId",
            ${last('event_id')} AS "lastEventId"
     FROM refused_events WHERE ${MATCHES}
     GROUP BY endpoint, result_code, reason
     ORDER BY count(*) DESC, max(refused_at) DESC, reason LIMIT $6`,
    [...valuesOf(tenantId, filter), limit],
  );
  return rows;
}

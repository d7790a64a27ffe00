import type { Tx } from '../connections/db.ts';
import type { TimePosition } from '../values/page.ts';
import type { RetryObstacle } from './refused-events.ts';

/** `open` is what nobody has mended yet. */
export const REFUSED_EVENT_STATES = ['open', 'mended', 'all'] as const;
export type RefusedEventState = (typeof REFUSED_EVENT_STATES)[number];

/** A refused event, or a malformed request. */
export interface RefusedEvent {
  refusalId: string;
  refusedAt: Date;
  /** The last part of the request's path, such as `presence`. */
  endpoint: string;
  /** The folded id of the key that sent it, or the folded e-mail address of the account. */
  apiKey: string;
  sourceId: string | null;
  eventId: string | null;
  /** Null where the whole request was malformed. */
  resultCode: number | null;
  /** Null if an earlier release kept the event. */
  cause: string | null;
  reason: string;
  /** The event as JSON text, shortened if it was long. */
  event: string | null;
  /** Null if the server can try the event again. */
  obstacle: RetryObstacle | null;
  /** The last try, and the key or the account that asked for it. */
  triedAt: Date | null;
  triedBy: string | null;
  /** A later try stored the event. */
  mended: boolean;
}

/** Values of a group of refused events. */
interface RefusalCounts {
  count: number;
  firstRefusedAt: Date;
  lastRefusedAt: Date;
}

/** The refused events with one endpoint, result code, cause and reason, counted. */
export interface RefusalReason extends RefusalCounts {
  endpoint: string;
  resultCode: number | null;
  cause: string | null;
  reason: string;
  /** The source of the last of these events. `lastEventId` is its event id. */
  lastSourceId: string | null;
  lastEventId: string | null;
}

/** The refused events with one cause, counted. */
export interface CountedCause extends RefusalCounts {
  cause: string | null;
  /** How many of them the server can try again. */
  retriable: number;
  endpoints: string[];
  lastReason: string;
}

/** Selects refused events. An undefined member selects all. */
export interface RefusedEventFilter {
  since?: Date | undefined;
  refusalId?: string | undefined;
  endpoint?: string | undefined;
  sourceId?: string | undefined;
  cause?: string | undefined;
  reason?: string | undefined;
  /** By default all. */
  state?: RefusedEventState | undefined;
}

/** The condition of a filter, with the parameters $1 to $8. */
export const MATCHES = `tenant_id = $1 AND refused_at >= coalesce($2::timestamptz, '-infinity')
  AND ($3::text IS NULL OR endpoint = $3) AND ($4::text IS NULL OR source_id = $4)
  AND ($5::text IS NULL OR reason = $5) AND ($6::text IS NULL OR cause = $6)
  AND ($7::uuid IS NULL OR refusal_id = $7) AND ($8::boolean IS NULL OR mended = $8)`;

/** The server can try the event again. */
export const RETRIABLE = 'NOT mended AND cause IS NOT NULL AND obstacle IS NULL AND event IS NOT NULL';

export function filterValues(tenantId: string, filter: RefusedEventFilter): unknown[] {
  const { since, endpoint, sourceId, reason, cause, refusalId, state = 'all' } = filter;
  const mended = state === 'all' ? null : state === 'mended';
  return [tenantId, since, endpoint, sourceId, reason, cause, refusalId, mended].map((each) => each ?? null);
}

/** The newest `limit` events that match. With `after`, only events after that position, which are older. */
export async function listRefusedEvents(
  tx: Tx,
  tenantId: string,
  filter: RefusedEventFilter,
  { limit, after }: { limit: number; after: TimePosition | undefined },
): Promise<RefusedEvent[]> {
  const { rows } = await tx.query<RefusedEvent>(
    `SELECT refusal_id AS "refusalId", refused_at AS "refusedAt", endpoint, api_key_folded AS "apiKey",
            source_id AS "sourceId", event_id AS "eventId", result_code AS "resultCode", cause, reason, event,
            CASE WHEN cause IS NULL THEN 'earlierRelease' ELSE obstacle END AS obstacle,
            tried_at AS "triedAt", tried_by AS "triedBy", mended
     FROM refused_events
     WHERE ${MATCHES} AND ($9::timestamptz IS NULL OR (refused_at, refusal_id) < ($9, $10::uuid))
     ORDER BY refused_at DESC, refusal_id DESC LIMIT $11`,
    [...filterValues(tenantId, filter), after?.at ?? null, after?.id ?? null, limit],
  );
  return rows;
}

const last = (column: string) => `(array_agg(${column} ORDER BY refused_at DESC, refusal_id DESC))[1]`;

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
  const { rows } = await tx.query<RefusalReason>(
    `SELECT endpoint, result_code AS "resultCode", cause, reason, count(*) AS count, min(refused_at) AS "firstRefusedAt",
            max(refused_at) AS "lastRefusedAt", ${last('source_id')} AS "lastSourceId",
            ${last('event_id')} AS "lastEventId"
     FROM refused_events WHERE ${MATCHES}
     GROUP BY endpoint, result_code, cause, reason
     ORDER BY count(*) DESC, max(refused_at) DESC, reason LIMIT $9`,
    [...filterValues(tenantId, filter), limit],
  );
  return rows;
}

/** How many matching events were refused for each cause, the most frequent first. There are few causes. */
export async function listRefusalCauses(
  tx: Tx,
  tenantId: string,
  filter: RefusedEventFilter,
): Promise<CountedCause[]> {
  const { rows } = await tx.query<CountedCause>(
    `SELECT cause, count(*) AS count, count(*) FILTER (WHERE ${RETRIABLE}) AS retriable,
            array_agg(DISTINCT endpoint) AS endpoints, min(refused_at) AS "firstRefusedAt",
            max(refused_at) AS "lastRefusedAt", ${last('reason')} AS "lastReason"
     FROM refused_events WHERE ${MATCHES}
     GROUP BY cause
     ORDER BY count(*) DESC, max(refused_at) DESC, cause`,
    filterValues(tenantId, filter),
  );
  return rows;
}

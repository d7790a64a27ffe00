import { instantArray, textArray, uuidArray } from '../connections/binary-arrays.ts';
import type { PreparedStatement } from '../connections/pipeline.ts';
import { dayOfEvent, type EventRow, inKeyOrder } from './event-order.ts';
import { lateInsert } from './late-events.ts';

/** The digest stands for sourceId, eventId, user, node and instant. */
export interface PresenceEventRow extends EventRow {
  userId: string;
  sourceUserId: string | null;
}

const COLUMNS = `tenant_id, observed_at, event_digest, day, user_id, location_id, node_id, event_id, source_id, source_user_id,
  received_at`;
const EVENTS = `unnest($2::timestamptz[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::text[],
  $10::timestamptz[])`;
const MEMBERS =
  'observed_at, event_digest, user_id, location_id, node_id, event_id, source_id, source_user_id, received_at';

/**
 * The statement that inserts presence events, if the transaction has entered their organisation. Events that
 * are stored already stay unchanged.
 */
export function presenceEventsInsert(
  tenantId: string,
  events: readonly PresenceEventRow[],
): PreparedStatement {
  return {
    name: 'insert presence events',
    text: `INSERT INTO presence_events (${COLUMNS})
     SELECT $1::uuid, e.observed_at, e.event_digest, ${dayOfEvent('$5')}, e.user_id, e.location_id, e.node_id, e.event_id,
            e.source_id, e.source_user_id, e.received_at
     FROM ${EVENTS} AS e (${MEMBERS})
     WHERE current_tenant_id() = $1
     ON CONFLICT DO NOTHING`,
    values: valuesOf(tenantId, events),
  };
}

/**
 * As `presenceEventsInsert`, for events whose names may have ended: those are stored under the pseudonyms of their users.
 * Answers the digests of the new events, as `readNewDigests` reads them.
 */
export function latePresenceInsert(tenantId: string, events: readonly PresenceEventRow[]): PreparedStatement {
  return {
    name: 'insert late presence events',
    text: lateInsert({
      events: `SELECT e.*, ${dayOfEvent('$5')} AS day FROM ${EVENTS} WITH ORDINALITY AS e (${MEMBERS}, position)
               WHERE current_tenant_id() = $1`,
      user: 'user_id',
      insert: `presence_events (${COLUMNS})
       SELECT $1::uuid, e.observed_at, coalesce(n.event_digest, e.event_digest), e.day, coalesce(n.pseudonym_id, e.user_id),
              e.location_id, e.node_id, e.event_id, e.source_id, CASE WHEN n.position IS NULL THEN e.source_user_id END,
              e.received_at`,
    }),
    values: valuesOf(tenantId, events),
  };
}

function valuesOf(tenantId: string, events: readonly PresenceEventRow[]): PreparedStatement['values'] {
  const rows = inKeyOrder(events);
  return [
    tenantId,
    instantArray(rows.map((row) => row.observedAtUs)),
    uuidArray(rows.map((row) => row.eventDigest)),
    uuidArray(rows.map((row) => row.userId)),
    uuidArray(rows.map((row) => row.locationId)),
    uuidArray(rows.map((row) => row.nodeId)),
    textArray(rows.map((row) => row.eventId)),
    textArray(rows.map((row) => row.sourceId)),
    textArray(rows.map((row) => row.sourceUserId)),
    instantArray(rows.map((row) => row.receivedAtMs * 1_000)),
  ];
}

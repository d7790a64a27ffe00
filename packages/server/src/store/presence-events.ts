import type { Tx } from './db.ts';
import { type EventKey, inKeyOrder } from './event-order.ts';

/** Its digest stands for sourceId, eventId, user, node and instant. */
export interface PresenceEventRow extends EventKey {
  userId: string;
  locationId: string;
  nodeId: string;
  /** The office's time zone, which decides the event's day. */
  timeZone: string;
  eventId: string;
  sourceUserId: string | null;
}

/** Stores presence events in one statement; those that are stored already stay as they are. */
export async function insertPresenceEvents(
  tx: Tx,
  tenantId: string,
  batch: { sourceId: string; receivedAt: Date; rows: PresenceEventRow[] },
): Promise<void> {
  const rows = inKeyOrder(batch.rows);
  const column = <K extends keyof PresenceEventRow>(name: K) => rows.map((row) => row[name]);
  await tx.query(
    `INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id,
                                  event_id, source_id, source_user_id, received_at)
     SELECT $1, e.observed_at, e.event_digest, (e.observed_at AT TIME ZONE e.time_zone)::date, e.user_id,
            e.location_id, e.node_id, e.event_id, $2, e.source_user_id, $3
     FROM unnest($4::timestamptz[], $5::uuid[], $6::uuid[], $7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::text[])
       AS e (observed_at, event_digest, user_id, location_id, node_id, time_zone, event_id, source_user_id)
     ON CONFLICT DO NOTHING`,
    [
      tenantId,
      batch.sourceId,
      batch.receivedAt,
      column('observedAt'),
      column('eventDigest'),
      column('userId'),
      column('locationId'),
      column('nodeId'),
      column('timeZone'),
      column('eventId'),
      column('sourceUserId'),
    ],
  );
}

/** Those of `events` that are of the day that their office has at `at`, by their instants, with that day. */
export async function listEventsOfToday<Event extends Pick<PresenceEventRow, 'observedAt' | 'timeZone'>>(
  tx: Tx,
  events: Event[],
  at: Date,
): Promise<(Event & { day: string })[]> {
  const { rows } = await tx.query<{ position: number; day: string }>(
    `SELECT e.position, (e.observed_at AT TIME ZONE e.time_zone)::date AS day
     FROM unnest($1::timestamptz[], $2::text[]) WITH ORDINALITY AS e (observed_at, time_zone, position)
     WHERE (e.observed_at AT TIME ZONE e.time_zone)::date = ($3::timestamptz AT TIME ZONE e.time_zone)::date
     ORDER BY e.observed_at, e.position`,
    [events.map(({ observedAt }) => observedAt), events.map(({ timeZone }) => timeZone), at],
  );
  return rows.flatMap(({ position, day }) => {
    const event = events[position - 1];
    return event ? [{ ...event, day }] : [];
  });
}

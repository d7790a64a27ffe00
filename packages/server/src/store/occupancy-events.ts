import type { Tx } from './db.ts';
import { type EventKey, inKeyOrder } from './event-order.ts';

/** Its digest stands for sourceId, eventId, node, instant and both values. */
export interface OccupancyEventRow extends EventKey {
  locationId: string;
  nodeId: string;
  /** The office's time zone, which decides the event's day. */
  timeZone: string;
  occupied: boolean;
  occupancy: number | null;
  eventId: string;
}

/** Stores occupancy events in one statement; those that are stored already stay as they are. */
export async function insertOccupancyEvents(
  tx: Tx,
  tenantId: string,
  batch: { sourceId: string; receivedAt: Date; rows: OccupancyEventRow[] },
): Promise<void> {
  const rows = inKeyOrder(batch.rows);
  const column = <K extends keyof OccupancyEventRow>(name: K) => rows.map((row) => row[name]);
  await tx.query(
    `INSERT INTO occupancy_events (tenant_id, observed_at, event_digest, day, location_id, node_id, occupied,
                                   occupancy, event_id, source_id, received_at)
     SELECT $1, e.observed_at, e.event_digest, (e.observed_at AT TIME ZONE e.time_zone)::date, e.location_id,
            e.node_id, e.occupied, e.occupancy, e.event_id, $2, $3
     FROM unnest($4::timestamptz[], $5::uuid[], $6::uuid[], $7::uuid[], $8::text[], $9::boolean[], $10::float8[],
                 $11::text[])
       AS e (observed_at, event_digest, location_id, node_id, time_zone, occupied, occupancy, event_id)
     ON CONFLICT DO NOTHING`,
    [
      tenantId,
      batch.sourceId,
      batch.receivedAt,
      column('observedAt'),
      column('eventDigest'),
      column('locationId'),
      column('nodeId'),
      column('timeZone'),
      column('occupied'),
      column('occupancy'),
      column('eventId'),
    ],
  );
}

import {
  booleanArray,
  float8Array,
  instantArray,
  textArray,
  uuidArray,
} from '../connections/binary-arrays.ts';
import type { PreparedStatement } from '../connections/pipeline.ts';
import { dayOfEvent, type EventRow, inKeyOrder } from './event-order.ts';

/** The digest stands for sourceId, eventId, node, instant, `occupied` and `occupancy`. */
export interface OccupancyEventRow extends EventRow {
  occupied: boolean;
  occupancy: number | null;
}

/**
 * The statement that inserts occupancy events, if the transaction has entered their organisation. Events that
 * are stored already stay unchanged.
 */
export function occupancyEventsInsert(
  tenantId: string,
  events: readonly OccupancyEventRow[],
): PreparedStatement {
  const rows = inKeyOrder(events);
  return {
    name: 'insert occupancy events',
    text: `INSERT INTO occupancy_events (tenant_id, observed_at, event_digest, day, location_id, node_id, occupied,
                                         occupancy, event_id, source_id, received_at)
     SELECT $1::uuid, e.observed_at, e.event_digest, ${dayOfEvent('$4')}, e.location_id, e.node_id, e.occupied, e.occupancy,
            e.event_id, e.source_id, e.received_at
     FROM unnest($2::timestamptz[], $3::uuid[], $4::uuid[], $5::uuid[], $6::boolean[], $7::float8[], $8::text[],
                 $9::text[], $10::timestamptz[])
       AS e (observed_at, event_digest, location_id, node_id, occupied, occupancy, event_id, source_id, received_at)
     WHERE current_tenant_id() = $1
     ON CONFLICT DO NOTHING`,
    values: [
      tenantId,
      instantArray(rows.map((row) => row.observedAtUs)),
      uuidArray(rows.map((row) => row.eventDigest)),
      uuidArray(rows.map((row) => row.locationId)),
      uuidArray(rows.map((row) => row.nodeId)),
      booleanArray(rows.map((row) => row.occupied)),
      float8Array(rows.map((row) => row.occupancy)),
      textArray(rows.map((row) => row.eventId)),
      textArray(rows.map((row) => row.sourceId)),
      instantArray(rows.map((row) => row.receivedAtMs * 1_000)),
    ],
  };
}

import { instantArray, textArray, uuidArray } from '../connections/binary-arrays.ts';
import type { PreparedStatement } from '../connections/pipeline.ts';
import { dayOfEvent, type EventRow, inKeyOrder } from './event-order.ts';

/** The digest stands for sourceId, eventId, node, instant and visitorName. */
export interface VisitorArrivalRow extends EventRow {
  visitorName: string;
  visitorEmail: string | null;
  visitorCompany: string | null;
  hostUserId: string | null;
}

/**
 * The statement that inserts visitor arrivals, if the transaction has entered their organisation. Events that
 * are stored already stay unchanged.
 */
export function visitorArrivalsInsert(
  tenantId: string,
  events: readonly VisitorArrivalRow[],
): PreparedStatement {
  const rows = inKeyOrder(events);
  return {
    name: 'insert visitor arrivals',
    text: `INSERT INTO visitor_arrivals (tenant_id, observed_at, event_digest, day, location_id, node_id, visitor_name,
                                         visitor_email, visitor_company, host_user_id, event_id, source_id, received_at)
     SELECT $1::uuid, e.observed_at, e.event_digest, ${dayOfEvent('$4')}, e.location_id, e.node_id, e.visitor_name,
            e.visitor_email, e.visitor_company, e.host_user_id, e.event_id, e.source_id, e.received_at
     FROM unnest($2::timestamptz[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::uuid[],
                 $10::text[], $11::text[], $12::timestamptz[])
       AS e (observed_at, event_digest, location_id, node_id, visitor_name, visitor_email, visitor_company,
             host_user_id, event_id, source_id, received_at)
     WHERE current_tenant_id() = $1
     ON CONFLICT DO NOTHING`,
    values: [
      tenantId,
      instantArray(rows.map((row) => row.observedAtUs)),
      uuidArray(rows.map((row) => row.eventDigest)),
      uuidArray(rows.map((row) => row.locationId)),
      uuidArray(rows.map((row) => row.nodeId)),
      textArray(rows.map((row) => row.visitorName)),
      textArray(rows.map((row) => row.visitorEmail)),
      textArray(rows.map((row) => row.visitorCompany)),
      uuidArray(rows.map((row) => row.hostUserId)),
      textArray(rows.map((row) => row.eventId)),
      textArray(rows.map((row) => row.sourceId)),
      instantArray(rows.map((row) => row.receivedAtMs * 1_000)),
    ],
  };
}

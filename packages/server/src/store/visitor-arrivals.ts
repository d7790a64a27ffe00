import type { Tx } from './db.ts';
import { type EventKey, inKeyOrder } from './event-order.ts';

/** Its digest stands for sourceId, eventId, node, instant and visitorName. */
export interface VisitorArrivalRow extends EventKey {
  locationId: string;
  nodeId: string;
  /** The office's time zone, which decides the arrival's day. */
  timeZone: string;
  visitorName: string;
  visitorEmail: string | null;
  visitorCompany: string | null;
  hostUserId: string | null;
  eventId: string;
}

/** Stores arrivals of visitors in one statement; those that are stored already stay as they are. */
export async function insertVisitorArrivals(
  tx: Tx,
  tenantId: string,
  batch: { sourceId: string; receivedAt: Date; rows: VisitorArrivalRow[] },
): Promise<void> {
  const rows = inKeyOrder(batch.rows);
  const column = <K extends keyof VisitorArrivalRow>(name: K) => rows.map((row) => row[name]);
  await tx.query(
    `INSERT INTO visitor_arrivals (tenant_id, observed_at, event_digest, day, location_id, node_id, visitor_name,
                                   visitor_email, visitor_company, host_user_id, event_id, source_id, received_at)
     SELECT $1, e.observed_at, e.event_digest, (e.observed_at AT TIME ZONE e.time_zone)::date, e.location_id,
            e.node_id, e.visitor_name, e.visitor_email, e.visitor_company, e.host_user_id, e.event_id, $2, $3
     FROM unnest($4::timestamptz[], $5::uuid[], $6::uuid[], $7::uuid[], $8::text[], $9::text[], $10::text[],
                 $11::text[], $12::uuid[], $13::text[])
       AS e (observed_at, event_digest, location_id, node_id, time_zone, visitor_name, visitor_email,
             visitor_company, host_user_id, event_id)
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
      column('visitorName'),
      column('visitorEmail'),
      column('visitorCompany'),
      column('hostUserId'),
      column('eventId'),
    ],
  );
}

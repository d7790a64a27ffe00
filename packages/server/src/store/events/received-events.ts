import type { Tx } from '../connections/db.ts';

/** An event, or a malformed request, as it arrived. */
export interface ReceivedEvent {
  /** Unique within the organisation; the same whenever it is read. */
  arrivalId: string;
  arrivedAt: Date;
  endpoint: string;
  sourceId: string | null;
  eventId: string | null;
  /** 0 for what was stored; null for a malformed request. */
  resultCode: number | null;
  /** Why it was refused. */
  reason: string | null;
  /** Who was seen, or is a visitor's host, and where, as far as it was resolved. */
  userName: string | null;
  nodeName: string | null;
  locationName: string | null;
  /** Of visitors only. */
  visitorName: string | null;
  /** Of occupancy only. */
  occupied: boolean | null;
  occupancy: number | null;
}

const COMMON = 'tenant_id, observed_at, event_digest, received_at, source_id, event_id, node_id, location_id';

const STORED = `
  SELECT 'presence' AS endpoint, ${COMMON}, user_id, NULL AS visitor_name, NULL::boolean AS occupied,
         NULL::float8 AS occupancy
  FROM presence_events WHERE tenant_id = $1 AND received_at >= $2
  UNION ALL
  SELECT 'occupancy', ${COMMON}, NULL, NULL, occupied, occupancy
  FROM occupancy_events WHERE tenant_id = $1 AND received_at >= $2
  UNION ALL
  SELECT 'visitor-arrival', ${COMMON}, host_user_id, visitor_name, NULL, NULL
  FROM visitor_arrivals WHERE tenant_id = $1 AND received_at >= $2`;

/** What arrived at or after `since`, oldest first; the newest `limit` of it. */
export async function listReceivedEvents(
  tx: Tx,
  tenantId: string,
  { since, limit, refusedOnly }: { since: Date; limit: number; refusedOnly: boolean },
): Promise<ReceivedEvent[]> {
  const { rows } = await tx.query<ReceivedEvent>(
    `SELECT * FROM (
       SELECT e.endpoint || ' ' || e.observed_at || ' ' || e.event_digest AS "arrivalId", e.received_at AS "arrivedAt",
              e.endpoint, e.source_id AS "sourceId", e.event_id AS "eventId", 0 AS "resultCode", NULL AS reason,
              u.user_name AS "userName", n.name AS "nodeName", o.name AS "locationName",
              e.visitor_name AS "visitorName", e.occupied, e.occupancy
       FROM (${STORED}) AS e
       LEFT JOIN users u ON u.tenant_id = e.tenant_id AND u.user_id = e.user_id
       LEFT JOIN nodes n ON n.tenant_id = e.tenant_id AND n.node_id = e.node_id
       LEFT JOIN nodes o ON o.tenant_id = e.tenant_id AND o.node_id = e.location_id
       WHERE NOT $4
       UNION ALL
       SELECT 'refused ' || refusal_id, refused_at, endpoint, source_id, event_id, result_code, reason, NULL, NULL, NULL,
              NULL, NULL, NULL
       FROM refused_events
       WHERE tenant_id = $1 AND refused_at >= $2
     ) AS arrivals
     ORDER BY "arrivedAt" DESC, "arrivalId" DESC LIMIT $3`,
    [tenantId, since, limit, refusedOnly],
  );
  return rows.reverse();
}

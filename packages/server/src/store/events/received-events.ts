import type { Tx } from '../connections/db.ts';

/** A received event, or a malformed request. */
export interface ReceivedEvent {
  /** Unique within the organisation, and the same whenever the event is read. */
  arrivalId: string;
  arrivedAt: Date;
  endpoint: string;
  sourceId: string | null;
  eventId: string | null;
  /** 0 for a stored event. Null for a malformed request. */
  resultCode: number | null;
  /** Why the server refused it. */
  reason: string | null;
  /** The detected user, or the host of a visitor, and the node. Null if the server did not resolve them. */
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

/** The events received at or after `since`, oldest first. If there are more than `limit`, the newest of them. */
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
     ) AS received
     ORDER BY "arrivedAt" DESC, "arrivalId" DESC LIMIT $3`,
    [tenantId, since, limit, refusedOnly],
  );
  return rows.reverse();
}

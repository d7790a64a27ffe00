import type { Tx } from '../connections/db.ts';
import { disableNestedLoops } from '../connections/planner.ts';
import type { NodeKind } from '../directory/nodes.ts';
import { nameOfUser } from '../directory/user-name.ts';
import { mayBeOfDay } from '../values/day-window.ts';

/** A zone, desk or space of a level, of any status. */
export interface LevelNode {
  nodeId: string;
  kind: Extract<NodeKind, 'zone' | 'place' | 'space'>;
  name: string;
  /** The zone of a desk; a zone itself. */
  zoneId: string | null;
  /** Neither the node nor a node that contains it is retired. */
  inUse: boolean;
  capacity: number | null;
  spaceType: string | null;
  /** The owner of a desk, if active. */
  ownerId: string | null;
  ownerName: string | null;
}

/** The zones, desks and spaces of a level, by kind and name. */
export async function listLevelNodes(tx: Tx, tenantId: string, levelId: string): Promise<LevelNode[]> {
  const { rows } = await tx.query<LevelNode>(
    `WITH above AS (
       SELECT l.status = 'active' AND o.status = 'active' AS in_use
       FROM nodes l JOIN nodes o ON o.tenant_id = $1 AND o.node_id = l.parent_id
       WHERE l.tenant_id = $1 AND l.node_id = $2
     ), direct AS MATERIALIZED (
       SELECT n.node_id, n.kind, n.name, n.status = 'active' AND a.in_use AS in_use, n.capacity, n.space_type
       FROM nodes n CROSS JOIN above a WHERE n.tenant_id = $1 AND n.parent_id = $2
     ), of_level AS MATERIALIZED (
       SELECT node_id, kind, name, CASE WHEN kind = 'zone' THEN node_id END AS zone_id, in_use, capacity, space_type
       FROM direct WHERE kind IN ('zone', 'space')
       UNION ALL
       SELECT d.node_id, d.kind, d.name, z.node_id, z.in_use AND d.status = 'active', NULL, NULL
       FROM direct z JOIN nodes d ON d.tenant_id = $1 AND d.parent_id = z.node_id AND d.kind = 'place'
     )
     SELECT n.node_id AS "nodeId", n.kind, n.name, n.zone_id AS "zoneId", n.in_use AS "inUse", n.capacity,
            n.space_type AS "spaceType", u.user_id AS "ownerId", ${nameOfUser('u')} AS "ownerName"
     FROM of_level n
     LEFT JOIN (desk_assignments a JOIN users u ON u.tenant_id = $1 AND u.user_id = a.user_id AND u.status = 'active')
       ON a.tenant_id = $1 AND a.place_id = n.node_id
     ORDER BY n.kind, n.name, n.node_id`,
    [tenantId, levelId],
  );
  return rows;
}

/** Where a user was detected at the office of the level on the day. */
export interface Detection {
  nodeId: string;
  kind: NodeKind;
  name: string;
  zoneId: string | null;
}

/** A user who is booked at one of the nodes on a day, or was detected there. */
export interface LevelPersonRow {
  userId: string;
  name: string;
  /** The user has an office plan for this office. */
  isPlannedHere: boolean;
  /** A presence event made that plan. */
  madeByPresence: boolean;
  /** The booking of the day, at this office or at another one. */
  bookedNodeId: string | null;
  bookedName: string | null;
  bookedKind: NodeKind | null;
  /** At the office, the last one first. */
  detections: Detection[];
  firstSeenAt: Date | null;
  lastSeenAt: Date | null;
}

/** The users of these nodes of an office on a day, by name. `nodeIds` has the level itself, too. */
export async function listLevelPeople(
  tx: Tx,
  tenantId: string,
  { locationId, day, nodeIds }: { locationId: string; day: string; nodeIds: string[] },
): Promise<LevelPersonRow[]> {
  await disableNestedLoops(tx);
  const { rows } = await tx.query<LevelPersonRow>(
    `WITH nodes_of_level AS MATERIALIZED (
       SELECT unnest($4::uuid[]) AS node_id
     ), seen AS MATERIALIZED (
       SELECT user_id, node_id, min(observed_at) AS first_at, max(observed_at) AS last_at
       FROM presence_events
       WHERE tenant_id = $1 AND day = $2::date AND location_id = $3 AND ${mayBeOfDay('observed_at', '$2::date')}
       GROUP BY user_id, node_id
     ), booked AS MATERIALIZED (
       SELECT user_id, node_id, location_id FROM bookings WHERE tenant_id = $1 AND day = $2::date
     ), chosen AS MATERIALIZED (
       SELECT user_id FROM seen JOIN nodes_of_level USING (node_id)
       UNION
       SELECT user_id FROM booked JOIN nodes_of_level USING (node_id) WHERE location_id = $3
     ), detected AS (
       SELECT s.user_id, min(s.first_at) AS first_at, max(s.last_at) AS last_at,
              json_agg(json_build_object('nodeId', s.node_id, 'kind', n.kind, 'name', n.name,
                                         'zoneId', CASE n.kind WHEN 'place' THEN n.parent_id WHEN 'zone' THEN n.node_id END)
                       ORDER BY s.last_at DESC, s.node_id) AS detections
       FROM seen s JOIN chosen USING (user_id) JOIN nodes n ON n.tenant_id = $1 AND n.node_id = s.node_id
       GROUP BY s.user_id
     )
     SELECT u.user_id AS "userId", ${nameOfUser('u')} AS name, coalesce(p.location_id = $3, false) AS "isPlannedHere",
            coalesce(p.set_by = 'presence', false) AS "madeByPresence", b.node_id AS "bookedNodeId",
            n.name AS "bookedName", n.kind AS "bookedKind", coalesce(d.detections, '[]') AS detections,
            d.first_at AS "firstSeenAt", d.last_at AS "lastSeenAt"
     FROM chosen c
     JOIN users u ON u.tenant_id = $1 AND u.user_id = c.user_id
     LEFT JOIN day_plans p ON p.tenant_id = $1 AND p.day = $2::date AND p.user_id = c.user_id
     LEFT JOIN booked b ON b.user_id = c.user_id
     LEFT JOIN nodes n ON n.tenant_id = $1 AND n.node_id = b.node_id
     LEFT JOIN detected d ON d.user_id = c.user_id
     ORDER BY name, u.user_id`,
    [tenantId, day, locationId, nodeIds],
  );
  return rows;
}

/** The last occupancy event of a space on a day. */
export interface SpaceOccupancy {
  nodeId: string;
  occupied: boolean;
  occupancy: number | null;
  observedAt: Date;
}

/** The last occupancy of the spaces of an office on a day, as known at `now`. */
export async function listSpaceOccupancy(
  tx: Tx,
  tenantId: string,
  { locationId, day, now }: { locationId: string; day: string; now: Date },
): Promise<SpaceOccupancy[]> {
  const { rows } = await tx.query<SpaceOccupancy>(
    `SELECT DISTINCT ON (o.node_id) o.node_id AS "nodeId", o.occupied, o.occupancy, o.observed_at AS "observedAt"
     FROM occupancy_events o
     WHERE o.tenant_id = $1 AND o.day = $2::date AND o.location_id = $3 AND o.observed_at <= $4::timestamptz
       AND ${mayBeOfDay('o.observed_at', '$2::date')}
     ORDER BY o.node_id, o.observed_at DESC, o.received_at DESC, o.event_digest DESC`,
    [tenantId, day, locationId, now],
  );
  return rows;
}

/** The date of an office at `now`, `YYYY-MM-DD`; that of UTC if the database does not know its time zone. */
export async function localToday(tx: Tx, tenantId: string, locationId: string, now: Date): Promise<string> {
  const { rows } = await tx.query<{ day: string }>(
    `SELECT ($3::timestamptz AT TIME ZONE coalesce(time_zone, 'UTC'))::date AS day
     FROM nodes WHERE tenant_id = $1 AND node_id = $2`,
    [tenantId, locationId, now],
  );
  return rows[0]?.day ?? now.toISOString().slice(0, 10);
}

import { uuidArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import { lookUp } from '../connections/planner.ts';
import type { NodeKind } from '../directory/nodes.ts';

/** A node with the values that bookings need. */
export interface OfficeNode {
  nodeId: string;
  kind: NodeKind;
  name: string;
  /** The node and everything above it are active, and the database knows the office's time zone. */
  active: boolean;
  locationId: string;
  locationName: string;
  /** Null for an office. */
  levelId: string | null;
  /** For a zone or a desk: the zone whose capacity a booking uses. Otherwise null. */
  zoneId: string | null;
  /** How many users can have a booking in that zone. Null means no limit. */
  zoneCapacity: number | null;
  /** Whether the office releases assigned desks on days on which the owners plan to be elsewhere. */
  releasesDesks: boolean;
}

const OFFICE_NODES = `SELECT p.node_id AS "nodeId", p.kind, p.name, p.location_id AS "locationId",
    p.location_name AS "locationName", p.level_id AS "levelId", p.zone_id AS "zoneId", p.zone_capacity AS "zoneCapacity",
    coalesce(s.release_assigned_desks, true) AS "releasesDesks", p.in_use AS active
  FROM node_paths p
  LEFT JOIN office_settings s ON s.tenant_id = p.tenant_id AND s.location_id = p.location_id
  WHERE p.tenant_id = $1`;

/** The nodes with these ids, of any kind and status, in no order. */
export async function listOfficeNodes(tx: Tx, tenantId: string, nodeIds: string[]): Promise<OfficeNode[]> {
  if (nodeIds.length === 0) return [];
  const { rows } = await tx.query<OfficeNode>(`${OFFICE_NODES} AND p.node_id = ANY ($2::uuid[])`, [
    tenantId,
    uuidArray(nodeIds),
  ]);
  return rows;
}

/** These offices with all their zones and desks, of any status, ordered by name. */
export async function listBookableNodes(
  tx: Tx,
  tenantId: string,
  locationIds: string[],
): Promise<OfficeNode[]> {
  if (locationIds.length === 0) return [];
  const { rows } = await tx.query<OfficeNode>(
    `WITH zones AS MATERIALIZED (
       SELECT z.node_id FROM nodes l JOIN nodes z ON z.tenant_id = $1 AND z.parent_id = l.node_id AND z.kind = 'zone'
       WHERE l.tenant_id = $1 AND l.parent_id = ANY ($2::uuid[]) AND l.kind = 'level'
     ), above AS MATERIALIZED (
       SELECT n.* FROM (SELECT unnest($2::uuid[]) AS node_id UNION ALL SELECT node_id FROM zones) AS ids
       ${lookUp(`${OFFICE_NODES} AND p.node_id = ids.node_id`)} AS n
     )
     SELECT * FROM (
       SELECT * FROM above
       UNION ALL
       SELECT d.node_id, 'place', d.name, z."locationId", z."locationName", z."levelId", z."zoneId", z."zoneCapacity",
              z."releasesDesks", z.active AND d.status = 'active'
       FROM above z
       ${lookUp(`SELECT node_id, name, status FROM nodes d WHERE d.tenant_id = $1 AND d.parent_id = z."zoneId" AND d.kind = 'place'`)} AS d
     ) AS n ORDER BY n.name, n."nodeId"`,
    [tenantId, uuidArray(locationIds)],
  );
  return rows;
}

/**
 * Locks these desks in the order of their ids. Until the transaction ends, no other transaction that locks
 * them books them.
 */
export async function lockDesks(tx: Tx, tenantId: string, nodeIds: string[]): Promise<void> {
  if (nodeIds.length === 0) return;
  await tx.query(
    `SELECT FROM nodes WHERE tenant_id = $1 AND node_id = ANY ($2::uuid[]) AND kind = 'place'
     ORDER BY node_id FOR NO KEY UPDATE`,
    [tenantId, uuidArray(nodeIds)],
  );
}

/** An assigned desk and its owner. */
export interface DeskAssignment {
  deskId: string;
  userId: string;
}

/** The assignments of these desks and of these users, if the owner is active. Ordered by desk. */
export async function listDeskAssignments(
  tx: Tx,
  tenantId: string,
  { deskIds = [], userIds = [] }: { deskIds?: string[]; userIds?: string[] },
): Promise<DeskAssignment[]> {
  if (deskIds.length === 0 && userIds.length === 0) return [];
  const { rows } = await tx.query<DeskAssignment>(
    `SELECT a.place_id AS "deskId", a.user_id AS "userId"
     FROM (SELECT place_id, user_id FROM desk_assignments WHERE tenant_id = $1 AND place_id = ANY ($2::uuid[])
           UNION
           SELECT place_id, user_id FROM desk_assignments WHERE tenant_id = $1 AND user_id = ANY ($3::uuid[])) AS a
     JOIN users u ON u.tenant_id = $1 AND u.user_id = a.user_id AND u.status = 'active'
     ORDER BY a.place_id`,
    [tenantId, uuidArray(deskIds), uuidArray(userIds)],
  );
  return rows;
}

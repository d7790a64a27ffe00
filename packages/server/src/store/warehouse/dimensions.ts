import type { Tx } from '../connections/db.ts';
import type { NodeKind } from '../directory/nodes.ts';

/** A node with the ids and names of its path. Members that do not apply are null. */
export interface NodePathRow {
  locationType: NodeKind;
  locationId: string;
  locationName: string;
  levelId: string | null;
  levelName: string | null;
  zoneId: string | null;
  zoneName: string | null;
  placeId: string | null;
  placeName: string | null;
  spaceId: string | null;
  spaceName: string | null;
}

/** The columns of a user that facts show. */
export interface UserDimensionRow {
  userId: string;
  userEmail: string | null;
  primaryLocationId: string | null;
  primaryLocationName: string | null;
  primaryGroupId: string | null;
  primaryGroupName: string | null;
}

/** Every node, by its id. */
export async function loadNodePaths(tx: Tx, tenantId: string): Promise<Map<string, NodePathRow>> {
  const { rows } = await tx.query<NodePathRow & { nodeId: string }>(
    `SELECT node_id AS "nodeId", kind AS "locationType", location_id AS "locationId", location_name AS "locationName",
            level_id AS "levelId", level_name AS "levelName", zone_id AS "zoneId", zone_name AS "zoneName",
            place_id AS "placeId", place_name AS "placeName", space_id AS "spaceId", space_name AS "spaceName"
     FROM node_paths WHERE tenant_id = $1`,
    [tenantId],
  );
  return new Map(rows.map((row) => [row.nodeId, row]));
}

/** Users by id, ordered by id: those in `userIds`, or all. */
export async function loadUserDimension(
  tx: Tx,
  tenantId: string,
  userIds?: string[],
): Promise<Map<string, UserDimensionRow>> {
  const { rows } = await tx.query<UserDimensionRow>(
    `SELECT u.user_id AS "userId", u.email AS "userEmail", n.node_id AS "primaryLocationId", n.name AS "primaryLocationName",
            g.group_id AS "primaryGroupId", g.name AS "primaryGroupName"
     FROM users u
     LEFT JOIN nodes n ON n.tenant_id = $1 AND n.node_id = u.primary_location_id
     LEFT JOIN groups g ON g.tenant_id = $1 AND g.group_id = u.primary_group_id
     WHERE u.tenant_id = $1 AND ($2::uuid[] IS NULL OR u.user_id = ANY ($2))
     ORDER BY u.user_id`,
    [tenantId, userIds ?? null],
  );
  return new Map(rows.map((row) => [row.userId, row]));
}

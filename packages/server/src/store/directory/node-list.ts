import type { Tx } from '../connections/db.ts';
import type { PageWindow } from '../values/page.ts';
import type { NodeRow } from './nodes.ts';

/** A node of the tree with the ids and names of its path, itself included. */
export interface NodeDetails extends Omit<NodeRow, 'parentId'> {
  locationId: string;
  locationName: string;
  levelId: string | null;
  levelName: string | null;
  zoneId: string | null;
  zoneName: string | null;
  /** The owner of the desk, active or not. */
  assignedUserId: string | null;
}

export interface NodeFilter {
  kind: NodeRow['kind'];
  /** In lower case. Null selects nothing, undefined everything. The same holds for the ids below. */
  nodeId?: string | null | undefined;
  locationId?: string | null | undefined;
  levelId?: string | null | undefined;
  zoneId?: string | null | undefined;
  /** The status of the node itself, whatever the status of the nodes above it. */
  status?: string | undefined;
}

/** The nodes that pass the filter, ordered by id: one page, and one more node if there is one. */
export async function listNodeDetails(
  tx: Tx,
  tenantId: string,
  { kind, status, ...ids }: NodeFilter,
  { limit, after }: PageWindow,
): Promise<NodeDetails[]> {
  const { nodeId, locationId, levelId, zoneId } = ids;
  if (Object.values(ids).includes(null)) return [];
  const { rows } = await tx.query<NodeDetails>(
    `SELECT n.node_id AS "nodeId", n.kind, n.name, n.status, n.address,
            coalesce(n.unknown_time_zone, n.time_zone) AS "timeZone",
            n.space_type AS "spaceType", n.capacity, p.location_id AS "locationId", p.location_name AS "locationName",
            p.level_id AS "levelId", p.level_name AS "levelName", p.zone_id AS "zoneId", p.zone_name AS "zoneName",
            a.user_id AS "assignedUserId"
     FROM nodes n
     JOIN node_paths p ON p.tenant_id = n.tenant_id AND p.node_id = n.node_id
     LEFT JOIN desk_assignments a ON a.tenant_id = n.tenant_id AND a.place_id = n.node_id
     WHERE n.tenant_id = $1 AND n.kind = $2 AND ($3::text IS NULL OR n.status = $3)
       AND ($4::uuid IS NULL OR n.node_id = $4) AND ($5::uuid IS NULL OR p.location_id = $5)
       AND ($6::uuid IS NULL OR p.level_id = $6) AND ($7::uuid IS NULL OR p.zone_id = $7)
       AND ($8::uuid IS NULL OR n.node_id > $8)
     ORDER BY n.node_id LIMIT $9`,
    [
      tenantId,
      kind,
      status ?? null,
      nodeId ?? null,
      locationId ?? null,
      levelId ?? null,
      zoneId ?? null,
      after,
      limit + 1,
    ],
  );
  return rows;
}

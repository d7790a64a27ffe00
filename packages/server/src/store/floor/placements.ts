import type { Tx } from '../connections/db.ts';
import type { NodeKind } from '../directory/nodes.ts';

/** Where a node is on a plan, in fractions of the plan's width and height. */
export interface Placement {
  nodeId: string;
  /** The centre. */
  x: number;
  y: number;
  /** Null for a desk. */
  width: number | null;
  height: number | null;
}

/** A placement with its node. */
export interface PlacementRow extends Placement {
  kind: NodeKind;
  name: string;
  zoneId: string | null;
  /** The level of the node, which may be another one than that of the plan. */
  levelId: string | null;
  /** Neither the node nor a node that contains it is retired. */
  inUse: boolean;
}

/** The placements of a plan, also those of nodes that are retired or have left its level, in the order of the ids. */
export async function listPlacements(tx: Tx, tenantId: string, planId: string): Promise<PlacementRow[]> {
  const { rows } = await tx.query<PlacementRow>(
    `SELECT f.node_id AS "nodeId", f.x, f.y, f.width, f.height, n.kind, n.name, n.zone_id AS "zoneId",
            n.level_id AS "levelId", n.in_use AS "inUse"
     FROM floor_plan_placements f
     JOIN node_paths n ON n.tenant_id = f.tenant_id AND n.node_id = f.node_id
     WHERE f.tenant_id = $1 AND f.plan_id = $2
     ORDER BY f.node_id`,
    [tenantId, planId],
  );
  return rows;
}

/** Inserts placements of a plan, or changes those that it has. */
export async function upsertPlacements(
  tx: Tx,
  tenantId: string,
  planId: string,
  placements: readonly Placement[],
): Promise<void> {
  if (placements.length === 0) return;
  await tx.query(
    `INSERT INTO floor_plan_placements AS f (tenant_id, plan_id, node_id, x, y, width, height)
     SELECT $1::uuid, $2::uuid, r.*
     FROM unnest($3::uuid[], $4::float8[], $5::float8[], $6::float8[], $7::float8[]) AS r (node_id, x, y, width, height)
     ON CONFLICT (tenant_id, plan_id, node_id) DO UPDATE
       SET x = excluded.x, y = excluded.y, width = excluded.width, height = excluded.height
       WHERE (f.x, f.y, f.width, f.height) IS DISTINCT FROM (excluded.x, excluded.y, excluded.width, excluded.height)`,
    [
      tenantId,
      planId,
      placements.map(({ nodeId }) => nodeId),
      placements.map(({ x }) => x),
      placements.map(({ y }) => y),
      placements.map(({ width }) => width),
      placements.map(({ height }) => height),
    ],
  );
}

/** Deletes the placements of a plan, except those of these nodes. */
export async function deleteOtherPlacements(
  tx: Tx,
  tenantId: string,
  planId: string,
  keptNodeIds: readonly string[],
): Promise<void> {
  await tx.query(
    `DELETE FROM floor_plan_placements f
     USING (SELECT p.node_id FROM floor_plan_placements p
            WHERE p.tenant_id = $1 AND p.plan_id = $2
            EXCEPT SELECT unnest($3::uuid[])) AS gone
     WHERE f.tenant_id = $1 AND f.plan_id = $2 AND f.node_id = gone.node_id`,
    [tenantId, planId, keptNodeIds],
  );
}

/** A node that may be on a plan, with its path. */
export interface PlaceableNode {
  nodeId: string;
  kind: NodeKind;
  name: string;
  levelId: string | null;
  /** Neither the node nor a node that contains it is retired. */
  inUse: boolean;
}

/** The nodes with these ids, of any kind and status, in no order. */
export async function listPlaceableNodes(
  tx: Tx,
  tenantId: string,
  nodeIds: readonly string[],
): Promise<PlaceableNode[]> {
  const { rows } = await tx.query<PlaceableNode>(
    `SELECT node_id AS "nodeId", kind, name, level_id AS "levelId", in_use AS "inUse"
     FROM node_paths WHERE tenant_id = $1 AND node_id = ANY($2::uuid[])`,
    [tenantId, nodeIds],
  );
  return rows;
}

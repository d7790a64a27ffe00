import { readRows } from '../connections/cursor.ts';
import { type Tx, types } from '../connections/db.ts';
import type { NodeKind } from '../directory/nodes.ts';
import type { PageWindow } from '../values/page.ts';
import type { Placement } from './placements.ts';

/** Where the published plan of its level shows a node, with the names that identify the node. */
export interface PositionRow extends Placement {
  kind: NodeKind;
  name: string;
  /** The zone of a desk; null for other kinds. */
  zoneName: string | null;
  levelName: string;
  locationName: string;
}

export interface PositionFilter {
  /** In lower case. Null selects nothing, undefined everything. The same holds for the location. */
  levelId?: string | null | undefined;
  locationId?: string | null | undefined;
}

/** The positions on published plans, in the order of the ids of nodes: one page, and one more if there is one. */
export async function listPositions(
  tx: Tx,
  tenantId: string,
  filter: PositionFilter,
  { limit, after }: PageWindow,
): Promise<PositionRow[]> {
  if (selectsNothing(filter)) return [];
  const { rows } = await tx.query<PositionRow>(
    `${POSITIONS} AND ($4::uuid IS NULL OR f.node_id > $4) ORDER BY f.node_id LIMIT $5`,
    [...valuesOf(tenantId, filter), after, limit + 1],
  );
  return rows;
}

/** All positions on published plans in batches, level by level. */
export async function* readPositions(
  tx: Tx,
  tenantId: string,
  filter: PositionFilter,
): AsyncGenerator<PositionRow[], void> {
  if (selectsNothing(filter)) return;
  const values = valuesOf(tenantId, filter);
  yield* readRows<PositionRow>(tx, types, `${POSITIONS} ORDER BY p.level_id, f.node_id`, values);
}

const POSITIONS = `
  SELECT f.node_id AS "nodeId", n.kind, n.name, CASE WHEN n.kind = 'place' THEN n.zone_name END AS "zoneName",
         n.level_name AS "levelName", n.location_name AS "locationName", f.x, f.y, f.width, f.height
  FROM floor_plans p
  JOIN floor_plan_placements f ON f.tenant_id = p.tenant_id AND f.plan_id = p.plan_id
  JOIN node_paths n ON n.tenant_id = f.tenant_id AND n.node_id = f.node_id AND n.level_id = p.level_id AND n.in_use
  WHERE p.tenant_id = $1 AND NOT p.is_draft AND ($2::uuid IS NULL OR p.level_id = $2)
    AND ($3::uuid IS NULL OR n.location_id = $3)`;

function selectsNothing({ levelId, locationId }: PositionFilter): boolean {
  return levelId === null || locationId === null;
}

function valuesOf(tenantId: string, { levelId, locationId }: PositionFilter): unknown[] {
  return [tenantId, levelId ?? null, locationId ?? null];
}

/** A node that a file may name, with the names of its path. */
export interface NamedNode {
  nodeId: string;
  kind: NodeKind;
  name: string;
  zoneName: string | null;
  levelId: string | null;
  levelName: string | null;
  locationName: string;
  inUse: boolean;
}

/** The desks, spaces and zones with one of the names or ids, of any status, in no order. */
export async function listNamedNodes(
  tx: Tx,
  tenantId: string,
  { names, nodeIds }: { names: string[]; nodeIds: string[] },
): Promise<NamedNode[]> {
  const { rows } = await tx.query<NamedNode>(
    `SELECT n.node_id AS "nodeId", n.kind, n.name, p.zone_name AS "zoneName", p.level_id AS "levelId",
            p.level_name AS "levelName", p.location_name AS "locationName", p.in_use AS "inUse"
     FROM nodes n
     JOIN node_paths p ON p.tenant_id = n.tenant_id AND p.node_id = n.node_id
     WHERE n.tenant_id = $1 AND n.kind IN ('place', 'space', 'zone')
       AND (n.name = ANY ($2::text[]) OR n.node_id = ANY ($3::uuid[]))`,
    [tenantId, names, nodeIds],
  );
  return rows;
}

/** The levels among these that have a draft. */
export async function listLevelsWithDraft(tx: Tx, tenantId: string, levelIds: string[]): Promise<string[]> {
  const { rows } = await tx.query<{ levelId: string }>(
    `SELECT level_id AS "levelId" FROM floor_plans WHERE tenant_id = $1 AND is_draft AND level_id = ANY ($2::uuid[])`,
    [tenantId, levelIds],
  );
  return rows.map(({ levelId }) => levelId);
}

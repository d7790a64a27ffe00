import type { Tx } from '../connections/db.ts';
import { caseless } from '../values/fold.ts';
import type { PageWindow } from '../values/page.ts';
import type { NodeKind, Status } from './nodes.ts';

/** A node as a tree shows it, with the ids and names of the nodes that contain it. */
export interface TreeNode {
  nodeId: string;
  kind: NodeKind;
  name: string;
  status: Status;
  parentId: string | null;
  /** How many nodes are directly in it. */
  children: number;
  locationId: string;
  locationName: string;
  levelId: string | null;
  levelName: string | null;
  zoneId: string | null;
  zoneName: string | null;
}

/** Undefined selects everything. Ids are in lower case; null is the id of no node. */
export interface TreeFilter {
  /** Only nodes directly in this one. */
  parentId?: string | null | undefined;
  /** Only the offices, and nodes directly in this node or in a node that contains it. */
  aroundId?: string | null | undefined;
  kind?: NodeKind | undefined;
  status?: Status | undefined;
  /** Only nodes whose name has each of these parts, without regard to case. */
  words?: readonly string[] | undefined;
}

/** The nodes that pass the filter, ordered by id: one page, and one more node if there is one. */
export async function listTreeNodes(
  tx: Tx,
  tenantId: string,
  { parentId, aroundId, kind, status, words = [] }: TreeFilter,
  { limit, after }: PageWindow,
): Promise<TreeNode[]> {
  if (parentId === null) return [];
  const values: unknown[] = [];
  const push = (value: unknown) => `$${values.push(value)}`;
  const tenant = push(tenantId);
  const conditions = [`n.tenant_id = ${tenant}`];
  if (parentId !== undefined) conditions.push(`n.parent_id = ${push(parentId)}`);
  if (aroundId !== undefined) {
    conditions.push(
      `(n.parent_id IS NULL OR n.parent_id IN (
         SELECT unnest(ARRAY[a.node_id, a.location_id, a.level_id, a.zone_id]) FROM node_paths a
         WHERE a.tenant_id = ${tenant} AND a.node_id = ${push(aroundId)}))`,
    );
  }
  if (kind !== undefined) conditions.push(`n.kind = ${push(kind)}`);
  if (status !== undefined) conditions.push(`n.status = ${push(status)}`);
  for (const word of words)
    conditions.push(`strpos(${caseless('n.name')}, ${caseless(`${push(word)}::text`)}) > 0`);
  if (after !== null) conditions.push(`n.node_id > ${push(after)}`);
  const { rows } = await tx.query<TreeNode>(
    `SELECT n.node_id AS "nodeId", n.kind, n.name, n.status, n.parent_id AS "parentId",
            (SELECT count(*) FROM nodes c
             WHERE c.tenant_id = n.tenant_id AND c.parent_id = n.node_id)::integer AS children,
            p.location_id AS "locationId", p.location_name AS "locationName", p.level_id AS "levelId",
            p.level_name AS "levelName", p.zone_id AS "zoneId", p.zone_name AS "zoneName"
     FROM (SELECT n.* FROM nodes n WHERE ${conditions.join(' AND ')} ORDER BY n.node_id LIMIT ${push(limit + 1)}) AS n
     JOIN node_paths p ON p.tenant_id = n.tenant_id AND p.node_id = n.node_id
     ORDER BY n.node_id`,
    values,
  );
  return rows;
}

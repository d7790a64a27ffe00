import type { Tx } from '../connections/db.ts';

export const NODE_KINDS = ['location', 'level', 'zone', 'place', 'space'] as const;
export type NodeKind = (typeof NODE_KINDS)[number];
export type Status = 'active' | 'inactive';

/** A node of the tree with all members. Ids are in lower case. */
export interface NodeRow {
  nodeId: string;
  kind: NodeKind;
  parentId: string | null;
  name: string;
  status: Status;
  address: string | null;
  timeZone: string | null;
  spaceType: string | null;
  capacity: number | null;
}

const COLUMNS = `n.node_id AS "nodeId", n.kind, n.parent_id AS "parentId", n.name, n.status, n.address,
  coalesce(n.unknown_time_zone, n.time_zone) AS "timeZone", n.space_type AS "spaceType", n.capacity`;

/** The nodes with one of `nodeIds`, of any kind and status, in no order. */
export async function listNodesById(tx: Tx, tenantId: string, nodeIds: string[]): Promise<NodeRow[]> {
  if (nodeIds.length === 0) return [];
  const { rows } = await tx.query<NodeRow>(
    `SELECT ${COLUMNS} FROM nodes n WHERE n.tenant_id = $1 AND n.node_id = ANY($2::uuid[])`,
    [tenantId, nodeIds],
  );
  return rows;
}

/** The locations with one of `names`, of any status, in no order. */
export async function listLocationsByName(tx: Tx, tenantId: string, names: string[]): Promise<NodeRow[]> {
  if (names.length === 0) return [];
  const { rows } = await tx.query<NodeRow>(
    `SELECT ${COLUMNS} FROM nodes n
     WHERE n.tenant_id = $1 AND n.parent_id IS NULL AND n.kind = 'location' AND n.name = ANY($2::text[])`,
    [tenantId, names],
  );
  return rows;
}

/** The nodes of `kind` with one of the pairs of parent and name, of any status, in no order. */
export async function listChildrenByName(
  tx: Tx,
  tenantId: string,
  kind: NodeKind,
  wanted: { parentId: string; name: string }[],
): Promise<NodeRow[]> {
  if (wanted.length === 0) return [];
  const { rows } = await tx.query<NodeRow>(
    `SELECT ${COLUMNS}
     FROM unnest($3::uuid[], $4::text[]) AS wanted (parent_id, name)
     JOIN nodes n ON n.tenant_id = $1 AND n.parent_id = wanted.parent_id AND n.kind = $2 AND n.name = wanted.name`,
    [tenantId, kind, wanted.map((pair) => pair.parentId), wanted.map((pair) => pair.name)],
  );
  return rows;
}

/** The ids of these nodes and of all nodes below them, in no order. */
export async function listNodesBelow(tx: Tx, tenantId: string, nodeIds: string[]): Promise<string[]> {
  const { rows } = await tx.query<{ nodeId: string }>(
    `WITH RECURSIVE below (node_id) AS (
       SELECT unnest($2::uuid[])
       UNION SELECT n.node_id FROM below JOIN nodes n ON n.tenant_id = $1 AND n.parent_id = below.node_id
     )
     SELECT node_id AS "nodeId" FROM below`,
    [tenantId, nodeIds],
  );
  return rows.map((row) => row.nodeId);
}

/** Inserts nodes, parents and children in any order. Throws a unique violation if an id is taken. */
export async function insertNodes(tx: Tx, tenantId: string, nodes: NodeRow[]): Promise<void> {
  if (nodes.length === 0) return;
  await tx.query(
    `INSERT INTO nodes
       (tenant_id, node_id, kind, parent_id, name, status, address, time_zone, space_type, capacity)
     SELECT $1::uuid, r.* FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[],
                                $8::text[], $9::text[], $10::integer[]) AS r`,
    [
      tenantId,
      nodes.map((node) => node.nodeId),
      nodes.map((node) => node.kind),
      nodes.map((node) => node.parentId),
      nodes.map((node) => node.name),
      nodes.map((node) => node.status),
      nodes.map((node) => node.address),
      nodes.map((node) => node.timeZone),
      nodes.map((node) => node.spaceType),
      nodes.map((node) => node.capacity),
    ],
  );
}

/** Updates all columns of existing nodes, except their kind. */
export async function updateNodes(tx: Tx, tenantId: string, nodes: NodeRow[]): Promise<void> {
  if (nodes.length === 0) return;
  await tx.query(
    `UPDATE nodes n SET parent_id = r.parent_id, name = r.name, status = r.status, address = r.address,
       time_zone = r.time_zone, space_type = r.space_type, capacity = r.capacity
     FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::integer[])
       AS r (node_id, parent_id, name, status, address, time_zone, space_type, capacity)
     WHERE n.tenant_id = $1 AND n.node_id = r.node_id`,
    [
      tenantId,
      nodes.map((node) => node.nodeId),
      nodes.map((node) => node.parentId),
      nodes.map((node) => node.name),
      nodes.map((node) => node.status),
      nodes.map((node) => node.address),
      nodes.map((node) => node.timeZone),
      nodes.map((node) => node.spaceType),
      nodes.map((node) => node.capacity),
    ],
  );
}

/** A node of the tree with its office. */
export interface NodeInOffice {
  nodeId: string;
  kind: NodeKind;
  locationId: string;
  /** What the office does with presence at a desk: `record` stores it, `book` also books the desk. */
  deskPresence: 'record' | 'book';
  /** The time zone of the office if the database does not know it, else null. */
  unknownTimeZone: string | null;
}

import type { Tx } from './db.ts';

export const NODE_KINDS = ['location', 'level', 'zone', 'place', 'space'] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

/** A node of the tree, with the office that it is in. */
export interface NodeInOffice {
  nodeId: string;
  kind: NodeKind;
  locationId: string;
  /** IANA name of the office's time zone. */
  timeZone: string;
}

/** The active nodes with these ids (GUIDs). */
export async function findActiveNodes(tx: Tx, tenantId: string, nodeIds: string[]): Promise<NodeInOffice[]> {
  const { rows } = await tx.query<NodeInOffice>(
    `SELECT node_id AS "nodeId", kind, location_id AS "locationId", time_zone AS "timeZone"
     FROM node_paths WHERE tenant_id = $1 AND status = 'active' AND node_id = ANY ($2::uuid[])`,
    [tenantId, nodeIds],
  );
  return rows;
}

import type { Tx } from '../connections/db.ts';

/** The office of each node that exists, of any status; of an office, the office itself. In no order. */
export async function listNodeOffices(
  tx: Tx,
  tenantId: string,
  nodeIds: readonly string[],
): Promise<{ nodeId: string; locationId: string }[]> {
  const { rows } = await tx.query<{ nodeId: string; locationId: string }>(
    `SELECT node_id AS "nodeId", location_id AS "locationId" FROM node_paths
     WHERE tenant_id = $1 AND node_id = ANY ($2::uuid[])`,
    [tenantId, nodeIds],
  );
  return rows;
}

import type { Tx } from '../connections/db.ts';
import type { NodeInOffice } from './nodes.ts';
import type { UserIdentity } from './users.ts';

/**
 * The users with these ids, or with exactly one of `names` as e-mail address or userName. Inactive users come
 * first.
 */
export async function listRecordedUsers(
  tx: Tx,
  tenantId: string,
  userIds: string[],
  names: string[],
): Promise<UserIdentity[]> {
  if (userIds.length === 0 && names.length === 0) return [];
  const { rows } = await tx.query<UserIdentity>(
    `SELECT user_id AS "userId", user_name AS "userName", email FROM users
     WHERE tenant_id = $1 AND user_id IN (
       SELECT unnest($2::uuid[])
       UNION SELECT user_id FROM users WHERE tenant_id = $1 AND email = ANY ($3::text[])
       UNION SELECT user_id FROM users WHERE tenant_id = $1 AND user_name = ANY ($3::text[]))
       AND pseudonym_year IS NULL
     ORDER BY status DESC`,
    [tenantId, userIds, names],
  );
  return rows;
}

/**
 * The nodes with these ids, retired ones included. Their `deskPresence` is always `record`, because recorded
 * events book nothing.
 */
export async function listRecordedNodes(
  tx: Tx,
  tenantId: string,
  nodeIds: string[],
): Promise<NodeInOffice[]> {
  if (nodeIds.length === 0) return [];
  const { rows } = await tx.query<NodeInOffice>(
    `SELECT node_id AS "nodeId", kind, location_id AS "locationId", 'record' AS "deskPresence",
            unknown_time_zone AS "unknownTimeZone"
     FROM node_paths WHERE tenant_id = $1 AND node_id = ANY ($2::uuid[])`,
    [tenantId, nodeIds],
  );
  return rows;
}

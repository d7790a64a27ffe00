import type { Tx } from '../connections/db.ts';
import type { GroupName } from './groups.ts';
import type { Status } from './nodes.ts';

/** A group with all members. Ids are in lower case. */
export interface GroupRow extends GroupName {
  groupId: string;
  parentId: string | null;
  status: Status;
  inHierarchy: boolean;
}

/** All groups, of any status, in no order. */
export async function listGroupRows(tx: Tx, tenantId: string): Promise<GroupRow[]> {
  const { rows } = await tx.query<GroupRow>(
    `SELECT group_id AS "groupId", group_type AS "groupType", name, parent_id AS "parentId", status,
            in_hierarchy AS "inHierarchy"
     FROM groups WHERE tenant_id = $1`,
    [tenantId],
  );
  return rows;
}

/**
 * Inserts groups, or updates those that exist. Each group occurs once; parents and children come in any
 * order. Needs the directory lock.
 */
export async function upsertGroupRows(tx: Tx, tenantId: string, groups: GroupRow[]): Promise<void> {
  if (groups.length === 0) return;
  await tx.query(
    `INSERT INTO groups (tenant_id, group_id, group_type, name, parent_id, status, in_hierarchy)
     SELECT $1, r.* FROM unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::boolean[]) AS r
     ON CONFLICT (tenant_id, group_id) DO UPDATE
     SET group_type = excluded.group_type, name = excluded.name, parent_id = excluded.parent_id,
         status = excluded.status, in_hierarchy = excluded.in_hierarchy`,
    [
      tenantId,
      groups.map((group) => group.groupId),
      groups.map((group) => group.groupType),
      groups.map((group) => group.name),
      groups.map((group) => group.parentId),
      groups.map((group) => group.status),
      groups.map((group) => group.inHierarchy),
    ],
  );
}

/**
 * Sets the primary groups of users, or clears them where `groupId` is null. Each group must exist. Returns
 * the ids of the users whose primary group has changed. Needs the directory lock.
 */
export async function setPrimaryGroupsOf(
  tx: Tx,
  tenantId: string,
  people: { userId: string; groupId: string | null }[],
): Promise<string[]> {
  if (people.length === 0) return [];
  const { rows } = await tx.query<{ userId: string }>(
    `UPDATE users u SET primary_group_id = w.group_id
     FROM unnest($2::uuid[], $3::uuid[]) AS w (user_id, group_id)
     WHERE u.tenant_id = $1 AND u.user_id = w.user_id AND u.primary_group_id IS DISTINCT FROM w.group_id
     RETURNING u.user_id AS "userId"`,
    [tenantId, people.map(({ userId }) => userId), people.map(({ groupId }) => groupId)],
  );
  return rows.map(({ userId }) => userId);
}

import type { Tx } from '../connections/db.ts';
import { disableNestedLoops } from '../connections/planner.ts';

/** The attributes from which groups are derived. */
export interface GroupAttributes {
  /** Each of these attributes makes a user a member of one group. */
  groupAttributes: string[];
  primaryGroupAttribute: string | null;
}

/** The users whose groups are derived: these, or all. */
export type UserSelection = string[] | 'everyone';

/**
 * SQL of the groups that the attributes $2 of the users $3 name; $3 null means everyone. The type of a group
 * is the name of the attribute. The name of the group is the value as text. An empty text names no group.
 */
const WANTED = `wanted AS MATERIALIZED (
  SELECT a.user_id, a.group_type, a.attributes ->> a.group_type AS name
  FROM (SELECT user_id, attributes, unnest($2::text[]) AS group_type FROM users
        WHERE tenant_id = $1 AND ($3::uuid[] IS NULL OR user_id = ANY ($3))) AS a
  WHERE a.attributes ->> a.group_type <> ''
)`;

/**
 * Derives the groups and the primary group of users from their attributes:
 *
 * - A group that an attribute names is inserted, or made active again.
 * - Memberships of groups of these types are replaced.
 *
 * Rows that are right already are not written. Needs the directory lock.
 */
export async function deriveGroups(
  tx: Tx,
  tenantId: string,
  { groupAttributes, primaryGroupAttribute }: GroupAttributes,
  selection: UserSelection,
): Promise<void> {
  const primary = primaryGroupAttribute === null ? [] : [primaryGroupAttribute];
  const named = [...new Set([...groupAttributes, ...primary])];
  if (named.length === 0) return;
  const userIds = selection === 'everyone' ? null : selection;
  await disableNestedLoops(tx);
  await ensureGroups(tx, tenantId, named, userIds);
  if (groupAttributes.length > 0) await replaceMemberships(tx, tenantId, groupAttributes, userIds);
  if (primaryGroupAttribute !== null) await setPrimaryGroups(tx, tenantId, primaryGroupAttribute, userIds);
}

async function ensureGroups(
  tx: Tx,
  tenantId: string,
  groupTypes: string[],
  userIds: string[] | null,
): Promise<void> {
  await tx.query(
    `WITH ${WANTED}
     INSERT INTO groups (tenant_id, group_id, group_type, name)
     SELECT $1, gen_random_uuid(), w.group_type, w.name FROM (SELECT DISTINCT group_type, name FROM wanted) AS w
     WHERE NOT EXISTS (SELECT FROM groups g
                       WHERE g.tenant_id = $1 AND g.group_type = w.group_type AND g.name = w.name)`,
    [tenantId, groupTypes, userIds],
  );
  await tx.query(
    `WITH ${WANTED}
     UPDATE groups g SET status = 'active' FROM wanted w
     WHERE g.tenant_id = $1 AND g.status = 'inactive' AND g.group_type = w.group_type AND g.name = w.name`,
    [tenantId, groupTypes, userIds],
  );
}

async function replaceMemberships(
  tx: Tx,
  tenantId: string,
  groupTypes: string[],
  userIds: string[] | null,
): Promise<void> {
  await tx.query(
    `DELETE FROM group_members m USING groups g, users u
     WHERE m.tenant_id = $1 AND ($3::uuid[] IS NULL OR m.user_id = ANY ($3))
       AND g.tenant_id = $1 AND g.group_id = m.group_id AND g.group_type = ANY ($2::text[])
       AND u.tenant_id = $1 AND ($3::uuid[] IS NULL OR u.user_id = ANY ($3))
       AND u.user_id = m.user_id AND u.attributes ->> g.group_type IS DISTINCT FROM g.name`,
    [tenantId, groupTypes, userIds],
  );
  await tx.query(
    `WITH ${WANTED}
     INSERT INTO group_members (tenant_id, group_id, user_id)
     SELECT $1, g.group_id, w.user_id
     FROM wanted w JOIN groups g ON g.tenant_id = $1 AND g.group_type = w.group_type AND g.name = w.name
     ON CONFLICT DO NOTHING`,
    [tenantId, groupTypes, userIds],
  );
}

async function setPrimaryGroups(
  tx: Tx,
  tenantId: string,
  groupType: string,
  userIds: string[] | null,
): Promise<void> {
  await tx.query(
    `WITH ${WANTED}, next AS (
       SELECT u.user_id, g.group_id
       FROM users u
       LEFT JOIN wanted w ON w.user_id = u.user_id
       LEFT JOIN groups g ON g.tenant_id = $1 AND g.group_type = w.group_type AND g.name = w.name
       WHERE u.tenant_id = $1 AND ($3::uuid[] IS NULL OR u.user_id = ANY ($3))
     )
     UPDATE users u SET primary_group_id = next.group_id
     FROM next
     WHERE u.tenant_id = $1 AND u.user_id = next.user_id AND u.primary_group_id IS DISTINCT FROM next.group_id`,
    [tenantId, [groupType], userIds],
  );
}

/**
 * Deletes all memberships of groups of these types. For attributes from which the server no longer derives
 * groups.
 */
export async function deleteMemberships(tx: Tx, tenantId: string, groupTypes: string[]): Promise<void> {
  if (groupTypes.length === 0) return;
  await disableNestedLoops(tx);
  await tx.query(
    `DELETE FROM group_members m USING groups g
     WHERE m.tenant_id = $1 AND g.tenant_id = $1 AND g.group_id = m.group_id AND g.group_type = ANY ($2::text[])`,
    [tenantId, groupTypes],
  );
}

/** Clears every primary group of this type. */
export async function clearPrimaryGroups(tx: Tx, tenantId: string, groupType: string): Promise<void> {
  await disableNestedLoops(tx);
  await tx.query(
    `UPDATE users u SET primary_group_id = NULL FROM groups g
     WHERE u.tenant_id = $1 AND g.tenant_id = $1 AND g.group_id = u.primary_group_id AND g.group_type = $2`,
    [tenantId, groupType],
  );
}

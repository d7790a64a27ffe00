import type { Tx } from '../connections/db.ts';
import { disableNestedLoops } from '../connections/planner.ts';
import { nextCreationTime } from '../directory/creation-time.ts';
import { SHOWN_NAME } from './provisioned-users.ts';
import {
  type FilterColumns,
  type FilterTerm,
  filterCondition,
  idColumn,
  textColumn,
  timeColumn,
} from './scim-filter.ts';

/** A group of the identity provider. */
export interface ProvisionedGroup {
  groupId: string;
  externalId: string | null;
  name: string;
  /** The id of the last transaction that wrote the group or its members. */
  writtenXid: string;
  /** In PostgreSQL's text format, as is `modifiedAt`. */
  createdAt: string;
  modifiedAt: string;
  memberCount: number;
}

export interface Member {
  userId: string;
  shownName: string;
}

const MEMBER = idColumn(
  `EXISTS (SELECT FROM group_members m WHERE m.tenant_id = $1 AND m.group_id = g.group_id AND m.user_id = $id)`,
);

/** The attributes by which a client can filter groups. */
export const GROUP_COLUMNS: FilterColumns = {
  id: idColumn('g.group_id = $id'),
  displayname: textColumn('g.name', 'caseless'),
  externalid: textColumn('g.external_id', 'exact'),
  members: MEMBER,
  'members.value': MEMBER,
  'meta.created': timeColumn('g.created_at'),
  'meta.lastmodified': timeColumn('greatest(g.created_at, g.modified_at)'),
};

const COLUMNS = `g.group_id AS "groupId", g.external_id AS "externalId", g.name,
  g.written_xid::text AS "writtenXid",
  g.created_at::text AS "createdAt", greatest(g.created_at, g.modified_at)::text AS "modifiedAt",
  (SELECT count(*) FROM group_members m WHERE m.tenant_id = $1 AND m.group_id = g.group_id) AS "memberCount"`;
/** SQL condition: the identity provider sees the group. */
const VISIBLE = `g.tenant_id = $1 AND g.provisioned AND g.status = 'active'`;

/** The group with this id; undefined if the identity provider does not see such a group. */
export async function findProvisionedGroup(
  tx: Tx,
  tenantId: string,
  groupId: string,
): Promise<ProvisionedGroup | undefined> {
  const { rows } = await tx.query<ProvisionedGroup>(
    `SELECT ${COLUMNS} FROM groups g WHERE ${VISIBLE} AND g.group_id = $2`,
    [tenantId, groupId],
  );
  return rows[0];
}

/** The number of groups that a filter selects, and the groups of one page, ordered by creation. */
export async function listProvisionedGroups(
  tx: Tx,
  tenantId: string,
  filter: FilterTerm[][],
  page: { offset: number; limit: number },
): Promise<{ total: number; groups: ProvisionedGroup[] }> {
  const parameters: unknown[] = [tenantId];
  const where = `WHERE ${VISIBLE} AND ${filterCondition(filter, GROUP_COLUMNS, parameters)}`;
  const { rows: counted } = await tx.query<{ total: number }>(
    `SELECT count(*) AS total FROM groups g ${where}`,
    parameters,
  );
  const total = counted[0]?.total ?? 0;
  if (page.limit === 0 || page.offset >= total) return { total, groups: [] };
  const placeholders = [page.offset, page.limit].map((value) => `$${parameters.push(value)}`);
  const { rows: groups } = await tx.query<ProvisionedGroup>(
    `SELECT ${COLUMNS}
     FROM (SELECT * FROM groups g ${where} ORDER BY g.created_at, g.group_id OFFSET ${placeholders[0]} LIMIT ${placeholders[1]}) AS g
     ORDER BY g.created_at, g.group_id`,
    parameters,
  );
  return { total, groups };
}

/** From this number of members on, a plan for few rows would be too slow. */
const MANY_MEMBERS = 1_000;

/** The members of groups, by group id. Each list is ordered by user id. */
export async function listMembers(
  tx: Tx,
  tenantId: string,
  groups: Pick<ProvisionedGroup, 'groupId' | 'memberCount'>[],
): Promise<Map<string, Member[]>> {
  const groupIds = groups.map(({ groupId }) => groupId);
  const members = new Map<string, Member[]>(groupIds.map((groupId) => [groupId, []]));
  const total = groups.reduce((sum, { memberCount }) => sum + memberCount, 0);
  if (total === 0) return members;
  if (total >= MANY_MEMBERS) await disableNestedLoops(tx);
  const { rows } = await tx.query<Member & { groupId: string }>(
    `SELECT m.group_id AS "groupId", m.user_id AS "userId", ${SHOWN_NAME} AS "shownName"
     FROM group_members m JOIN users u ON u.tenant_id = $1 AND u.user_id = m.user_id
     WHERE m.tenant_id = $1 AND m.group_id = ANY ($2::uuid[]) ORDER BY m.group_id, m.user_id`,
    [tenantId, groupIds],
  );
  for (const { groupId, ...member } of rows) members.get(groupId)?.push(member);
  return members;
}

/** A group that the identity provider may or may not see. */
export interface NamedGroup {
  groupId: string;
  /** The identity provider sees it. */
  visible: boolean;
}

/** The group of this type and name, of any origin and status. */
export async function findGroupByName(
  tx: Tx,
  tenantId: string,
  groupType: string,
  name: string,
): Promise<NamedGroup | undefined> {
  const { rows } = await tx.query<NamedGroup>(
    `SELECT group_id AS "groupId", provisioned AND status = 'active' AS visible FROM groups
     WHERE tenant_id = $1 AND name_digest = group_digest($2, $3)`,
    [tenantId, groupType, name],
  );
  return rows[0];
}

/**
 * Inserts a group, or makes the one with this id an active group of the identity provider. A group that was
 * not one before is created at `at`, but later than all existing groups (`nextCreationTime`). A changed group
 * is modified at `at`. Needs the directory lock.
 */
export async function upsertProvisionedGroup(
  tx: Tx,
  tenantId: string,
  group: { groupId: string; groupType: string; name: string; externalId: string | null },
  at: Date,
): Promise<void> {
  await tx.query(
    `INSERT INTO groups AS g (tenant_id, group_id, group_type, name, external_id, provisioned, created_at)
     VALUES ($1, $2, $3, $4, $5, true, ${nextCreationTime('groups', '$6')})
     ON CONFLICT (tenant_id, group_id) DO UPDATE
       SET status = 'active', provisioned = true, external_id = excluded.external_id, name = excluded.name,
           created_at = CASE WHEN g.provisioned AND g.status = 'active' THEN g.created_at ELSE excluded.created_at END,
           modified_at = $6
       WHERE (g.status, g.provisioned, g.external_id, g.name)
         IS DISTINCT FROM ('active', true, excluded.external_id, excluded.name)`,
    [tenantId, group.groupId, group.groupType, group.name, group.externalId, at],
  );
}

/**
 * Retires a group. It loses its members and its place in the hierarchy. The groups below it move to its
 * parent. Needs the directory lock.
 */
export async function retireProvisionedGroup(tx: Tx, tenantId: string, groupId: string): Promise<void> {
  await tx.query(
    `UPDATE groups g SET parent_id = retired.parent_id FROM groups retired
     WHERE g.tenant_id = $1 AND g.parent_id = $2 AND retired.tenant_id = $1 AND retired.group_id = $2`,
    [tenantId, groupId],
  );
  await tx.query('DELETE FROM group_members WHERE tenant_id = $1 AND group_id = $2', [tenantId, groupId]);
  await tx.query(
    `UPDATE groups SET status = 'inactive', in_hierarchy = false, parent_id = NULL, external_id = NULL
     WHERE tenant_id = $1 AND group_id = $2`,
    [tenantId, groupId],
  );
}

/** Those of `userIds` that exist and that the identity provider did not delete. */
export async function findKnownUsers(tx: Tx, tenantId: string, userIds: string[]): Promise<Set<string>> {
  const { rows } = await tx.query<{ userId: string }>(
    `SELECT user_id AS "userId" FROM users
     WHERE tenant_id = $1 AND user_id = ANY ($2::uuid[]) AND NOT deprovisioned`,
    [tenantId, userIds],
  );
  return new Set(rows.map(({ userId }) => userId));
}

/** A change of a group's members. With `removed: 'all'`, all members except those in `added` leave. */
export interface MemberChange {
  added: string[];
  removed: string[] | 'all';
}

/**
 * Changes the members of a group. If any changes, the group is modified at `at`. Users who are members
 * already stay. Needs the directory lock.
 */
export async function changeMembers(
  tx: Tx,
  tenantId: string,
  groupId: string,
  { added, removed }: MemberChange,
  at: Date,
): Promise<void> {
  const { rowCount: removedCount } =
    removed === 'all'
      ? await tx.query(
          'DELETE FROM group_members WHERE tenant_id = $1 AND group_id = $2 AND user_id <> ALL ($3::uuid[])',
          [tenantId, groupId, added],
        )
      : await tx.query(
          'DELETE FROM group_members WHERE tenant_id = $1 AND group_id = $2 AND user_id = ANY ($3::uuid[])',
          [tenantId, groupId, removed],
        );
  // The connection keeps the plans of the checks of foreign keys. Plans that it made while there were few
  // users read all of them for each member.
  if (added.length >= MANY_MEMBERS) await tx.query('DISCARD PLANS');
  const { rowCount: addedCount } = await tx.query(
    `INSERT INTO group_members (tenant_id, group_id, user_id) SELECT $1, $2, unnest($3::uuid[])
     ON CONFLICT DO NOTHING`,
    [tenantId, groupId, added],
  );
  if (removedCount === 0 && addedCount === 0) return;
  await tx.query('UPDATE groups SET modified_at = $3 WHERE tenant_id = $1 AND group_id = $2', [
    tenantId,
    groupId,
    at,
  ]);
}

/** The type if the organisation has not chosen one. */
const DEFAULT_GROUP_TYPE = 'SCIM';

/** The type of the organisation's provisioned groups. */
export async function getProvisionedGroupType(tx: Tx, tenantId: string): Promise<string> {
  const { rows } = await tx.query<{ groupType: string | null }>(
    'SELECT provisioned_group_type AS "groupType" FROM organisation_settings WHERE tenant_id = $1',
    [tenantId],
  );
  return rows[0]?.groupType ?? DEFAULT_GROUP_TYPE;
}

/** The names of groups of this type that are not provisioned, but have the name of a provisioned group. */
export async function listNameClashes(tx: Tx, tenantId: string, groupType: string): Promise<string[]> {
  await disableNestedLoops(tx);
  const { rows } = await tx.query<{ name: string }>(
    `SELECT other.name FROM groups g
     JOIN groups other ON other.tenant_id = $1 AND other.group_type = $2 AND other.name = g.name
     WHERE g.tenant_id = $1 AND g.provisioned AND NOT other.provisioned ORDER BY other.name`,
    [tenantId, groupType],
  );
  return rows.map(({ name }) => name);
}

/** Sets the type of provisioned groups, including the existing ones. Needs the directory lock. */
export async function setProvisionedGroupType(tx: Tx, tenantId: string, groupType: string): Promise<void> {
  await tx.query(
    `INSERT INTO organisation_settings AS s (tenant_id, provisioned_group_type) VALUES ($1, $2)
     ON CONFLICT (tenant_id) DO UPDATE SET provisioned_group_type = excluded.provisioned_group_type
       WHERE s.provisioned_group_type IS DISTINCT FROM excluded.provisioned_group_type`,
    [tenantId, groupType],
  );
  await tx.query(
    'UPDATE groups SET group_type = $2 WHERE tenant_id = $1 AND provisioned AND group_type <> $2',
    [tenantId, groupType],
  );
}

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

/** A group as an identity provider keeps it. */
export interface ProvisionedGroup {
  groupId: string;
  externalId: string | null;
  name: string;
  /** The transaction that wrote the group, or its members, last. */
  writtenXid: string;
  /** As PostgreSQL writes instants. */
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

/** What groups can be filtered by. */
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
/** What an identity provider sees. */
const VISIBLE = `g.tenant_id = $1 AND g.provisioned AND g.status = 'active'`;

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

/** How many groups a filter selects, and those of one page, in the order in which the identity provider made them. */
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
  const places = [page.offset, page.limit].map((value) => `$${parameters.push(value)}`);
  const { rows: groups } = await tx.query<ProvisionedGroup>(
    `SELECT ${COLUMNS}
     FROM (SELECT * FROM groups g ${where} ORDER BY g.created_at, g.group_id OFFSET ${places[0]} LIMIT ${places[1]}) AS g
     ORDER BY g.created_at, g.group_id`,
    parameters,
  );
  return { total, groups };
}

/** From so many members on, statements must not be planned for few. */
const MANY_MEMBERS = 1_000;

/** The members of groups, by the groups' ids, each in the order of the people's ids. */
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

/** A group, be it seen by the identity provider or not. */
export interface NamedGroup {
  groupId: string;
  /** The identity provider sees it. */
  visible: boolean;
}

/** The group of this type and name, whoever made it, and whatever became of it. */
export async function findGroupByName(
  tx: Tx,
  tenantId: string,
  groupType: string,
  name: string,
): Promise<NamedGroup | undefined> {
  const { rows } = await tx.query<NamedGroup>(
    `SELECT group_id AS "groupId", provisioned AND status = 'active' AS visible FROM groups
     WHERE tenant_id = $1 AND group_digest(group_type, name) = group_digest($2, $3)`,
    [tenantId, groupType, name],
  );
  return rows[0];
}

/**
 * Makes a group, or takes over the one with this id: it is active, and the identity provider's. One that becomes so is created at
 * `at`, and after all others (`nextCreationTime`). What changes of it is modified at `at`. Needs the directory lock.
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
 * Retires a group: it has no members any more, and is in no hierarchy; groups beneath it hang on what it hung
 * on. Needs the directory lock.
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

/** Those of `userIds` that are somebody's whom the identity provider did not delete. */
export async function findKnownUsers(tx: Tx, tenantId: string, userIds: string[]): Promise<Set<string>> {
  const { rows } = await tx.query<{ userId: string }>(
    `SELECT user_id AS "userId" FROM users
     WHERE tenant_id = $1 AND user_id = ANY ($2::uuid[]) AND NOT deprovisioned`,
    [tenantId, userIds],
  );
  return new Set(rows.map(({ userId }) => userId));
}

/** How a group's members change. `removed` are those who go; of `all`, everyone but those added. */
export interface MemberChange {
  added: string[];
  removed: string[] | 'all';
}

/** Changes a group's members; with them, the group is written, as modified at `at`. Who is in it already stays. Needs the directory lock. */
export async function changeMembers(
  tx: Tx,
  tenantId: string,
  groupId: string,
  { added, removed }: MemberChange,
  at: Date,
): Promise<void> {
  const { rowCount: gone } =
    removed === 'all'
      ? await tx.query(
          'DELETE FROM group_members WHERE tenant_id = $1 AND group_id = $2 AND user_id <> ALL ($3::uuid[])',
          [tenantId, groupId, added],
        )
      : await tx.query(
          'DELETE FROM group_members WHERE tenant_id = $1 AND group_id = $2 AND user_id = ANY ($3::uuid[])',
          [tenantId, groupId, removed],
        );
  // Foreign keys are checked by plans that the connection keeps. Those that it made while there were few people
  // read all of them for each member.
  if (added.length >= MANY_MEMBERS) await tx.query('DISCARD PLANS');
  const { rowCount: come } = await tx.query(
    `INSERT INTO group_members (tenant_id, group_id, user_id) SELECT $1, $2, unnest($3::uuid[])
     ON CONFLICT DO NOTHING`,
    [tenantId, groupId, added],
  );
  if (gone === 0 && come === 0) return;
  await tx.query('UPDATE groups SET modified_at = $3 WHERE tenant_id = $1 AND group_id = $2', [
    tenantId,
    groupId,
    at,
  ]);
}

/** Unless the organisation chooses another one. */
const DEFAULT_GROUP_TYPE = 'SCIM';

/** The type of an organisation's provisioned groups. */
export async function getProvisionedGroupType(tx: Tx, tenantId: string): Promise<string> {
  const { rows } = await tx.query<{ groupType: string | null }>(
    'SELECT provisioned_group_type AS "groupType" FROM organisation_settings WHERE tenant_id = $1',
    [tenantId],
  );
  return rows[0]?.groupType ?? DEFAULT_GROUP_TYPE;
}

/** Those groups of this type that the identity provider has nothing to do with, but whose name is that of one of its groups. */
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

/** Chooses the type of provisioned groups, and gives it to those that there are. Needs the directory lock. */
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

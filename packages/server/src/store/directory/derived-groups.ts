import type { Tx } from '../connections/db.ts';
import { queryByKeys } from '../connections/kept-plans.ts';
import { disableNestedLoops, planForAnyOrganisation } from '../connections/planner.ts';

/** The attributes from which groups are derived. */
export interface GroupAttributes {
  /** Each of these attributes makes a user a member of one group. */
  groupAttributes: string[];
  primaryGroupAttribute: string | null;
}

/** The users whose groups are derived: these, or all. */
export type UserSelection = string[] | 'everyone';

/**
 * SQL of the attributes $2 of the selected users, with the groups that they name. The type of a group is the name of the
 * attribute. The name of the group is the value as text; null where there is no value, or an empty text. Each group is
 * found by its index, so the number of groups does not matter. A group that does not exist yet has no id.
 */
const namedBy = (condition: string) => `valued AS MATERIALIZED (
    SELECT a.user_id, a.group_type, nullif(a.attributes ->> a.group_type, '') AS name
    FROM (SELECT u.user_id, u.attributes, unnest($2::text[]) AS group_type FROM users u
          WHERE u.tenant_id = $1 AND u.pseudonym_year IS NULL AND ${condition}) AS a
  ), named AS MATERIALIZED (
    SELECT n.group_type, n.name, ${groupOf('group_id')} AS group_id, ${groupOf('status')} AS status
    FROM (SELECT DISTINCT group_type, name FROM valued WHERE name IS NOT NULL) AS n
  )`;
/** SQL of a column of the group that `n` names. */
const groupOf = (column: string) =>
  `(SELECT g.${column} FROM groups g WHERE g.tenant_id = $1 AND g.name_digest = group_digest(n.group_type, n.name))`;

/**
 * Derives the groups and the primary group of users from their attributes:
 *
 * - A group that an attribute names is inserted, or made active again.
 * - Memberships of groups of these types are replaced.
 *
 * Rows that are right already are not written. For selected users, the cost depends neither on the number of users nor on
 * that of groups. Needs the directory lock.
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
  await planForAnyOrganisation(tx);
  if (selection === 'everyone') await disableNestedLoops(tx);
  await ensureGroups(tx, tenantId, named, selection);
  if (groupAttributes.length > 0) await replaceMemberships(tx, tenantId, groupAttributes, selection);
  if (primaryGroupAttribute !== null) await setPrimaryGroups(tx, tenantId, primaryGroupAttribute, selection);
}

/** SQL of the condition that a row `alias` is of a selected user, and the parameters from $3 on. */
function selected(alias: string, selection: UserSelection): { condition: string; parameters: unknown[] } {
  if (selection === 'everyone') return { condition: 'true', parameters: [] };
  return { condition: `${alias}.user_id = ANY ($3::uuid[])`, parameters: [selection] };
}

/** Runs a statement. For few users, the connection keeps its plan. */
async function run(
  tx: Tx,
  name: string,
  text: string,
  values: unknown[],
  selection: UserSelection,
): Promise<void> {
  const keys = selection === 'everyone' ? Number.POSITIVE_INFINITY : selection.length;
  await queryByKeys(tx, { name, text, values }, keys);
}

async function ensureGroups(
  tx: Tx,
  tenantId: string,
  groupTypes: string[],
  selection: UserSelection,
): Promise<void> {
  const { condition, parameters } = selected('u', selection);
  await run(
    tx,
    'derive groups',
    `WITH ${namedBy(condition)}
     INSERT INTO groups (tenant_id, group_id, group_type, name)
     SELECT $1, gen_random_uuid(), n.group_type, n.name FROM named n WHERE n.status IS DISTINCT FROM 'active'
     ON CONFLICT (tenant_id, name_digest) DO UPDATE SET status = 'active'`,
    [tenantId, groupTypes, ...parameters],
    selection,
  );
}

async function replaceMemberships(
  tx: Tx,
  tenantId: string,
  groupTypes: string[],
  selection: UserSelection,
): Promise<void> {
  const { condition, parameters } = selected('u', selection);
  // A subquery for each membership, so that the planner looks the group and the user up by their keys.
  await run(
    tx,
    'end memberships',
    `DELETE FROM group_members m
     WHERE m.tenant_id = $1 AND ${selected('m', selection).condition}
       AND (SELECT g.group_type = ANY ($2::text[]) AND u.attributes ->> g.group_type IS DISTINCT FROM g.name
            FROM groups g, users u
            WHERE g.tenant_id = $1 AND g.group_id = m.group_id AND u.tenant_id = $1 AND u.user_id = m.user_id)`,
    [tenantId, groupTypes, ...parameters],
    selection,
  );
  await run(
    tx,
    'begin memberships',
    `WITH ${namedBy(condition)}
     INSERT INTO group_members (tenant_id, group_id, user_id)
     SELECT $1, n.group_id, v.user_id FROM valued v JOIN named n ON n.group_type = v.group_type AND n.name = v.name
     ON CONFLICT DO NOTHING`,
    [tenantId, groupTypes, ...parameters],
    selection,
  );
}

async function setPrimaryGroups(
  tx: Tx,
  tenantId: string,
  groupType: string,
  selection: UserSelection,
): Promise<void> {
  const { condition, parameters } = selected('u', selection);
  await run(
    tx,
    'derive primary groups',
    `WITH ${namedBy(condition)}
     UPDATE users u SET primary_group_id = n.group_id
     FROM valued v LEFT JOIN named n ON n.name = v.name
     WHERE u.tenant_id = $1 AND ${condition} AND u.user_id = v.user_id
       AND u.primary_group_id IS DISTINCT FROM n.group_id`,
    [tenantId, [groupType], ...parameters],
    selection,
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
     WHERE u.tenant_id = $1 AND g.tenant_id = $1 AND g.group_id = u.primary_group_id AND g.group_type = $2
       AND u.pseudonym_year IS NULL`,
    [tenantId, groupType],
  );
}

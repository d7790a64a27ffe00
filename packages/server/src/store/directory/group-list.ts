import type { Tx } from '../connections/db.ts';
import { caseless } from '../values/fold.ts';
import type { PageWindow } from '../values/page.ts';
import type { Status } from './nodes.ts';

/** A group as a list shows it. */
export interface ListedGroup {
  groupId: string;
  groupName: string;
  groupType: string;
  parentGroupId: string | null;
  status: Status;
}

/** Undefined selects everything. */
export interface GroupFilter {
  status?: Status | undefined;
  /** Only groups whose name has each of these parts, without regard to case. */
  words?: readonly string[] | undefined;
}

const COLUMNS = `g.group_id AS "groupId", g.name AS "groupName", g.group_type AS "groupType",
       g.parent_id AS "parentGroupId", g.status`;

/**
 * The groups that pass the filter: one page, and one more group if there is one. They are ordered by name without regard
 * to case. Those come first whose name begins with the words: a whole name finds its group first, however many names
 * contain it.
 */
export async function listGroups(
  tx: Tx,
  tenantId: string,
  { status, words = [] }: GroupFilter,
  { limit, after }: PageWindow,
): Promise<ListedGroup[]> {
  const values: unknown[] = [];
  const push = (value: unknown) => `$${values.push(value)}`;
  const tenant = push(tenantId);
  const folded = (text: string) => caseless(`${push(text)}::text`);
  const conditions = words.map((word) => `strpos(g.folded, ${folded(word)}) > 0`);
  if (status !== undefined) conditions.push(`g.status = ${push(status)}`);
  if (after !== null) {
    const last = `SELECT a.is_later, a.folded, a.group_id FROM ranked a WHERE a.group_id = ${push(after)}::uuid`;
    conditions.push(`(g.is_later, g.folded, g.group_id) > (${last})`);
  }
  const { rows } = await tx.query<ListedGroup>(
    `WITH named AS (
       SELECT g.*, ${caseless('g.name')} COLLATE "C" AS folded FROM groups g WHERE g.tenant_id = ${tenant}),
     ranked AS (
       SELECT g.*, NOT starts_with(g.folded, ${folded(words.join(' '))}) AS is_later FROM named g)
     SELECT ${COLUMNS} FROM ranked g
     WHERE ${conditions.length === 0 ? 'true' : conditions.join(' AND ')}
     ORDER BY g.is_later, g.folded, g.group_id LIMIT ${push(limit + 1)}`,
    values,
  );
  return rows;
}

/** The group with this id, in lower case. */
export async function findGroup(tx: Tx, tenantId: string, groupId: string): Promise<ListedGroup | undefined> {
  const { rows } = await tx.query<ListedGroup>(
    `SELECT ${COLUMNS} FROM groups g WHERE g.tenant_id = $1 AND g.group_id = $2`,
    [tenantId, groupId],
  );
  return rows[0];
}

import type { Tx } from '../connections/db.ts';

/*
 * Aggregates name users and nodes by numbers, which are shorter than ids. An organisation's numbers begin with 1.
 */

/** SQL of the users or nodes of an organisation with their numbers: of all, and of those that have no stored number. */
export const NUMBERED = {
  users: numbered('users', 'user_id', 'user_numbers'),
  nodes: numbered('nodes', 'node_id', 'node_numbers'),
};

/**
 * SQL of ids and numbers. Those without a stored number follow in the order of their ids, so that all statements with
 * the same snapshot give them the same numbers.
 */
function numbered(table: string, id: string, numbers: string): { all: string; missing: string } {
  const missing = `SELECT s.${id}, (SELECT coalesce(max(n.number), 0) FROM ${numbers} n WHERE n.tenant_id = $1)
           + (row_number() OVER (ORDER BY s.${id}))::integer AS number
    FROM ${table} s
    WHERE s.tenant_id = $1
      AND NOT EXISTS (SELECT FROM ${numbers} n WHERE n.tenant_id = $1 AND n.${id} = s.${id})`;
  return { all: `SELECT ${id}, number FROM ${numbers} WHERE tenant_id = $1 UNION ALL ${missing}`, missing };
}

/** Stores the numbers of users and nodes that have none. */
export async function storeNumbers(tx: Tx, tenantId: string): Promise<void> {
  await tx.query(
    `INSERT INTO user_numbers (tenant_id, user_id, number) SELECT $1, user_id, number FROM (${NUMBERED.users.missing}) AS m`,
    [tenantId],
  );
  await tx.query(
    `INSERT INTO node_numbers (tenant_id, node_id, number) SELECT $1, node_id, number FROM (${NUMBERED.nodes.missing}) AS m`,
    [tenantId],
  );
}

/** A node's number, and its place in the tree today. */
export interface NumberedNode {
  number: number;
  locationId: string;
  levelId: string | null;
  zoneId: string | null;
}

/** All nodes of an organisation, of any status. */
export async function listNumberedNodes(tx: Tx, tenantId: string): Promise<NumberedNode[]> {
  const { rows } = await tx.query<NumberedNode>(
    `SELECT n.number, p.location_id AS "locationId", p.level_id AS "levelId", p.zone_id AS "zoneId"
     FROM node_paths p JOIN (${NUMBERED.nodes.all}) AS n ON n.node_id = p.node_id WHERE p.tenant_id = $1`,
    [tenantId],
  );
  return rows;
}

/** A desk or a zone, with its number and its place in the tree today. */
export interface NumberedPlace {
  number: number;
  nodeId: string;
  kind: 'place' | 'zone';
  name: string;
  /** The node and everything above it are active, and the database knows the office's time zone. */
  inUse: boolean;
  locationId: string;
  levelId: string;
  zoneId: string;
}

/** All desks and zones of an organisation, of any status. */
export async function listNumberedPlaces(tx: Tx, tenantId: string): Promise<NumberedPlace[]> {
  const { rows } = await tx.query<NumberedPlace>(
    `SELECT n.number, p.node_id AS "nodeId", p.kind, p.name, p.in_use AS "inUse",
            p.location_id AS "locationId", p.level_id AS "levelId", p.zone_id AS "zoneId"
     FROM node_paths p JOIN (${NUMBERED.nodes.all}) AS n ON n.node_id = p.node_id
     WHERE p.tenant_id = $1 AND p.kind IN ('place', 'zone')`,
    [tenantId],
  );
  return rows;
}

/** The users who have a group as their primary group. */
export interface NumberedMembers {
  groupId: string;
  /** The numbers of the users, as integers of four bytes, the most significant byte first. */
  numbers: Buffer;
}

/** A pseudonym, with its number. */
export interface NumberedPseudonym {
  number: number;
  year: number;
  /** The number of the user whose rows of the year it has. Null: nothing leads to the user any more, or the user is erased. */
  userNumber: number | null;
}

/** The pseudonyms of these calendar years, in no order. `hasUsers`: the database knows the users of some. */
export async function listPseudonyms(
  tx: Tx,
  tenantId: string,
  { years, hasUsers }: { years: readonly [first: number, last: number]; hasUsers: boolean },
): Promise<NumberedPseudonym[]> {
  const { rows } = await tx.query<NumberedPseudonym>(
    `SELECT n.number, u.pseudonym_year AS year, ${hasUsers ? 'm.number' : 'NULL'} AS "userNumber"
     FROM users u JOIN (${NUMBERED.users.all}) AS n ON n.user_id = u.user_id
     ${hasUsers ? `LEFT JOIN replaced_users r ON r.tenant_id = $1 AND r.pseudonym_id = u.user_id LEFT JOIN (${NUMBERED.users.all}) AS m ON m.user_id = r.user_id` : ''}
     WHERE u.tenant_id = $1 AND u.pseudonym_year BETWEEN $2 AND $3`,
    [tenantId, ...years],
  );
  return rows;
}

/**
 * SQL: the year `k` of `pseudonym_keys` is closed for the names of people. With names of people without limit, it may be closed for
 * those of visitors alone.
 */
export const IS_CLOSED_FOR_PEOPLE = `k.closed AND EXISTS (
  SELECT FROM ended_names e
  WHERE e.tenant_id = k.tenant_id AND e.kind = 'names' AND e.before_day >= make_date(k.year + 1, 1, 1))`;

/** Whether a pseudonym of these calendar years may be that of a user who is there. */
export async function findPseudonymsOfUsers(
  tx: Tx,
  tenantId: string,
  years: readonly [first: number, last: number],
): Promise<{ known: boolean; unknown: boolean }> {
  const { rows } = await tx.query<{ known: boolean; unknown: boolean }>(
    `SELECT EXISTS (SELECT FROM replaced_users WHERE tenant_id = $1 AND year BETWEEN $2 AND $3) AS known,
            EXISTS (SELECT FROM pseudonym_keys k WHERE k.tenant_id = $1 AND k.year BETWEEN $2 AND $3 AND ${IS_CLOSED_FOR_PEOPLE}) AS unknown`,
    [tenantId, ...years],
  );
  return rows[0] ?? { known: false, unknown: false };
}

/** The users of each primary group. A row for each user would cost more than metrics by group take otherwise. */
export async function listNumberedMembers(tx: Tx, tenantId: string): Promise<NumberedMembers[]> {
  const { rows } = await tx.query<NumberedMembers>(
    `SELECT u.primary_group_id AS "groupId", string_agg(int4send(n.number), ''::bytea) AS numbers
     FROM users u JOIN (${NUMBERED.users.all}) AS n ON n.user_id = u.user_id
     WHERE u.tenant_id = $1 AND u.primary_group_id IS NOT NULL
     GROUP BY u.primary_group_id`,
    [tenantId],
  );
  return rows;
}

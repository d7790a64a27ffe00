import type { Tx } from './db.ts';

/**
 * Keeps the planner from nested loop joins for the rest of the transaction, so that it joins by hash or merge.
 * Without statistics the planner expects next to no rows of an organisation. It would then join thousands of them by
 * nested loops, row by row.
 */
export async function disableNestedLoops(tx: Tx): Promise<void> {
  await tx.query('SET LOCAL enable_nestloop TO off');
}

/**
 * SQL that joins `query` to each row before it: `query` finds its rows by a whole key from that row. The planner then
 * looks each key up in an index. Otherwise it may read a large table for some thousand keys. `OFFSET 0` keeps the
 * planner from a join of its choice. Call `planForAnyOrganisation` before.
 */
export function lookUp(query: string): string {
  return `CROSS JOIN LATERAL (${query} OFFSET 0)`;
}

/**
 * Keeps the planner from looking at the values of parameters for the rest of the transaction. Statistics may not know an
 * organisation yet. The planner would then take its rows for so few that any index will do for `lookUp`.
 */
export async function planForAnyOrganisation(tx: Tx): Promise<void> {
  await tx.query(`SELECT ${PLAN_FOR_ANY}`);
}

/** SQL that does so in a `SELECT`. */
export const PLAN_FOR_ANY = "set_config('plan_cache_mode', 'force_generic_plan', true)";

import type { Tx } from './db.ts';

/**
 * Keeps the planner from nested loop joins for the rest of the transaction, so that it joins by hash or merge.
 * Without statistics the planner expects next to no rows of an organisation. It would then join thousands of them by
 * nested loops, row by row.
 */
export async function disableNestedLoops(tx: Tx): Promise<void> {
  await tx.query('SET LOCAL enable_nestloop TO off');
}

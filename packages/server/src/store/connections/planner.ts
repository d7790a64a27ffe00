import type { Tx } from './db.ts';

/**
 * For the rest of the transaction, makes the planner join by hashes. Until statistics are gathered it takes the
 * rows of an organisation for next to none, and would join thousands of them by nested loops, row by row.
 */
export async function disableNestedLoops(tx: Tx): Promise<void> {
  await tx.query('SET LOCAL enable_nestloop TO off');
}

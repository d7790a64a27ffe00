import type { Tx } from '../connections/db.ts';

/**
 * Gathers the planner's statistics of the tables that people's days are made from and written to, of those that have
 * none yet or have doubled since. Autovacuum does so, too, but up to a minute later, and until then most plans
 * go through an organisation's whole table for each row.
 */
export async function analyzeGrownTables(tx: Tx): Promise<void> {
  await tx.query('SELECT catch_up_statistics()');
}

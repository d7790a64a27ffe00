import type { Tx } from '../connections/db.ts';

/**
 * Runs ANALYZE on the tables from which and to which the server plans days. It skips tables that have not
 * doubled since their last ANALYZE. Autovacuum does the same, but up to a minute later. Until then, most
 * query plans read an organisation's whole table for each row.
 */
export async function analyzeGrownTables(tx: Tx): Promise<void> {
  await tx.query('SELECT catch_up_statistics()');
}

import type { Tx } from './db.ts';

/**
 * Waits until no other transaction writes this organisation's nodes or users, and keeps others waiting until
 * this one ends. Every writer of nodes and users takes it before it looks anything up: no index keeps the
 * names of nodes unique, and what was looked up is written back whole.
 */
export async function lockDirectory(tx: Tx, tenantId: string): Promise<void> {
  await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('rollcall directory ' || $1, 0))", [
    tenantId,
  ]);
}

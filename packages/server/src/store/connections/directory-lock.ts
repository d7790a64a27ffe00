import type { Tx } from './db.ts';

/**
 * Keeps what may be booked as it is until the transaction ends: `exclusive` for who retires nodes or moves
 * them, `shared` for who books. A booking is then either seen by the one who retires its desk, or sees that it is
 * retired. Taken after the directory lock and before people and desks are locked.
 */
export async function lockTree(tx: Tx, tenantId: string, mode: 'shared' | 'exclusive'): Promise<void> {
  const lock = mode === 'shared' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock';
  await tx.query(`SELECT ${lock}(hashtextextended('rollcall tree ' || $1, 0))`, [tenantId]);
}

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

import type { Tx } from './db.ts';
import { PLAN_FOR_ANY } from './planner.ts';

/**
 * Takes the tree lock: until the transaction ends, the nodes that can be booked stay as they are. A writer that
 * retires or moves nodes takes it `exclusive`; a writer of bookings takes it `shared`. So the writer that retires a
 * desk sees its bookings, or the writer of a booking sees that the desk is retired. Take it after the directory lock,
 * and before locks of users and desks.
 */
export async function lockTree(tx: Tx, tenantId: string, mode: 'shared' | 'exclusive'): Promise<void> {
  const lock = mode === 'shared' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock';
  await tx.query(`SELECT ${lock}(hashtextextended('rollcall tree ' || $1, 0))`, [tenantId]);
}

/**
 * Takes the directory lock: waits until no other transaction writes this organisation's nodes or users, and makes
 * others wait until this transaction ends. Every writer of nodes and users takes it before its first look-up. The
 * reasons: no index makes the names of nodes unique, and writers write whole rows back.
 */
export async function lockDirectory(tx: Tx, tenantId: string): Promise<void> {
  await tx.query(`SELECT ${DIRECTORY_LOCK}`, [tenantId]);
}

const DIRECTORY_LOCK = "pg_advisory_xact_lock(hashtextextended('rollcall directory ' || $1, 0))";

/** As `lockDirectory` and `planForAnyOrganisation`, in one round trip: for a writer of few users. */
export async function lockDirectoryForFew(tx: Tx, tenantId: string): Promise<void> {
  await tx.query(`SELECT ${DIRECTORY_LOCK}, ${PLAN_FOR_ANY}`, [tenantId]);
}

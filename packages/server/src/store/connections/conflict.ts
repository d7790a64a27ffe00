import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Database, Tx } from './db.ts';
import { StoreUnavailableError } from './unavailable.ts';

/** Our own schema raises RC001: a zone's capacity shrank between the look-up and the booking. */
const CONFLICT = new Set(['23505', '40001', '40P01', 'RC001']);

/**
 * Whether `error` means that another transaction wrote the same thing first. The same work can then succeed after
 * fresh look-ups. Such errors are a unique violation, a serialization failure, a deadlock, or a zone whose capacity
 * is used up.
 */
export function isWriteConflict(error: unknown): boolean {
  const cause = error instanceof StoreUnavailableError ? error.cause : error;
  return cause instanceof pg.DatabaseError && CONFLICT.has(cause.code ?? '');
}

/** Other writers came first in every attempt. The caller may try again later. */
export class ContentionError extends StoreUnavailableError {
  constructor(attempts: number, cause: unknown) {
    super(cause);
    this.name = 'ContentionError';
    this.message = `Nothing was written: other writers came first, ${attempts} times.`;
  }
}

const ATTEMPTS = 6;
const LONGEST_PAUSE_MS = 40;

/**
 * Runs `work` in a transaction of its own, and runs it again in a new one after a write conflict. `work` must have no
 * effect other than through `tx`. Throws `ContentionError` after six conflicts, `StoreUnavailableError`, and what
 * `work` throws.
 */
export function inTenantWithRetries<T>(
  database: Database,
  tenantId: string,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return withRetries(() => database.inTenant(tenantId, work));
}

/** As `inTenantWithRetries`, in a transaction with one snapshot for all statements. */
export function inTenantSnapshotWithRetries<T>(
  database: Database,
  tenantId: string,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return withRetries(() => database.inTenantSnapshot(tenantId, work));
}

async function withRetries<T>(transact: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transact();
    } catch (error) {
      if (!isWriteConflict(error)) throw error;
      if (attempt === ATTEMPTS) throw new ContentionError(attempt, error);
      // The length is random, so that writers that collided do not meet again.
      await sleep(Math.random() * LONGEST_PAUSE_MS * attempt);
    }
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Database, Tx } from './db.ts';
import { StoreUnavailableError } from './unavailable.ts';

/** RC001 is of our own schema: a zone's capacity shrank between the look-up and the booking. */
const CONFLICT = new Set(['23505', '40001', '40P01', 'RC001']);

/**
 * Whether `error` means that another transaction wrote the same thing first (a unique violation, a
 * serialization failure, a deadlock, a zone that filled up), so that the same work can succeed after fresh
 * look-ups.
 */
export function isWriteConflict(error: unknown): boolean {
  const cause = error instanceof StoreUnavailableError ? error.cause : error;
  return cause instanceof pg.DatabaseError && CONFLICT.has(cause.code ?? '');
}

/** Other writers came first every time. The caller may try again later. */
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
 * Runs `work` in a transaction of its own, and again in a new one where another writer came first: `work`
 * must have no effect but through `tx`. Throws `ContentionError` when that happened six times,
 * `StoreUnavailableError`, and what `work` throws.
 */
export async function inTenantWithRetries<T>(
  database: Database,
  tenantId: string,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await database.inTenant(tenantId, work);
    } catch (error) {
      if (!isWriteConflict(error)) throw error;
      if (attempt === ATTEMPTS) throw new ContentionError(attempt, error);
      // Of random length, so that those who collided do not meet again.
      await sleep(Math.random() * LONGEST_PAUSE_MS * attempt);
    }
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { DatabaseTarget } from '../connections/db.ts';
import { newClient } from '../connections/hosts.ts';

/** Requests wait at most this long behind a lock that the job waits for. */
const LOCK_TIMEOUT_MS = 500;
const LOCK_TRIES = 60;
const LOCK_PAUSE_MS = 2_000;
const LOCK_NOT_AVAILABLE = '55P03';

/** How to wait between tries, and when to stop. */
export interface LockOptions {
  signal?: AbortSignal;
  lockTries?: number;
  lockPauseMs?: number;
}

/**
 * Runs `work` in a transaction that never waits for a lock for long, because requests would wait behind it. Tries again where
 * it did not get the lock.
 */
export async function withShortLocks<T>(
  client: pg.ClientBase,
  { signal, lockTries = LOCK_TRIES, lockPauseMs = LOCK_PAUSE_MS }: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      await client.query(`BEGIN; SET LOCAL lock_timeout TO ${LOCK_TIMEOUT_MS}`);
      const result = await work();
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      if (!isLockTimeout(error) || tries >= lockTries || signal?.aborted) throw error;
      await delay(lockPauseMs, undefined, signal && { signal });
    }
  }
}

/** Gives up in silence if a lock did not come. */
export function unlessLocked<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error: unknown) => {
    if (!isLockTimeout(error)) throw error;
    return undefined;
  });
}

function isLockTimeout(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === LOCK_NOT_AVAILABLE;
}

/** Runs `work` on a connection of the owner of the tables. */
export async function withOwner<T>(
  target: DatabaseTarget,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = newClient({ ...target, application_name: 'rollcall months' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query("SET search_path TO rollcall; SET timezone TO 'UTC'; SET DateStyle TO ISO");
    return await work(client);
  } finally {
    await client.end();
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedServerError } from './errors.ts';
import { newHolder, readHolder, release, tryAcquire } from './process-lock.ts';

const POLL_MS = 10;
// This is longer than a start may take (START_LIMIT_MS in postmaster.ts), so that a waiter never gives up on a holder
// that works correctly.
const WAIT_LIMIT_MS = 660_000;

/**
 * Runs `work` while no other process, and no other caller in this process, holds the lock at `path`.
 *
 * @param signal ends the wait for the lock (AbortError), not the work
 * @throws EmbeddedServerError when a live process has held the lock for eleven minutes
 */
export async function withTransitionLock<T>(
  path: string,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const own = await newHolder();
  const deadlineMs = Date.now() + WAIT_LIMIT_MS;
  for (;;) {
    const outcome = await tryAcquire(path, own);
    if (outcome === 'acquired') break;
    if (outcome === 'freed') continue;
    if (Date.now() > deadlineMs) {
      const pid = (await readHolder(path))?.pid ?? 'unknown';
      throw new EmbeddedServerError(
        `Another process (pid ${pid}) has been starting or stopping the database for too long; check that process, then try again.`,
      );
    }
    await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal });
  }
  try {
    return await work();
  } finally {
    await release(path, own);
  }
}

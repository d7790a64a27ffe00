import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { UnusableDatabaseError } from '../connections/check-database.ts';
import type { DatabaseTarget } from '../connections/db.ts';
import { isUnavailable, StoreUnavailableError } from '../connections/unavailable.ts';

/** Where graphile-worker keeps its queue: not its default name, which another program's queue may have. */
export const JOBS_SCHEMA = 'rollcall_jobs';

/** One listens for new jobs; the others fetch and finish them. */
const POOL_SIZE = 2;
const TIMEOUT_MS = 10_000;
const RETRY_MS = 3_000;
const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Makes the queue's schema, or brings it up to date, as the role of `target`. Safe to run from several processes at
 * once: the others wait. Throws `UnusableDatabaseError` where the role may not, and `StoreUnavailableError`.
 */
export async function migrateJobQueue(target: DatabaseTarget): Promise<void> {
  // Loaded here, so that commands without jobs do not wait for the library.
  const { Logger, runMigrations } = await import('graphile-worker');
  const pool = jobPool(target);
  try {
    // The library's own bootstrap fails where two processes make the schema at the same moment.
    const client = await pool.connect();
    try {
      await client.query("SELECT pg_advisory_lock(hashtext('rollcall job queue'))");
      await runMigrations({ pgPool: pool, schema: JOBS_SCHEMA, logger: new Logger(() => () => undefined) });
    } finally {
      client.release(true);
    }
  } catch (error) {
    if (isUnavailable(error)) throw new StoreUnavailableError(error);
    if (!(error instanceof pg.DatabaseError) || error.code !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new UnusableDatabaseError(
      `The database role may not set up the schema "${JOBS_SCHEMA}" (${error.message}); connect as the owner of the database.`,
    );
  } finally {
    await pool.end();
  }
}

/**
 * Connections for graphile-worker, as the role of `target`: its queue is its own, and holds no organisation's data.
 *
 * The library's cron uses `query` and takes the whole process down when that fails. Here it waits for a database
 * that is away instead, and answers no rows once `signal` says that nobody needs them any more.
 */
export function openJobPool(
  target: DatabaseTarget,
  { signal, onError }: { signal: AbortSignal; onError: (error: unknown) => void },
): pg.Pool {
  const pool = jobPool(target, { query_timeout: TIMEOUT_MS });
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
  const patiently = async (...args: unknown[]): Promise<unknown> => {
    while (!signal.aborted) {
      try {
        return await query(...args);
      } catch (error) {
        if (!signal.aborted) onError(error);
        await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    return { rows: [] };
  };
  pool.query = patiently as typeof pool.query;
  return pool;
}

function jobPool(target: DatabaseTarget, config: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({
    ...config,
    ...target,
    application_name: 'rollcall jobs',
    max: POOL_SIZE,
    connectionTimeoutMillis: TIMEOUT_MS / 2,
    keepAlive: true,
    keepAliveInitialDelayMillis: TIMEOUT_MS,
  });
  // An idle connection that breaks has nobody to tell; the next one connects anew. On one that is in use, the query fails.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

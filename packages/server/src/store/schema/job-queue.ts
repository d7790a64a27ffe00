import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { UnusableDatabaseError } from '../connections/check-database.ts';
import type { DatabaseTarget } from '../connections/db.ts';
import { newPool } from '../connections/hosts.ts';
import { isUnavailable, StoreUnavailableError } from '../connections/unavailable.ts';

/**
 * The schema of graphile-worker's queue. It is not the library's default name, because another program's
 * queue may use that.
 */
export const JOBS_SCHEMA = 'rollcall_jobs';

/** One connection listens for new jobs. The other fetches and finishes them. */
const POOL_SIZE = 2;
const TIMEOUT_MS = 10_000;
const RETRY_MS = 3_000;
const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Creates the queue's schema, or migrates it to the current version, as the role of `target`. Several
 * processes can call it at once: the others wait. Throws `UnusableDatabaseError` if the role lacks the
 * privilege, and `StoreUnavailableError`.
 */
export async function migrateJobQueue(target: DatabaseTarget): Promise<void> {
  // A dynamic import: commands without jobs need not load the library.
  const { Logger, runMigrations } = await import('graphile-worker');
  const pool = jobPool(target);
  try {
    // The library's own bootstrap fails if two processes create the schema at once.
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
      `The database role is not allowed to set up the schema "${JOBS_SCHEMA}" (${error.message}); connect as the owner of the database.`,
    );
  } finally {
    await pool.end();
  }
}

/**
 * Connections for graphile-worker, as the role of `target`. The queue has a schema of its own and holds no
 * data of organisations.
 *
 * The library's cron uses `query`, and a failure of it would end the whole process. So this pool repeats a
 * failed query until the database answers. Once `signal` is aborted, it answers no rows instead.
 */
export function openJobPool(
  target: DatabaseTarget,
  { signal, onError }: { signal: AbortSignal; onError: (error: unknown) => void },
): pg.Pool {
  const pool = jobPool(target, { query_timeout: TIMEOUT_MS });
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
  const queryUntilAnswered = async (...args: unknown[]): Promise<unknown> => {
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
  pool.query = queryUntilAnswered as typeof pool.query;
  return pool;
}

function jobPool(target: DatabaseTarget, config: pg.PoolConfig = {}): pg.Pool {
  const pool = newPool({
    ...config,
    ...target,
    application_name: 'rollcall jobs',
    max: POOL_SIZE,
    connectionTimeoutMillis: TIMEOUT_MS / 2,
    keepAlive: true,
    keepAliveInitialDelayMillis: TIMEOUT_MS,
  });
  // Without listeners an error of a broken connection would end the process. The pool replaces an idle
  // connection. On a connection in use, the query fails.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

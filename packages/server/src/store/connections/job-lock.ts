import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from './db.ts';

/** With these settings, the server drops a connection whose other end vanished within a minute, rather than hours. */
const NOTICE_LOSS =
  'SET tcp_keepalives_idle TO 20; SET tcp_keepalives_interval TO 10; SET tcp_keepalives_count TO 3';

/**
 * Runs `work`, unless a process of any replica or command already does. Returns whether it ran.
 *
 * The lock belongs to a connection, so it ends with a killed process. If the connection breaks, the lock ends before
 * `work` does. The lock only saves repeated work; it is not what makes `work` safe. Throws `StoreUnavailableError`,
 * and what `work` throws.
 */
export async function withJobLock(
  database: Database,
  name: string,
  work: () => Promise<void>,
): Promise<boolean> {
  const client = await database.connect(`rollcall ${name}`);
  try {
    await client.query(NOTICE_LOSS);
    const { rows } = await client.query<{ alone: boolean }>(
      'SELECT pg_try_advisory_lock(hashtext($1)) AS alone',
      [`rollcall ${name}`],
    );
    if (!rows[0]?.alone) return false;
    await work();
    return true;
  } finally {
    await Promise.race([client.end().catch(() => undefined), delay(1_000, undefined, { ref: false })]);
  }
}

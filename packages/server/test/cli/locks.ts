import pg from 'pg';
import { onTestFinished } from 'vitest';
import { query } from '../embedded/support.ts';
import { until } from '../support/waiting.ts';
import { superuserOf } from './support.ts';

/** Locks a table against every other session, until the test ends or the returned function is called. */
export async function lockTable(dataDir: string, table: string): Promise<() => Promise<void>> {
  const client = new pg.Client(await superuserOf(dataDir));
  await client.connect();
  await client.query(`BEGIN; LOCK TABLE rollcall.${table} IN ACCESS EXCLUSIVE MODE`);
  let ended: Promise<void> | undefined;
  const unlock = () => {
    ended ??= client.end();
    return ended;
  };
  onTestFinished(unlock);
  return unlock;
}

/** Returns when a session waits for the locked table. */
export async function untilSomeoneWaits(dataDir: string, table: string): Promise<void> {
  const superuser = await superuserOf(dataDir);
  const waiting = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'rollcall.${table}'::regclass`;
  await until(async () => (await query(superuser, waiting)).length > 0);
}

import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { DatabaseTarget } from '../../src/store/connections/db.ts';
import { seeingAll } from './backup.ts';
import { asAdmin } from './database.ts';
import { until } from './waiting.ts';

/**
 * The number of looks without a change. Each look takes a round trip and a turn of the event loop. Work of the server
 * that waits for no lock progresses meanwhile.
 */
const LOOKS_WITHOUT_CHANGE = 30;

/** The number of the product's statements that wait for a lock, and the number of others. */
const COUNT_STATEMENTS = `
  SELECT count(*) FILTER (WHERE wait_event_type = 'Lock')::integer AS waiting,
         count(*) FILTER (WHERE wait_event_type IS DISTINCT FROM 'Lock')::integer AS moving
  FROM pg_stat_activity WHERE datname = $1 AND application_name = 'rollcall' AND state = 'active'`;

/**
 * Waits until all work of the product in this database waits for a lock. Then each look finds the same number of
 * waiting statements and no other statement.
 */
export function untilAllWait({ database }: DatabaseTarget): Promise<void> {
  return asAdmin(async (client) => {
    const look = async () =>
      (await client.query<{ waiting: number; moving: number }>(COUNT_STATEMENTS, [database])).rows[0];
    let before = 0;
    let looks = 0;
    await until(async () => {
      const { waiting = 0, moving = 0 } = (await look()) ?? {};
      looks = waiting > 0 && waiting === before && moving === 0 ? looks + 1 : 0;
      before = waiting;
      await delay();
      return looks >= LOOKS_WITHOUT_CHANGE;
    });
  });
}

/** Waits until this number of the product's statements in this database wait for a lock. */
export function untilWaiting({ database }: DatabaseTarget, count: number): Promise<void> {
  return asAdmin((client) =>
    until(
      async () =>
        (await client.query<{ waiting: number }>(COUNT_STATEMENTS, [database])).rows[0]?.waiting === count,
    ),
  );
}

/**
 * The result of `work`, which runs while another transaction has locked the account with this address. `work` gets the
 * connection that has the lock. It returns a promise of what goes on when the lock is gone.
 */
export function whileAccountIsLocked<T>(target: DatabaseTarget, email: string, work: Work<T>): Promise<T> {
  return whileRowIsLocked(target, { table: 'accounts', column: 'email_folded', value: email }, work);
}

/** As `whileAccountIsLocked`, for a key. */
export function whileKeyIsLocked<T>(target: DatabaseTarget, apiKey: string, work: Work<T>): Promise<T> {
  return whileRowIsLocked(target, { table: 'api_keys', column: 'api_key', value: apiKey }, work);
}

type Work<T> = (client: pg.Client) => Promise<{ afterwards: Promise<T> }>;

async function whileRowIsLocked<T>(
  target: DatabaseTarget,
  { table, column, value }: { table: string; column: string; value: string },
  work: Work<T>,
): Promise<T> {
  const { afterwards } = await seeingAll(target, async (client) => {
    await client.query('BEGIN');
    await client.query(`SELECT FROM ${table} WHERE ${column} = $1 FOR UPDATE`, [value]);
    const begun = await work(client);
    await client.query('COMMIT');
    return begun;
  });
  return afterwards;
}

/**
 * The result of `send`. All its requests begin and wait for the table before any of them continues. A `send` that
 * begins requests one after the other takes the callback, and calls it when it has begun the last one.
 */
export function whileLocked<T>(
  target: DatabaseTarget,
  table: string,
  mode: 'SHARE' | 'ACCESS EXCLUSIVE',
  send: (() => Promise<T>) | ((onSent: () => void) => Promise<T>),
): Promise<T> {
  return seeingAll(target, async (client) => {
    await client.query(`BEGIN; LOCK TABLE ${table} IN ${mode} MODE`);
    let sent: Promise<T> | undefined;
    await new Promise<void>((resolve) => {
      sent = send(resolve);
      if (send.length === 0) resolve();
      else sent.catch(() => resolve());
    });
    await untilAllWait(target);
    await client.query('COMMIT');
    return sent as Promise<T>;
  });
}

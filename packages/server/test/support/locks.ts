import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseTarget } from '../../src/store/connections/db.ts';
import { seeingAll } from './backup.ts';
import { asAdmin } from './database.ts';
import { until } from './waiting.ts';

/** A look takes a round trip and a turn of the event loop: work of the server that no lock stops gets ahead meanwhile. */
const LOOKS_WITHOUT_CHANGE = 30;

/** How many statements of the product wait for a lock, and how many do something else. */
const COUNT_STATEMENTS = `
  SELECT count(*) FILTER (WHERE wait_event_type = 'Lock')::integer AS waiting,
         count(*) FILTER (WHERE wait_event_type IS DISTINCT FROM 'Lock')::integer AS moving
  FROM pg_stat_activity WHERE datname = $1 AND application_name = 'rollcall' AND state = 'active'`;

/**
 * Waits until all that the product does in this database waits for a lock: statements wait, as many at every look, and
 * none does anything else.
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

/**
 * The result of `send`, all of which begins, and waits for the table, before any of it goes on. A `send` that begins
 * things one after the other takes the callback, and calls it when it has begun the last.
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

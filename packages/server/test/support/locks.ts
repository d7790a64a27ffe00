import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseTarget } from '../../src/store/connections/db.ts';
import { seeingAll } from './backup.ts';

const EVERYTHING_CAME_MS = 1_000;

/** What `send` comes to, all of which has begun, and waits for the table, before anything of it goes on. */
export function whileLocked<T>(
  target: DatabaseTarget,
  table: string,
  mode: 'SHARE' | 'ACCESS EXCLUSIVE',
  send: () => Promise<T>,
): Promise<T> {
  return seeingAll(target, async (client) => {
    await client.query(`BEGIN; LOCK TABLE ${table} IN ${mode} MODE`);
    const sent = send();
    await delay(EVERYTHING_CAME_MS);
    await client.query('COMMIT');
    return sent;
  });
}

import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keysOf } from '../../src/auth/manage-keys.ts';
import { MasterKey } from '../../src/auth/secrets.ts';
import { ensureDemo } from '../../src/demo/organisation.ts';
import { listOrganisations } from '../../src/store/organisations.ts';
import { query } from '../embedded/support.ts';
import { createTestDatabase } from '../support/database.ts';
import { basic } from '../support/server.ts';
import { type Key, logIn, processesNaming, superuserOf, until, Workspace } from './support.ts';

interface Credentials {
  baseUrl: string;
  keys: (Key & { name: string; role: string; authentication: string })[];
}

const SIZE = ['--users', '20', '--days', '3', '--seed', '7'];

let work: Workspace;
beforeAll(async () => {
  work = await Workspace.create();
});
afterAll(() => work.close());

/** Starts a demo in a data directory of this name; its credentials, as soon as the file is there. */
async function startDemo(name: string, more: string[] = SIZE) {
  const file = work.path(`${name}.json`);
  const args = ['--data-dir', work.path(name), '--credentials-file', file, ...more];
  const { server, baseUrl } = await work.start(['demo', ...args]);
  const credentials = JSON.parse(await readFile(file, 'utf8')) as Credentials;
  expect(credentials.baseUrl).toBe(baseUrl);
  return { server, baseUrl, file, credentials };
}

async function read(baseUrl: string, dataset: string, key: Key): Promise<Record<string, unknown>[]> {
  const reply = await fetch(`${baseUrl}/v1/analytics/${dataset}`, { headers: { authorization: basic(key) } });
  expect(reply.status).toBe(200);
  return (await reply.json()) as Record<string, unknown>[];
}

function basicKey({ keys }: Credentials): Key {
  return keys.find((key) => key.authentication === 'basic') ?? expect.fail('no key for Basic');
}

function presenceSince(days: number): string {
  const day = (age: number) => new Date(Date.now() - age * 86_400_000).toISOString().slice(0, 10);
  return `presence/basic?startDate=${day(days)}&endDate=${day(-1)}`;
}

describe('The demo', () => {
  test('has a key per role, lines to paste, and is found again by the next start, also after SIGKILL', async () => {
    const first = await startDemo('first');
    expect((await stat(first.file)).mode & 0o777).toBe(0o600);
    expect(first.credentials.keys).toEqual(
      [
        ['submitting-events', 'hmac'],
        ['visitor-only', 'hmac'],
        ['data-warehouse', 'hmac'],
        ['all', 'hmac'],
        ['all', 'basic'],
      ].map(([role, authentication]) => ({
        name: expect.any(String),
        role,
        authentication,
        apiKey: expect.any(String),
        secret: expect.any(String),
      })),
    );
    for (const key of first.credentials.keys) {
      expect(await logIn(first.baseUrl, key)).toMatchObject({ status: 200 });
      expect(first.server.stdout).toContain(`${key.apiKey}  ${key.secret}`);
    }

    const lines = first.server.stdout.split('\n').filter((line) => line.startsWith('node -e '));
    expect(lines).toHaveLength(2);
    const [submitted, readBack] = [await paste(lines[0] ?? ''), await paste(lines[1] ?? '')];
    expect(submitted).toMatch(/eventId: 'my first event',\s+resultCode: 0/);
    expect(readBack).toMatch(/eventId: 'my first event'/);

    const key = basicKey(first.credentials);
    const events = await read(first.baseUrl, presenceSince(5), key);
    expect(events).not.toEqual([]);
    first.server.signal('SIGKILL');
    await first.server.exited;
    expect(processesNaming(`-D ${work.path('first')}/`)).not.toEqual([]);

    const second = await startDemo('first');
    expect(second.server.stdout).toContain('its demo organisation');
    expect(second.credentials.keys).toEqual(first.credentials.keys);
    expect(await read(second.baseUrl, presenceSince(5), key)).toEqual(events);
    await second.server.stop();
    expect(processesNaming(work.path('first'))).toEqual([]);
  });

  test('is the same for the same seed, and two of them side by side do not meet', async () => {
    const [left, right] = await Promise.all([startDemo('left'), startDemo('right')]);
    const [leftKey, rightKey] = [basicKey(left.credentials), basicKey(right.credentials)];
    for (const dataset of ['users/basic', 'locations/basic', 'desks/basic', 'spaces/basic']) {
      const rows = await read(left.baseUrl, dataset, leftKey);
      expect(rows.length).toBeGreaterThanOrEqual(3);
      expect(await read(right.baseUrl, dataset, rightKey)).toEqual(rows);
    }
    expect(await logIn(left.baseUrl, leftKey)).toMatchObject({ status: 200 });
    expect(await logIn(right.baseUrl, leftKey)).toMatchObject({ status: 401 });
    await Promise.all([left.server.stop(), right.server.stop()]);
    expect([...processesNaming(work.path('left')), ...processesNaming(work.path('right'))]).toEqual([]);
  });
});

describe('A demo in the making', () => {
  const LARGER = ['--users', '60', '--days', '12', '--seed', '3'];

  /** Starts one, and waits until a part of its history is written. */
  async function interruptable() {
    const dataDir = work.path('interrupted');
    const server = work.spawn(['demo', '--port', '0', '--data-dir', dataDir, ...LARGER]);
    const before = await countEvents(dataDir);
    await until(async () => (await countEvents(dataDir)) > before, 60_000);
    return { server, dataDir };
  }

  test('ends well on Ctrl-C, and is completed by the next start after it was killed', async () => {
    const stopped = await interruptable();
    stopped.server.signalGroup('SIGINT');
    stopped.server.signalGroup('SIGINT');
    expect(await stopped.server.exited).toMatchObject({ code: 0, stdout: '' });
    expect(processesNaming(stopped.dataDir)).toEqual([]);

    const killed = await interruptable();
    killed.server.signal('SIGKILL');
    expect(await killed.server.exited).toMatchObject({ code: null, stdout: '' });

    const completed = await startDemo('interrupted', LARGER);
    expect(completed.server.stdout).toContain('a new demo organisation');
    expect(completed.credentials.keys).toHaveLength(5);
    const [span] = await query<{ first: number; last: number; ahead: number }>(
      await superuserOf(killed.dataDir),
      `SELECT current_date - (SELECT min(day) FROM rollcall.presence_events) AS first,
              current_date - (SELECT max(day) FROM rollcall.presence_events) AS last,
              (SELECT max(day) FROM rollcall.day_plans WHERE set_by = 'week') - current_date AS ahead`,
    );
    // Few come on a weekend; offices' dates are up to a day apart.
    expect(span?.first).toBeGreaterThanOrEqual(9);
    expect(span?.last).toBeLessThanOrEqual(3);
    expect(span?.ahead).toBeGreaterThanOrEqual(11);
    await completed.server.stop();
  });

  test('that was killed between two of its keys keeps the ones it has', async () => {
    const db = await createTestDatabase();
    try {
      const config = { users: 1, days: 0, seed: 1 };
      const deps = {
        owner: db.owner,
        masterKey: MasterKey.generate(),
        clock: Date.now,
        onProgress: () => {},
      };
      const { keys } = await ensureDemo(config, deps);
      const [organisation] = await db.owner.inSystem(listOrganisations);
      const tenantId = organisation?.tenantId ?? '';
      await db.owner.inTenant(tenantId, async (tx) => {
        for (const table of ['api_keys', 'api_key_index']) {
          await tx.query(`DELETE FROM ${table} WHERE api_key_folded = $1`, [keys[4]?.apiKey]);
        }
      });
      const completed = await ensureDemo(config, deps);
      expect(completed.keys.slice(0, 4)).toEqual(keys.slice(0, 4));
      expect(await keysOf(tenantId, db.owner)).toHaveLength(5);
    } finally {
      await db.drop();
    }
  });

  /** Of its history; 0 where there is no database yet. */
  async function countEvents(dataDir: string): Promise<number> {
    try {
      const [row] = await query<{ count: number }>(
        await superuserOf(dataDir),
        'SELECT count(*)::int AS count FROM rollcall.presence_events',
      );
      return row?.count ?? 0;
    } catch {
      return 0;
    }
  }
});

async function paste(line: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-c', line]);
  return stdout;
}

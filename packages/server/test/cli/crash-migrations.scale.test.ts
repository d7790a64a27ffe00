import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../src/demo/random.ts';
import { joinEmbedded } from '../../src/embedded/index.ts';
import { listMigrations, migrate } from '../../src/store/schema/migrate.ts';
import { addDays } from '../../src/store/values/days.ts';
import { serverPid } from '../embedded/support.ts';
import { addRows, MONTHLY_TABLES, releaseBeforeMonths } from '../support/months.ts';
import { rowsOf } from './load-support.ts';
import { superuserOf, Workspace } from './support.ts';

/** `npm run test:crash` asks for 100. */
const CRASHES = Number(process.env.CRASHES ?? 5);
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
const ROWS_OF_EARLIER = 30_000;

let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.create();
  process.stdout.write(`${CRASHES} crashes, seed ${SEED}\n`);
});
afterAll(() => workspace.close());

/** Starts a server, and kills it and its database after some time. Resolves when they are gone. */
async function startAndKill(dataDir: string, afterMs: number): Promise<void> {
  const first = workspace.spawn(['serve', '--data-dir', dataDir, '--port', '0']);
  await delay(afterMs);
  const database = await serverPid(join(dataDir, 'postgres'));
  if (database !== undefined) process.kill(database, 'SIGKILL');
  first.signal('SIGKILL');
  await first.exited;
}

/** Starts a server, and returns how long that takes, in milliseconds. */
async function timeOfStart(dataDir: string): Promise<number> {
  const beganMs = performance.now();
  const { server } = await workspace.start(['serve', '--data-dir', dataDir]);
  const tookMs = performance.now() - beganMs;
  await server.stop();
  return tookMs;
}

/** Starts a server once more. Expects every migration, and that it is ready. Returns the result of `look`. */
async function afterLastStart<T>(dataDir: string, look: () => Promise<T>): Promise<T> {
  const { server, baseUrl } = await workspace.start(['serve', '--data-dir', dataDir]);
  const names = await rowsOf<{ name: string }>(dataDir, 'SELECT name FROM rollcall.migrations ORDER BY name');
  expect(names.map(({ name }) => name)).toEqual(await listMigrations());
  expect((await fetch(`${baseUrl}/readyz`)).status).toBe(200);
  const seen = await look();
  await server.stop();
  return seen;
}

/** A directory with the database of an earlier release, which has rows in every table by month. */
async function createEarlier(dataDir: string): Promise<void> {
  const embedded = await joinEmbedded({ dataDir, purpose: 'serve', name: 'an earlier release' });
  await migrate(embedded.target, { upTo: await releaseBeforeMonths() });
  const instants = Array.from(
    { length: ROWS_OF_EARLIER },
    (_, index) => `${addDays('2023-01-01', index % 1_000)}T09:00:00Z`,
  );
  const client = new pg.Client({ ...(await superuserOf(dataDir)), options: '-c search_path=rollcall' });
  await client.connect();
  await addRows(client, instants);
  await client.end();
  await embedded.release();
}

/** By table: how many rows it has, and one digest of them all. What the database writes for itself does not count. */
async function contentOf(dataDir: string): Promise<Record<string, unknown>> {
  const content: Record<string, unknown> = {};
  for (const table of MONTHLY_TABLES) {
    const [row] = await rowsOf(
      dataDir,
      `SELECT count(*)::integer AS rows, sum(hashtext((to_jsonb(t) - 'written_xid')::text)) AS digest FROM rollcall.${table} AS t`,
    );
    content[table] = row;
  }
  return content;
}

/** The partitions of all tables by month, with their bounds. */
const partitionsOf = (dataDir: string) =>
  rowsOf(
    dataDir,
    `SELECT c.oid::regclass::text AS name, pg_get_expr(c.relpartbound, c.oid) AS bounds, c.relispartition AS attached
     FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid WHERE c.relkind = 'r' ORDER BY 1`,
  );

describe('kill -9 of the server and of the database', () => {
  const random = new Random(SEED);

  test('while the database is made: the next start goes on, whatever was done', async () => {
    const startMs = await timeOfStart(workspace.path('undisturbed'));
    const dataDir = workspace.path('disturbed');
    for (let crash = 0; crash < CRASHES; crash++) await startAndKill(dataDir, random.below(startMs));
    const seen = await afterLastStart(dataDir, () => partitionsOf(dataDir));
    expect(seen.length).toBeGreaterThan(0);
  });

  test('while the database of an earlier release is migrated: the next start goes on, and each row is there once', async () => {
    const earlier = workspace.path('earlier');
    await createEarlier(earlier);
    const copy = async (name: string) => {
      await promisify(execFile)('cp', ['-a', earlier, workspace.path(name)]);
      return workspace.path(name);
    };
    const undisturbed = await copy('upgraded');
    const startMs = await timeOfStart(undisturbed);
    const stateOf = (dataDir: string) =>
      afterLastStart(dataDir, async () => ({
        content: await contentOf(dataDir),
        partitions: await partitionsOf(dataDir),
      }));
    const expected = await stateOf(undisturbed);
    expect(expected.content).toMatchObject({ presence_events: { rows: ROWS_OF_EARLIER } });
    for (let crash = 0; crash < CRASHES; crash++) {
      const dataDir = await copy(`crash-${crash}`);
      await startAndKill(dataDir, random.below(startMs));
      expect(await stateOf(dataDir)).toEqual(expected);
    }
  });
});

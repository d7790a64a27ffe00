import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { listMigrations } from '../../src/store/schema/migrate.ts';
import { query } from '../embedded/support.ts';
import { asAdmin } from '../support/database.ts';
import { createKeyIn, expectOneSentence, type Key, logIn, until, Workspace } from './support.ts';

let work: Workspace;
let dataDir: string;
let key: Key;
beforeAll(async () => {
  work = await Workspace.create();
  dataDir = work.path('data');
  key = await createKeyIn(work, dataDir);
});
afterAll(() => work.close());

describe('rollcall migrate', () => {
  const name = `migrate_${randomBytes(4).toString('hex')}`;
  const serving = `${name}_server`;
  const urlAs = (user: string) => {
    const { host = '', port = 5432 } = inject('adminTarget');
    const where = host.startsWith('/')
      ? `@/${name}?host=${encodeURIComponent(host)}&port=${port}`
      : `@${host}:${port}/${name}`;
    return `postgres://${user}:a-password-of-a-test${where}`;
  };
  const env = {
    DATABASE_URL: urlAs(name),
    ROLLCALL_SERVING_DATABASE_URL: urlAs(serving),
    ROLLCALL_MASTER_KEY: randomBytes(32).toString('base64'),
  };
  beforeAll(() =>
    asAdmin(async (admin) => {
      // As the image of PostgreSQL in compose.yaml makes it.
      await admin.query(`CREATE ROLE ${name} LOGIN SUPERUSER PASSWORD 'a-password-of-a-test'`);
      await admin.query(`CREATE DATABASE ${name} OWNER ${name}`);
    }),
  );
  afterAll(() =>
    asAdmin(async (admin) => {
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      for (const role of [serving, name]) await admin.query(`DROP ROLE IF EXISTS ${role}`);
    }),
  );

  test('applies what is due, says what it applied, and makes the serving role and the queue of jobs', async () => {
    const all = await listMigrations();
    const migrated = async () => {
      const { code, stdout, stderr } = await work.rollcall(['migrate', '--json'], { env });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return (JSON.parse(stdout) as { applied: string[] }).applied;
    };
    expect(await migrated()).toEqual(all);
    expect(await migrated()).toEqual([]);
    const { rows } = await asAdmin((admin) =>
      admin.query('SELECT rolcanlogin FROM pg_roles WHERE rolname = $1', [serving]),
    );
    expect(rows).toEqual([{ rolcanlogin: true }]);
    const target = { ...inject('adminTarget'), database: name } as pg.ClientConfig;
    expect(await query(target, "SELECT to_regclass('rollcall_jobs.jobs') IS NOT NULL AS found")).toEqual([
      { found: true },
    ]);
    expect(await work.rollcall(['migrate'], { env })).toMatchObject({
      code: 0,
      stdout: 'The schema was up to date.\n',
    });
    const { server } = await work.start(['serve'], { env });
    await server.stop();
  });

  test('refuses another master key in one sentence', async () => {
    const other = { ...env, ROLLCALL_MASTER_KEY: randomBytes(32).toString('base64') };
    expectOneSentence(await work.rollcall(['migrate'], { env: other }), /master key/);
  });
});

describe('--drain-s', () => {
  const statusOf = async (url: string) => {
    const reply = await fetch(url, { headers: { connection: 'close' } });
    await reply.arrayBuffer();
    return reply.status;
  };
  test.each([
    ['one process', '1'],
    ['workers', '2'],
  ])('lets a server of %s answer for this long after SIGTERM, while it is not ready', async (_, workers) => {
    const args = ['serve', '--data-dir', dataDir, '--drain-s', '20', '--workers', workers];
    const { server, baseUrl } = await work.start(args);
    expect(await statusOf(`${baseUrl}/readyz`)).toBe(200);
    server.signal('SIGTERM');
    await until(async () => (await statusOf(`${baseUrl}/readyz`)) === 503);
    expect((await logIn(baseUrl, key)).status).toBe(200);
    expect(server.hasEnded).toBe(false);
    expect(await server.exited).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('Stopping in 20 s'),
    });
  });
});

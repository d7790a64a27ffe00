import { readFile, writeFile } from 'node:fs/promises';
import { Rollcall } from '@rollcall/sdk';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rowsOf } from './load-support.ts';
import { createKeyIn, expectOneSentence, superuserOf, until, Workspace } from './support.ts';

let work: Workspace;
beforeAll(async () => {
  work = await Workspace.create();
});
afterAll(() => work.close());

const inDir = (name: string) => ['--data-dir', work.path(name)];

test('restore --erasures brings nobody back who was erased after the backup', async () => {
  const key = await createKeyIn(work, work.path('source'));
  await writeFile(work.path('users.csv'), 'userName,email\nada,ada@example.com\ngrace,grace@example.com\n');
  await work.rollcall(['import', 'users', work.path('users.csv'), ...inDir('source')]);
  await work.json(['backup', work.path('backup.tar.gz'), '--include-master-key', ...inDir('source')]);

  const { server, baseUrl } = await work.start(['serve', ...inDir('source')]);
  const { users } = new Rollcall({ baseUrl, ...key }).manage;
  const [ada] = await users.list({ userName: 'ada' });
  await users.erase(String(ada?.userId));
  await server.stop();
  expect(await work.rollcall(['jobs', 'run', 'erase', ...inDir('source')])).toMatchObject({ code: 0 });

  const record = work.path('erasures.ndjson');
  for (const _ of [1, 2]) {
    expect(await work.rollcall(['erasures', 'export', record, ...inDir('source')])).toMatchObject({
      code: 0,
    });
  }
  expect(await readFile(record, 'utf8')).not.toMatch(new RegExp(`ada|${ada?.userId}`));

  await writeFile(work.path('wrong'), 'x\n');
  const restore = (erasures: string, into: string) => [
    ...['restore', work.path('backup.tar.gz'), '--erasures', work.path(erasures)],
    ...inDir(into),
  ];
  expectOneSentence(
    await work.rollcall(restore('wrong', 'refused')),
    /is no record of erasures\. Line 1 is no JSON/,
  );
  expect(await work.json(restore('erasures.ndjson', 'restored'))).toMatchObject({ erased: 1, pending: 0 });
  const { stdout } = await work.rollcall(['users', 'list', '--format', 'csv', ...inDir('restored')]);
  expect(stdout).toContain('grace@example.com');
  expect(stdout).not.toContain('ada');

  // As after a restore that ended between its commit and the erasures.
  await work.json(['restore', work.path('backup.tar.gz'), ...inDir('unfinished')]);
  const apply = (file: string) => ['erasures', 'apply', work.path(file), ...inDir('unfinished')];
  expectOneSentence(await work.rollcall(apply('wrong')), /is no record of erasures/);
  expect(await work.json(apply('erasures.ndjson'))).toEqual({ erased: 1, pending: 0 });
  expect(await work.json(apply('erasures.ndjson'))).toEqual({ erased: 0, pending: 0 });
  const { stdout: left } = await work.rollcall(['users', 'list', '--format', 'csv', ...inDir('unfinished')]);
  expect(left).toContain('grace@example.com');
  expect(left).not.toContain('ada');
});

const JOBS = { env: { ROLLCALL_JOBS: '' } };

test('kill -9 in the middle of an erasure: the next server completes it, and no count moves', async () => {
  const dataDir = work.path('killed');
  const args = ['serve', '--data-dir', dataDir];
  const key = await createKeyIn(work, dataDir);
  await writeFile(work.path('more.csv'), 'userName,email\nada,ada@example.com\ngrace,grace@example.com\n');
  await work.rollcall(['import', 'users', work.path('more.csv'), '--data-dir', dataDir]);
  // Otherwise the job "retention" ends the names of grace, too.
  await work.rollcall(['retention', 'set', 'names', 'unlimited', '--data-dir', dataDir]);
  const first = await work.start(args, JOBS);
  const { users } = new Rollcall({ baseUrl: first.baseUrl, ...key }).manage;
  const [ada] = await users.list({ userName: 'ada' });
  const adaId = String(ada?.userId);
  await rowsOf(
    dataDir,
    `INSERT INTO rollcall.presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id, received_at,
       event_id, source_id)
     SELECT u.tenant_id, d + interval '9 hours', gen_random_uuid(), d::date, u.user_id, n.id, n.id, d + interval '9 hours', 'e', 's'
     FROM rollcall.users u CROSS JOIN gen_random_uuid() AS n (id)
     CROSS JOIN generate_series('2023-01-01'::timestamptz, '2025-12-31', '1 day') AS d`,
  );
  const eventsOfAda = async () => {
    const [row] = await rowsOf<{ own: number; all: number; pseudonyms: number }>(
      dataDir,
      `SELECT count(*) FILTER (WHERE e.user_id = $1)::integer AS own, count(*)::integer AS all,
              count(DISTINCT e.user_id) FILTER (WHERE u.pseudonym_year = extract(year FROM e.day))::integer AS pseudonyms
       FROM rollcall.presence_events e LEFT JOIN rollcall.users u USING (tenant_id, user_id)`,
      [adaId],
    );
    return row;
  };
  // The job, which runs every minute, waits at this row.
  const holder = new pg.Client(await superuserOf(dataDir));
  await holder.connect();
  await holder.query(
    `BEGIN; SELECT FROM rollcall.presence_events WHERE user_id = '${adaId}' AND day = '2024-07-01' FOR UPDATE`,
  );
  await users.erase(adaId);
  await until(async () => {
    const waiting = await rowsOf(
      dataDir,
      "SELECT FROM pg_stat_activity WHERE application_name = 'rollcall' AND wait_event_type = 'Lock' AND query LIKE '%presence_events%'",
    );
    return waiting.length > 0;
  });
  first.server.signal('SIGKILL');
  await first.server.exited;
  await holder.query('ROLLBACK');
  const half = await eventsOfAda();
  expect(half?.all).toBe(2 * 1_096);
  expect(half?.own).toBeGreaterThan(500);
  expect(half?.own).toBeLessThan(1_096);
  await holder.end();

  const second = await work.start(args, JOBS);
  const after = new Rollcall({ baseUrl: second.baseUrl, ...key }).manage.users;
  await until(async () => (await after.erasure(adaId)).erasure?.finishedAt);
  expect(await eventsOfAda()).toEqual({ own: 0, all: 2 * 1_096, pseudonyms: 3 });
  await expect(after.get(adaId)).rejects.toThrow(/There is no user/);
  await second.server.stop();
});

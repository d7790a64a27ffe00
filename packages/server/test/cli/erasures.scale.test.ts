import { copyFile, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { Rollcall } from '@rollcall/sdk';
import { generateIdentity, identityToRecipient } from 'age-encryption';
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

test('a schedule of backups keeps the record between them, so that the last backup brings back nobody', async () => {
  const key = await createKeyIn(work, work.path('scheduled'));
  await writeFile(work.path('scheduled.csv'), 'userName,email\nada,ada@example.com\n');
  await work.rollcall(['import', 'users', work.path('scheduled.csv'), ...inDir('scheduled')]);
  const dir = work.path('schedule');
  const options = ['backup', dir, '--keep', '9', '--include-master-key', ...inDir('scheduled')];
  const { file } = await work.json<{ file: string }>(options);
  const schedule = ['--schedule', '0 0 29 2 *', '--erasures-schedule', '* * * * * *'];
  const running = work.spawn([...options, ...schedule]);
  await until(() => running.stderr.includes('Backing up into'));
  const { server, baseUrl } = await work.start(['serve', ...inDir('scheduled')]);
  const { users } = new Rollcall({ baseUrl, ...key }).manage;
  const [ada] = await users.list({ userName: 'ada' });
  await users.erase(String(ada?.userId));
  await server.stop();
  await until(async () => (await readFile(`${dir}/rollcall-erasures.ndjson`, 'utf8')).includes('"subject"'));
  running.signal('SIGTERM');
  await running.exited;
  const restored = await work.rollcall(['restore', `${dir}/${file}`, ...inDir('of-schedule')]);
  expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining('Erased 1 people again.') });
});

test('backups in a directory keep the newest record beside them, and restore applies it', async () => {
  const key = await createKeyIn(work, work.path('kept'));
  await writeFile(work.path('kept.csv'), 'userName,email\nada,ada@example.com\ngrace,grace@example.com\n');
  await work.rollcall(['import', 'users', work.path('kept.csv'), ...inDir('kept')]);
  const identity = await generateIdentity();
  await writeFile(work.path('identity'), `${identity}\n`, { mode: 0o600 });
  const to = ['--recipient', await identityToRecipient(identity)];
  const clear = ['--include-master-key'];
  const backUp = async (dir: string, options: string[]) => {
    const args = ['backup', work.path(dir), '--keep', '9', ...options, ...inDir('kept')];
    return `${work.path(dir)}/${(await work.json<{ file: string }>(args)).file}`;
  };
  const [older, olderEncrypted] = [await backUp('clear', clear), await backUp('encrypted', to)];
  const alone = work.path('alone.tar.gz');
  await copyFile(older, alone);

  const { server, baseUrl } = await work.start(['serve', ...inDir('kept')]);
  const { users } = new Rollcall({ baseUrl, ...key }).manage;
  const [ada] = await users.list({ userName: 'ada' });
  await users.erase(String(ada?.userId));
  await server.stop();
  expect(await work.rollcall(['jobs', 'run', 'erase', ...inDir('kept')])).toMatchObject({ code: 0 });
  await backUp('clear', clear);
  await backUp('encrypted', to);
  const records = async (dir: string) =>
    (await readdir(work.path(dir))).filter((name) => name.includes('erasures'));
  expect([await records('clear'), await records('encrypted')]).toEqual([
    ['rollcall-erasures.ndjson'],
    ['rollcall-erasures.ndjson.age'],
  ]);
  const record = `${work.path('clear')}/rollcall-erasures.ndjson`;
  expect(await readFile(record, 'utf8')).not.toMatch(new RegExp(`ada|${ada?.userId}`));
  expect((await stat(record)).mode & 0o777).toBe(0o600);

  const isBack = async (into: string) =>
    (await work.rollcall(['users', 'list', '--format', 'csv', ...inDir(into)])).stdout.includes('ada@');
  const remark = /No record of erasures lies beside the backup\. People who were erased after/;
  const restored = await work.rollcall(['restore', older, ...inDir('of-clear')]);
  expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining('Erased 1 people again.') });
  expect(restored.stderr).not.toMatch(remark);
  expect(await isBack('of-clear')).toBe(false);
  const decrypting = ['--identity', work.path('identity')];
  expect(await work.json(['restore', olderEncrypted, ...decrypting, ...inDir('of-encrypted')])).toMatchObject(
    { erased: 1 },
  );

  const restoredAlone = await work.rollcall(['restore', alone, ...inDir('alone')]);
  expect(restoredAlone).toMatchObject({ code: 0, stderr: expect.stringMatching(remark) });
  expect(await isBack('alone')).toBe(true);
  expect(await work.json(['erasures', 'apply', record, ...inDir('alone')])).toMatchObject({ erased: 1 });

  // The newest run decides how the record is protected. What cannot be opened stops the restore.
  await backUp('clear', to);
  expect(await records('clear')).toEqual(['rollcall-erasures.ndjson.age']);
  expectOneSentence(
    await work.rollcall(['restore', older, ...inDir('refused-again')]),
    /rollcall-erasures\.ndjson\.age is encrypted, and what you gave does not open it/,
  );
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

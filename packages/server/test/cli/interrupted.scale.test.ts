import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isRoot, query } from '../embedded/support.ts';
import { until } from '../support/waiting.ts';
import { lockTable, untilSomeoneWaits } from './locks.ts';
import { expectOneSentence, processesNaming, type Rollcall, superuserOf, Workspace } from './support.ts';

const execute = promisify(execFile);

let work: Workspace;
let dataDir: string[];
let server: Rollcall;
beforeAll(async () => {
  work = await Workspace.create();
  dataDir = ['--data-dir', work.path('data')];
  ({ server } = await work.start(['serve', ...dataDir]));
  await work.json(['orgs', 'create', 'one', ...dataDir]);
});
afterAll(async () => {
  await server.stop();
  await work.close();
});

const filesIn = (name: string) => readdirSync(work.path(name));

test.each(['SIGINT', 'SIGTERM'] as const)(
  'a backup that %s ends leaves no file, and says so',
  async (signal) => {
    await mkdir(work.path(signal));
    const unlock = await lockTable(work.path('data'), 'presence_events');
    const backup = work.spawn(['backup', work.path(`${signal}/backup.tar.gz`), ...dataDir]);
    await until(() => filesIn(signal).length > 0);
    backup.signalGroup(signal);
    const { code, stdout, stderr } = await backup.exited;
    expect({ code, stdout, stderr }).toEqual({
      code: 130,
      stdout: '',
      stderr: 'rollcall: The backup was interrupted; no backup was made.\n',
    });
    expect(filesIn(signal)).toEqual([]);
    await unlock();
    await work.json(['backup', work.path(`${signal}/backup.tar.gz`), ...dataDir]);
    expect(filesIn(signal)).toEqual(['backup.tar.gz']);
  },
);

test.runIf(isRoot)('a full or read-only disk is one sentence, and leaves no backup', async ({ skip }) => {
  const disk = work.path('disk');
  await mkdir(disk);
  const mounted = await execute('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).then(
    () => true,
    () => false,
  );
  if (!mounted) skip('mounting is forbidden here');
  try {
    await writeFile(`${disk}/filler`, Buffer.alloc(100_000)).catch(() => undefined);
    const full = await work.rollcall(['backup', `${disk}/backup.tar.gz`, ...dataDir]);
    expectOneSentence(
      full,
      /^rollcall: There is not enough space for the backup file; no backup was made\.\n$/,
    );
    expect(filesIn('disk')).toEqual(['filler']);
    await execute('mount', ['-o', 'remount,ro', disk]);
    const readOnly = await work.rollcall(['backup', `${disk}/backup.tar.gz`, ...dataDir]);
    expectOneSentence(readOnly, /^rollcall: \S+ cannot be written: the disk is read-only \(EROFS\)\.\n$/);
    expect(filesIn('disk')).toEqual(['filler']);
  } finally {
    await execute('umount', [disk]);
  }
});

test('an interrupted import says how many rows are done, and the same command continues', async () => {
  const file = work.path('people.csv');
  const rows = Array.from({ length: 1_500 }, (_, n) => `person${n}@example.test,person${n}@example.test\n`);
  await writeFile(file, `userName,email\n${rows.join('')}`);
  const command = ['import', 'users', file, ...dataDir];
  const unlock = await lockTable(work.path('data'), 'users');
  const first = work.spawn(command);
  await untilSomeoneWaits(work.path('data'), 'users');
  first.signalGroup('SIGINT');
  expect(await first.exited).toEqual({
    code: 130,
    stdout: '',
    stderr:
      'rollcall: The import was interrupted; the first 0 rows are done. Run the same command to continue.\n',
  });
  await unlock();
  expect(await work.json(command)).toMatchObject({ refused: [] });
  expect(await work.json(command)).toMatchObject({ created: 0, unchanged: 1_500 });
});

test('a first start with a failed migration leaves no PostgreSQL running', async () => {
  const other = work.path('other');
  await work.rollcall(['orgs', 'list', '--data-dir', other]);
  const blocker = work.spawn(['serve', '--data-dir', other, '--port', '0']);
  await blocker.baseUrl();
  await query(
    await superuserOf(other),
    'ALTER SCHEMA rollcall RENAME TO former; CREATE SCHEMA rollcall AUTHORIZATION rollcall; CREATE TABLE rollcall.organisations ()',
  );
  await blocker.stop();
  const failed = await work.rollcall(['serve', '--data-dir', other, '--port', '0', '--log-level', 'silent']);
  expect(failed.code).toBe(1);
  expect(processesNaming(other)).toEqual([]);
});

test('restore checks its flags before it reads the whole file or creates anything', async () => {
  const file = work.path('whole.tar.gz');
  await query(
    await superuserOf(work.path('data')),
    `INSERT INTO rollcall.refused_events (tenant_id, refused_at, refusal_id, api_key_folded, endpoint, reason, event)
     SELECT (SELECT tenant_id FROM rollcall.organisations), now(), gen_random_uuid(), 'key', '/', 'none',
            string_agg(gen_random_uuid()::text, '') FROM generate_series(1, 100000)`,
  );
  await work.json(['backup', file, '--include-master-key', ...dataDir]);
  // This is only its beginning. A command that reads further says that the file is incomplete.
  const begun = work.path('begun.tar.gz');
  await execute('sh', ['-c', `head -c 1000000 ${file} > ${begun}`]);
  const openKey = work.path('open.key');
  await writeFile(openKey, `${Buffer.alloc(32).toString('base64')}\n`, { mode: 0o644 });
  const otherKey = work.path('other.key');
  await writeFile(otherKey, `${Buffer.alloc(32).toString('base64')}\n`, { mode: 0o600 });
  const into = ['--data-dir', work.path('into')];
  const url = ['--database-url', 'postgres://127.0.0.1:1/none'];
  for (const [flags, saying] of [
    [
      [...into, '--master-key-file', openKey],
      /is open to other users of this machine \(mode 0644\); run "chmod 600/,
    ],
    [[...into, '--master-key-file', otherKey], /The given master key differs from the key in the backup/],
    [
      [...into, '--master-key-file', '/nowhere/key'],
      /\/nowhere\/key cannot be written: its directory does not exist \(ENOENT\)/,
    ],
    [url, /Name a file for the backup's master key with --master-key-file/],
  ] as const) {
    expectOneSentence(await work.rollcall(['restore', begun, ...flags]), saying);
  }
  expect(existsSync(work.path('into'))).toBe(false);
});

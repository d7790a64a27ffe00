import { readFile, writeFile } from 'node:fs/promises';
import { Rollcall } from '@rollcall/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKeyIn, expectOneSentence, Workspace } from './support.ts';

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
  expect(await work.json(restore('erasures.ndjson', 'restored'))).toMatchObject({ erased: 1 });
  const { stdout } = await work.rollcall(['users', 'list', '--format', 'csv', ...inDir('restored')]);
  expect(stdout).toContain('grace@example.com');
  expect(stdout).not.toContain('ada');
});

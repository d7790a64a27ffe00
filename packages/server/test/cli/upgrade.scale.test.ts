import { afterAll, beforeAll, expect, test } from 'vitest';
import { releaseWith } from './release-support.ts';
import { createKeyIn, expectOneSentence, logIn, Workspace } from './support.ts';

let work: Workspace;
beforeAll(async () => {
  work = await Workspace.create();
});
afterAll(() => work.close());

test('a migration that fails is named, changes nothing, and the earlier release goes on', async () => {
  const data = ['--data-dir', work.path('data')];
  const key = await createKeyIn(work, work.path('data'));
  const program = await releaseWith(
    work,
    '9998_fails',
    'CREATE TABLE half (x integer); ALTER TABLE nowhere ADD y text;',
  );
  for (const command of [
    ['serve', '--port', '0', '--log-level', 'silent'],
    ['orgs', 'list'],
  ]) {
    expectOneSentence(
      await work.rollcall([...command, ...data], { program }),
      /^rollcall: The migration 9998_fails failed: relation "nowhere" does not exist\. The database is as it was, .*\.\n$/,
    );
  }
  const { server, baseUrl } = await work.start(['serve', ...data]);
  expect((await logIn(baseUrl, key)).status).toBe(200);
  await server.stop();
});

test('any command of a later release migrates; the way back is a backup of before, by the earlier release', async () => {
  const [before, file, back] = [work.path('before'), work.path('before.backup'), work.path('back')];
  const key = await createKeyIn(work, before);
  const backup = ['backup', file, '--include-master-key', '--data-dir', before];
  expect(await work.rollcall(backup)).toMatchObject({ code: 0 });
  const program = await releaseWith(work, '9999_future', 'ALTER TABLE users ADD COLUMN future text;');
  expect(await work.rollcall(['orgs', 'list', '--data-dir', before], { program })).toMatchObject({ code: 0 });
  const refusal =
    /^rollcall: This database was written by a newer Rollcall \(it has migration 9999_future\); .*\.\n$/;
  expectOneSentence(await work.rollcall(['orgs', 'list', '--data-dir', before]), refusal);
  expect(await work.rollcall(['restore', file, '--data-dir', back])).toMatchObject({ code: 0 });
  const { server, baseUrl } = await work.start(['serve', '--data-dir', back]);
  expect((await logIn(baseUrl, key)).status).toBe(200);
  await server.stop();
});

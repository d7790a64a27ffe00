import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { releaseWith } from './release-support.ts';
import { createKeyIn, expectOneSentence, logIn, until, Workspace } from './support.ts';
import { urlOf } from './url-support.ts';

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

test('a later release migrates beside live servers only if they can live with it; after kill -9 it waits for seconds', async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const env = {
    DATABASE_URL: urlOf(database.target),
    ROLLCALL_MASTER_KEY: randomBytes(32).toString('base64'),
  };
  const rolling = await releaseWith(work, '9998_adds', 'ALTER TABLE users ADD COLUMN later text;', {
    rolling: true,
  });
  const other = await releaseWith(work, '9999_takes', 'ALTER TABLE users ADD COLUMN other text;');
  const { server, baseUrl } = await work.start(['serve', '--workers', '2'], { env });
  const ask = (sql: string) => database.owner.inSystem((tx) => tx.query(sql));
  await until(async () => (await ask('SELECT FROM server_processes')).rows.length === 2);
  for (const command of [['migrate'], ['serve', '--port', '0', '--log-level', 'silent'], ['orgs', 'list']]) {
    expectOneSentence(
      await work.rollcall(command, { program: other, env }),
      /rollcall: The migration 9999_takes is due, which .* and 2 of their processes use the database; .*\.\n$/,
    );
  }
  expect(await work.rollcall(['migrate', '--json'], { program: rolling, env })).toMatchObject({
    code: 0,
    stdout: '{"applied":["9998_adds"]}\n',
  });
  expect((await fetch(`${baseUrl}/readyz`)).status).toBe(200);
  // As if the release without it had run until now.
  await ask("DELETE FROM migrations WHERE name = '9998_adds'");
  server.signal('SIGKILL');
  await server.exited;
  const later = await work.start(['serve'], { program: other, env });
  expect((await fetch(`${later.baseUrl}/readyz`)).status).toBe(200);
  await later.server.stop();
  expect((await ask('SELECT name FROM migrations ORDER BY id DESC LIMIT 1')).rows).toEqual([
    { name: '9999_takes' },
  ]);
});

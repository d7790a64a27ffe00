import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectOneSentence, Workspace } from './support.ts';

let work: Workspace;
let env: Record<string, string>;
let folder: string;
beforeAll(async () => {
  work = await Workspace.create();
  env = {
    ROLLCALL_DATA_DIR: work.path('data'),
    ROLLCALL_MASTER_KEY: randomBytes(32).toString('base64'),
  };
  folder = work.path('export');
  await mkdir(join(folder, 'users'), { recursive: true });
  const users = [
    { userId: randomUUID(), userName: 'ada', status: 'active' },
    { userId: 'bob', userName: 'bob' },
  ];
  await writeFile(join(folder, 'users', 'all.ndjson'), users.map((row) => JSON.stringify(row)).join('\n'));
});
afterAll(() => work.close());

test('the command imports an exported folder, and reports refused rows', async () => {
  const unfinished = await work.rollcall(['import', '--from-export', folder], { env });
  expectOneSentence(unfinished, /has no manifest\.json/);
  await writeFile(join(folder, 'manifest.json'), '{}');
  expectOneSentence(
    await work.rollcall(['import', 'users', '--from-export', folder], { env }),
    /leave the kind out/,
  );
  expectOneSentence(await work.rollcall(['import'], { env }), /Name a kind /);

  const moved = await work.rollcall(['import', '--from-export', `${folder}/`], { env });
  expect(moved.stdout).toBe('users: 2 rows, 1 stored, 0 there already, 1 refused.\n');
  expect(moved.stderr).toContain('line 2: userId "bob" is not a GUID');
  expect(moved.code).toBe(1);
  const [rejected, ...others] = (await readFile(`${folder}.rejected.ndjson`, 'utf8')).trim().split('\n');
  expect(JSON.parse(rejected ?? '')).toMatchObject({ dataset: 'users', line: 2, row: { userName: 'bob' } });
  expect(others).toEqual([]);

  const again = await work.rollcall(['import', '--from-export', folder, '--json'], { env });
  expect(JSON.parse(again.stdout)).toMatchObject({
    datasets: [{ dataset: 'users', rows: 2, stored: 0, already: 1, refused: 1 }],
    rejectedFile: `${folder}.rejected.ndjson`,
  });

  for (const option of ['--refused', '--rejected']) {
    const path = work.path(`file of ${option}`);
    const named = await work.rollcall(['import', '--from-export', folder, option, path, '--json'], { env });
    expect(JSON.parse(named.stdout)).toMatchObject({ rejectedFile: path });
    expectOneSentence(
      await work.rollcall(['import', 'users', 'file.csv', option, path], { env }),
      new RegExp(`The option ${option} has no effect with a file`),
    );
  }
});

import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { basicKey, readDataset, SILENT, startDemo } from './demo-support.ts';
import { createKeyIn, logIn, postJson, Workspace } from './support.ts';

const run = promisify(execFile);
const CHECKOUT = fileURLToPath(new URL('../../../../', import.meta.url));

let work: Workspace;
/** The package as npm installed it, in a directory that had nothing else. */
let installed: string;
beforeAll(async () => {
  work = await Workspace.create();
  const { stdout } = await run('npm', ['run', '--silent', 'package', '--', '--out', work.path('packed')], {
    cwd: CHECKOUT,
  });
  const file = join(CHECKOUT, stdout.trim());
  const folder = work.path('installed');
  await mkdir(folder);
  const quietly = ['--no-audit', '--no-fund', '--ignore-scripts'];
  await run('npm', ['install', '--prefix', folder, ...quietly, file], { cwd: folder });
  installed = join(folder, 'node_modules/rollcall');
  work.program = join(folder, 'node_modules/.bin/rollcall');
});
afterAll(() => work.close());

test('an installation runs no script, has few packages, and none of the workspace', async () => {
  const names = await readdir(work.path('installed/node_modules'));
  expect(names).not.toContain('@rollcall');
  expect(names.length).toBeLessThan(50);
  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as object;
  expect(manifest).not.toHaveProperty('scripts');
  expect(manifest).not.toHaveProperty('devDependencies');
});

test('the package has the documents, the licence, and the licences of all that is in the bundle', async () => {
  for (const name of ['README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'docs/operations.md'])
    expect((await stat(join(installed, name))).size).toBeGreaterThan(0);
  const notices = await readFile(join(installed, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
  for (const name of ['fastify', 'pg', 'pino', 'react', '@mantine/core', 'graphile-worker'])
    expect(notices).toMatch(new RegExp(`^${name} \\d`, 'm'));
});

test('its demo is live, with the pages of the console and the reference of the API', async () => {
  const { server, baseUrl, credentials } = await startDemo(work, 'demo', SILENT);
  expect(await readDataset(baseUrl, 'users/basic', basicKey(credentials))).not.toEqual([]);
  for (const path of ['/console', '/docs']) {
    const page = await fetch(baseUrl + path);
    expect({ path, status: page.status }).toEqual({ path, status: 200 });
    const html = await page.text();
    const script = /src="([^"]+\.js)"/.exec(html)?.[1] ?? expect.fail(`No script: ${html}`);
    expect((await fetch(new URL(script, page.url))).status).toBe(200);
  }
  await server.stop();
});

test('it serves an organisation, and backs it up', async () => {
  const dataDir = work.path('own');
  const key = await createKeyIn(work, dataDir);
  const { server, baseUrl } = await work.start(['serve', '--data-dir', dataDir]);
  const { token } = await logIn(baseUrl, key);
  const made = await postJson(
    `${baseUrl}/v1/manage/locations`,
    { items: [{ locationName: 'Head office', timeZone: 'Europe/London' }] },
    token,
  );
  expect(made.status).toBe(200);
  const file = work.path('own.backup');
  expect(await work.rollcall(['backup', file, '--include-master-key', '--data-dir', dataDir])).toMatchObject({
    code: 0,
  });
  await server.stop();

  const restored = work.path('restored');
  expect(await work.rollcall(['restore', '--verify', file])).toMatchObject({ code: 0 });
  expect(await work.rollcall(['restore', file, '--data-dir', restored])).toMatchObject({ code: 0 });
  const again = await work.start(['serve', '--data-dir', restored]);
  const { token: later } = await logIn(again.baseUrl, key);
  const reply = await fetch(`${again.baseUrl}/v1/analytics/locations`, {
    headers: { authorization: `Bearer ${later}` },
  });
  expect(await reply.json()).toMatchObject([{ locationName: 'Head office' }]);
  await again.server.stop();
});

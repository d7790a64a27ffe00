import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { TestProxy } from '../../../sdk/test/support/proxy.ts';
import { addSite, insertPresence, type Site } from '../support/presence.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { listen } from '../support/sockets.ts';
import { expectOneSentence, until, Workspace } from './support.ts';

/** About 400 bytes each. */
const ROWS = 2_000;
/** Blocks of 512 bytes: more than the short lists need, and less than the events. */
const FILE_BLOCKS = 64;
const MARCH = ['--from', '2026-03-01', '--to', '2026-03-31'];

let work: Workspace;
let server: TestServer;
let site: Site;
let proxy: TestProxy;
beforeAll(async () => {
  work = await Workspace.create();
  server = await startTestServer();
  proxy = await TestProxy.start(await listen(server));
  server.clock.nowMs = Date.now();
  site = await addSite(server);
  await insertPresence(server, site, ROWS);
});
afterEach(() => proxy.reset());
afterAll(async () => {
  await proxy.close();
  await server.close();
  await work.close();
});

const args = (into: string) => [
  'export',
  'users',
  'locations',
  'presence',
  ...MARCH,
  '--concurrency',
  '1',
  '--into',
  into,
  '--base-url',
  proxy.baseUrl,
  '--key',
  site.key.apiKey,
];
const secret = () => ({ env: { ROLLCALL_SECRET: site.key.secret } });

/** The unfinished files of a folder. */
async function unfinishedIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => /\.part$|\.new$|scratch|\.lock/.test(name));
}

test('a file that cannot be written is one sentence and leaves no part, and the same command continues', async () => {
  const folder = work.path('full');
  const full = await work.rollcall(args(folder), { ...secret(), fileBlocks: FILE_BLOCKS });
  expectOneSentence(full, new RegExp(`${folder} cannot be written: .*\\(EFBIG\\)\\.$`, 'm'));
  expect(full.stderr).toContain('Run the same command to continue');
  expect(await unfinishedIn(folder)).toEqual([]);
  proxy.reset();
  const again = await work.rollcall(args(folder), secret());
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining(`${ROWS + 2} rows in 3 files`) });
  expect(again.stderr).toContain('Continuing: 2 files are complete already.');
  expect(proxy.count('/v1/analytics/users')).toBe(0);
  expect(await unfinishedIn(folder)).toEqual([]);
});

test('a folder that cannot be created is one sentence', async () => {
  const file = work.path('a-file');
  await writeFile(file, '');
  expectOneSentence(
    await work.rollcall(args(join(file, 'below')), secret()),
    /a-file\/below cannot be .*ENOTDIR/,
  );
});

test('Ctrl-C leaves no unfinished file, and the same command continues', async () => {
  const folder = work.path('interrupted');
  proxy.fate = ({ path }) =>
    path === '/v1/analytics/presence' ? { breakAfter: new Promise(() => undefined) } : 'pass';
  const run = work.spawn(args(folder), secret());
  await until(
    async () =>
      run.hasEnded || (await unfinishedIn(folder).catch(() => [])).some((name) => name.endsWith('.part')),
    60_000,
  );
  run.signal('SIGINT');
  const outcome = await run.exited;
  expect([outcome.code, outcome.stderr]).toEqual([
    130,
    expect.stringContaining('Run the same command to continue'),
  ]);
  expect(await unfinishedIn(folder)).toEqual([]);
  proxy.reset();
  const again = await work.rollcall(args(folder), secret());
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining(`${ROWS + 2} rows in 3 files`) });
});

import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Setup, setUp } from '../test/support/setup.ts';
import { PageServer } from './page-server.ts';

const PACKAGE_DIR = fileURLToPath(new URL('../', import.meta.url));
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const arm = process.arch === 'arm64';
const mac = process.platform === 'darwin';

/**
 * The platform packages contain the programs. The packages `deno` and `bun` would fetch or link them by install
 * scripts.
 */
const DENO = here(
  `node_modules/@deno/${mac ? 'darwin' : 'linux'}-${arm ? 'arm64' : 'x64'}${mac ? '' : '-glibc'}/deno`,
);
const BUN = here(`node_modules/@oven/bun-${mac ? 'darwin' : 'linux'}-${arm ? 'aarch64' : 'x64'}/bin/bun`);
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);
const isThere = (program: string | undefined) =>
  program !== undefined && spawnSync(program, ['--version']).status === 0;

const RUNTIMES = [
  { name: 'Node.js', command: [process.execPath], env: true },
  { name: 'Deno', command: [DENO, 'run', '--no-prompt', '--allow-net', '--allow-env=ROLLCALL_*'], env: true },
  // Without the permission, Deno throws when a program reads a variable.
  { name: 'Deno without its environment', command: [DENO, 'run', '--no-prompt', '--allow-net'], env: false },
  { name: 'Bun', command: [BUN, 'run'], env: true },
].map((runtime) => ({ ...runtime, present: isThere(runtime.command[0]) }));
const hasBrowser = isThere(CHROMIUM);

let setup: Setup;
let pages: PageServer;
let strangers: PageServer;
/** The directory into which npm installs the packed package. */
let workDir: string;

beforeAll(async () => {
  const absent = RUNTIMES.filter(({ present }) => !present).map(({ name }) => name);
  if (!hasBrowser) absent.push('Chromium');
  if (absent.length > 0) console.warn(`NOT CHECKED, because not installed: ${absent.join(', ')}`);
  workDir = await mkdtemp(join(tmpdir(), 'rollcall-sdk-checks-'));
  const run = promisify(execFile);
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', workDir], {
    cwd: PACKAGE_DIR,
  });
  const [{ filename }] = JSON.parse(stdout);
  await run('npm', ['install', '--offline', '--prefix', workDir, join(workDir, filename)], { cwd: workDir });
  for (const name of ['walk.mjs', 'walk-here.mjs']) await copyFile(here(name), join(workDir, name));
  pages = await PageServer.start(workDir);
  strangers = await PageServer.start(workDir);
  setup = await setUp({ corsOrigins: [pages.origin] });
});
afterAll(async () => {
  await setup.close();
  await pages.close();
  await strangers.close();
  await rm(workDir, { recursive: true, force: true });
});

const connectionOf = ({ baseUrl, site: { key } }: Setup) => ({
  baseUrl,
  apiKey: key.apiKey,
  secret: key.secret,
});
const variablesOf = ({ baseUrl, apiKey, secret }: ReturnType<typeof connectionOf>) => ({
  ROLLCALL_BASE_URL: baseUrl,
  ROLLCALL_API_KEY: apiKey,
  ROLLCALL_SECRET: secret,
});
const taskOf = ({ site }: Setup, sourceId: string) => ({
  locationId: site.office.locationId,
  userId: site.user.userId,
  sourceId,
});

/** Globals of the page of a `PageServer`. */
declare const walk: (task: object) => Promise<unknown>;
declare const Rollcall: typeof import('../src/index.ts').Rollcall;

const EXPECTED = {
  stored: 250,
  streamed: 250,
  awaited: 250,
  users: { hmac: 1, 'client-credentials': 1, basic: 1 },
  failure: [true, 'AuthenticationError', 401],
};

test.for(RUNTIMES)('the SDK works in $name', async ({ name, command, env, present }, { skip }) => {
  if (!present) return skip();
  const connection = connectionOf(setup);
  const [program = '', ...args] = command;
  const task = { connection: env ? {} : connection, ...taskOf(setup, name) };
  const { stdout } = await promisify(execFile)(program, [...args, 'walk-here.mjs', JSON.stringify(task)], {
    cwd: workDir,
    env: {
      PATH: process.env.PATH,
      HOME: workDir,
      no_proxy: '127.0.0.1',
      ...(env ? variablesOf(connection) : {}),
    },
  });
  expect(JSON.parse(stdout)).toEqual(EXPECTED);
});

describe.skipIf(!hasBrowser)('in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: CHROMIUM ?? '',
      args: ['--no-sandbox', '--host-resolver-rules=MAP plain.test 127.0.0.1'],
    });
  });
  afterAll(() => browser.close());

  async function pageAt(url: string) {
    const page = await browser.newPage();
    await page.goto(url);
    return page;
  }

  test('the SDK works on a page of another origin that the server allows', async () => {
    const page = await pageAt(pages.origin);
    const task = { connection: connectionOf(setup), ...taskOf(setup, 'Chromium') };
    const walked = page.evaluate((each) => walk(each), task);
    expect(await walked).toEqual(EXPECTED);
  });

  test('pages can read the response headers that clients use', async () => {
    const page = await pageAt(pages.origin);
    const { authorization } = setup.site.headers;
    const url = `${setup.baseUrl}/v1/analytics/users/basic`;
    const [etag, correlationId] = await page.evaluate(
      async (call) => {
        const { headers } = await fetch(call.url, { headers: { authorization: call.authorization } });
        return [headers.get('etag'), headers.get('correlationId')];
      },
      { url, authorization },
    );
    expect([etag, correlationId]).toEqual([expect.stringMatching(/^"/), expect.stringMatching(/./)]);
  });

  /** The name and message of the error of a call in a page. */
  const callIn = async (url: string, options: Record<string, unknown>) => {
    const page = await pageAt(url);
    return page.evaluate(async (each) => {
      const users = new Rollcall({ maxRetries: 0, ...each }).analytics.users();
      return users.then(
        () => undefined,
        (error: Error) => [error.name, error.message] as const,
      );
    }, options);
  };

  test('a page of an origin that the server does not allow gets no answer', async () => {
    const [name] = (await callIn(strangers.origin, connectionOf(setup))) ?? [];
    expect(name).toBe('NetworkError');
  });

  test('HMAC on a page without TLS is an error that says why', async () => {
    const failure = await callIn(`http://plain.test:${pages.port}`, connectionOf(setup));
    expect(failure).toEqual(['AuthenticationError', expect.stringContaining('Web Crypto')]);
  });

  test("a session goes to the page's own origin, with its cookies and nothing else", async () => {
    pages.seen.length = 0;
    const context = await browser.newContext();
    await context.addCookies([{ name: 'session', value: '4711', url: pages.origin, httpOnly: true }]);
    const page = await context.newPage();
    await page.goto(pages.origin);
    const failure = await page.evaluate(async () => {
      return new Rollcall({ authentication: 'session' }).analytics.users().then(
        () => undefined,
        (error: Error) => error.name,
      );
    });
    expect(failure).toBe('NotFoundError');
    expect(pages.seen.map(({ cookie, authorization }) => [cookie, authorization])).toEqual([
      ['session=4711', undefined],
    ]);
  });
});

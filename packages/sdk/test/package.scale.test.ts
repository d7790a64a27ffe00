import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { daysAgo, eventsOf, type Setup, setUp } from './support/setup.ts';

const PACKAGE_DIR = fileURLToPath(new URL('../', import.meta.url));
const TSC = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url));
const EXAMPLES = fileURLToPath(new URL('../../../examples/', import.meta.url));
const LARGEST_BYTES = 13_000;

let setup: Setup;
/** A folder within the package, where the package's own name resolves to the build. */
let workDir: string;
beforeAll(async () => {
  workDir = await mkdtemp(join(PACKAGE_DIR, '.test-'));
  setup = await setUp();
});
afterAll(async () => {
  await setup.close();
  await rm(workDir, { recursive: true, force: true });
});

function execute(command: string, args: string[]) {
  const { apiKey, secret } = setup.site.key;
  const env = {
    ...process.env,
    ROLLCALL_BASE_URL: setup.proxy.baseUrl,
    ROLLCALL_API_KEY: apiKey,
    ROLLCALL_SECRET: secret,
    ROLLCALL_KEY_ID: apiKey,
    ROLLCALL_KEY_SECRET: secret,
    no_proxy: '127.0.0.1',
  };
  return promisify(execFile)(command, args, { env });
}

async function run(name: string, program: string): Promise<string> {
  const path = join(workDir, name);
  await writeFile(path, program);
  return (await execute(process.execPath, [path])).stdout;
}

async function runExample(command: string, path: string, ...args: string[]) {
  const script = join(workDir, path.replace('/', '-'));
  await copyFile(join(EXAMPLES, path), script);
  return execute(command, [script, ...args]);
}

const USE = `new Rollcall().analytics.users().then((rows) => console.log(rows.length, typeof TransferError));`;

test.each([
  ['import.mjs', `import { Rollcall, TransferError } from '@rollcall/sdk';\n${USE}`],
  ['require.cjs', `const { Rollcall, TransferError } = require('@rollcall/sdk');\n${USE}`],
])('the built package works by %s', async (name, program) => {
  expect(await run(name, program)).toBe('1 function\n');
});

test.each(['mts', 'cts'])('TypeScript finds the right types in .%s', async (ending) => {
  const path = join(workDir, `consumer.${ending}`);
  await writeFile(
    path,
    `import { Rollcall, type UserRow } from '@rollcall/sdk';
     export const rows: Promise<UserRow[]> = new Rollcall().analytics.users().then((all) => all);
     export const day: Promise<string> = new Rollcall().analytics
       .presence({ startDate: new Date(), endDate: '2026-03-01' })
       .then(([row]) => row?.day ?? '');
     export const changes = new Rollcall().analytics.userBookingAttendance({ changedSince: 'cursor' });
     export const plans: Promise<string[]> = changes.then((all) =>
       all.map((row) => ('removedFrom' in row ? row.removedFrom : row.deleted ? row.day : row.plan)),
     );
     export const cursor: string | undefined = changes.cursor;
     // @ts-expect-error: without days there is nothing but what has changed.
     new Rollcall().analytics.presence({ limit: 10 });
     // @ts-expect-error: a mistake has to be seen.
     new Rollcall().presence.submit('door', [{ eventId: 1 }]);\n`,
  );
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom'];
  const { stdout } = await promisify(execFile)(process.execPath, [
    TSC,
    '--ignoreConfig',
    ...flags,
    path,
  ]).catch((error) => error);
  expect(stdout).toBe('');
});

test('the files of the package are smaller than 13 kB compressed, and need no dependencies and no API of Node.js', async () => {
  const directory = join(PACKAGE_DIR, 'dist/esm');
  const names = (await readdir(directory)).filter((name) => name.endsWith('.js'));
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  const text = texts.join('');
  expect(gzipSync(text).length).toBeLessThan(LARGEST_BYTES);
  const imports = [...text.matchAll(/from '([^']+)'/g)].map(([, from]) => from);
  expect(imports.filter((from) => !from?.startsWith('./'))).toEqual([]);
  expect(text).not.toMatch(/\bBuffer\b|\brequire\(/);
  const { dependencies, sideEffects } = JSON.parse(await readFile(join(PACKAGE_DIR, 'package.json'), 'utf8'));
  expect([dependencies, sideEffects]).toEqual([undefined, false]);
});

test('the quick start of the README runs as it is written', async () => {
  const readme = await readFile(join(PACKAGE_DIR, 'README.md'), 'utf8');
  const [, program = ''] = /## Quick start[\s\S]*?```js\n([\s\S]*?)```/.exec(readme) ?? [];
  expect(program).toContain('new Rollcall(');
  const { office, user } = setup.site;
  const filled = program
    .replace("'LOCATION_ID'", JSON.stringify(office.locationId))
    .replace("'ada@example.com'", JSON.stringify(user.email));
  const output = await run('quick-start.mjs', filled);
  expect(output).toMatch(/^1 stored, 0 refused\n/);
  expect(output).toContain(`${user.userId} walkIn`);
});

test('the badge bridge submits each line once, however often it starts, and names refused lines', async () => {
  const { user, office } = setup.site;
  const credentials = [{ active: true, cardNumber: '4711', scanData: ['4711'], credentialType: 'card' }];
  await setup.client().accessCredentials.submit([{ username: user.email, updateId: 'u', credentials }]);
  const log = join(workDir, 'badges.csv');
  const at = new Date(Date.now() - 60_000).toISOString();
  await writeFile(log, `${at},4711\n${at},unknown\n${at},47`);
  for (let start = 0; start < 2; start++) {
    const { stdout, stderr } = await runExample(
      process.execPath,
      'sdk/badge-bridge.mjs',
      '--once',
      log,
      office.locationId,
    );
    expect(stdout).toBe('1 stored, 1 refused\n');
    expect(stderr).toMatch(/^line 2: /);
  }
  const rows = await setup.client().analytics.presence({ startDate: daysAgo(2), endDate: daysAgo(-1) });
  expect(rows.filter(({ sourceId }) => sourceId === log)).toHaveLength(1);
});

test('the attendance report counts by office and day, over more than one window', async () => {
  await setup.client().presence.submit('door', eventsOf(setup, 40, 40, 86_400_000));
  const { stdout } = await runExample(process.execPath, 'sdk/attendance-report.mjs', daysAgo(39), daysAgo(2));
  const [header, ...lines] = stdout.trim().split('\n');
  expect(header).toBe('day,office,confirmed,walkIn,noShow,unconfirmed');
  expect(lines).toHaveLength(38);
  expect(lines[0]).toMatch(new RegExp(`^${daysAgo(39)},".+",0,1,0,0$`));
});

test('the Python script writes an export over more than one window', async () => {
  const { stdout } = await runExample('python3', 'python/warehouse.py', 'presence', daysAgo(39), daysAgo(2));
  const [header, ...lines] = stdout.trim().split('\n');
  expect(header).toContain('eventId');
  expect(lines).toHaveLength(38);
});

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Seen, TestProxy } from '../../../sdk/test/support/proxy.ts';
import { loadFolder } from '../../src/cli/export/duckdb.ts';
import { ExportFolder } from '../../src/cli/export/folder.ts';
import type { ExportedFile, Manifest } from '../../src/cli/export/manifest.ts';
import { type DatasetPath, EXPORTED_DATASETS } from '../../src/cli/export/parts.ts';
import { FILE_FORMATS, type FileFormat } from '../../src/cli/export/write.ts';
import { addSite, goodEvent, insertPresence, results, type Site } from '../support/presence.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { listen } from '../support/sockets.ts';
import { ChangingOrganisation, exportHere, rowsOf } from './export-support.ts';
import { expectOneSentence, type Outcome, until, Workspace } from './support.ts';

const ROWS = 4_000;
/** The datasets as DuckDB shows them. */
const TABLES = EXPORTED_DATASETS.map((dataset) => dataset.replaceAll(/[-/]/g, '_'));
const FORMATS = Object.keys(FILE_FORMATS) as FileFormat[];
/** Two windows, so that there are two calls. */
const MARCH = ['--from', '2026-03-01', '--to', '2026-03-31'];

let work: Workspace;
let server: TestServer;
let site: Site;
let proxy: TestProxy;
/** The rows of presence in the answer of the server. */
let presence: object[];
beforeAll(async () => {
  work = await Workspace.create();
  server = await startTestServer();
  proxy = await TestProxy.start(await listen(server));
  // The command uses the real time.
  server.clock.nowMs = Date.now();
  site = await addSite(server);
  await insertPresence(server, site, ROWS);
  presence = (await get('presence?startDate=2026-03-01&endDate=2026-03-31')) as object[];
});
afterEach(() => proxy.reset());
afterAll(async () => {
  await proxy.close();
  await server.close();
  await work.close();
});

async function get(path: string): Promise<unknown> {
  const [name, query = ''] = path.split('?');
  const url = `/v1/analytics/${name}/basic?${query}`;
  return (await server.app.inject({ url, headers: site.headers })).json();
}

function start(folder: string, ...args: string[]) {
  const connection = ['--base-url', proxy.baseUrl, '--key', site.key.apiKey];
  return work.spawn(['export', ...args, '--into', work.path(folder), ...connection], {
    env: { ROLLCALL_SECRET: site.key.secret },
  });
}

const run = (folder: string, ...args: string[]): Promise<Outcome> => start(folder, ...args).exited;

const here = (folder: string, options?: Parameters<typeof exportHere>[2]) =>
  exportHere(work.path(folder), { baseUrl: proxy.baseUrl, ...site.key }, options);

const manifestOf = async (folder: string): Promise<Manifest> =>
  JSON.parse(await readFile(work.path(`${folder}/manifest.json`), 'utf8'));

async function addEvent(eventId: string, timestamp: string): Promise<void> {
  await results(server, site, [goodEvent(site, { eventId, timestamp })]);
}

async function linesOf(folder: string, file: string): Promise<object[]> {
  const text = await readFile(work.path(`${folder}/${file}`), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

test('the folder has everything of a server, matches the manifest, and has the rows of the exports', async () => {
  const { code, stdout } = await run('all', ...MARCH, '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ files: 10, read: 10, kept: 0 });
  const { files } = await manifestOf('all');
  for (const { path, sha256, bytes } of files) {
    const content = await readFile(work.path(`all/${path}`));
    expect([createHash('sha256').update(content).digest('hex'), content.length]).toEqual([sha256, bytes]);
  }
  expect(files.find(({ path }) => path === 'presence/2026-03.ndjson')?.rows).toBe(ROWS);
  expect(await linesOf('all', 'presence/2026-03.ndjson')).toEqual(presence);
  expect(await linesOf('all', 'users/all.ndjson')).toEqual(await get('users'));
  const attendance = await get('user-booking-attendance?startDate=2026-03-01&endDate=2026-03-31');
  expect(await linesOf('all', 'user-booking-attendance/2026-03.ndjson')).toEqual(attendance);
  expect(existsSync(work.path('all/.rollcall-export'))).toBe(false);
});

test('as CSV, the folder has the bytes of the server, and as Parquet, it has the rows and types', async () => {
  for (const format of ['csv', 'parquet'] as const) await here(format, { datasets: ['presence'], format });
  const url = '/v1/analytics/presence/basic?startDate=2026-03-01&endDate=2026-03-31&format=csv';
  const { body } = await server.app.inject({ url, headers: site.headers });
  expect(await readFile(work.path('csv/presence/2026-03.csv'), 'utf8')).toBe(body);
  const duckdb = await (await DuckDBInstance.create()).connect();
  const path = work.path('parquet/presence/2026-03.parquet');
  const read = await duckdb.runAndReadAll(`SELECT "eventId", typeof("timestamp") AS type FROM '${path}'`);
  duckdb.disconnectSync();
  const expected = presence.map((row) => ({
    eventId: (row as { eventId: string }).eventId,
    type: 'TIMESTAMP WITH TIME ZONE',
  }));
  expect(read.getRowObjectsJson()).toEqual(expected);
});

test('a killed run continues: no row is lost or doubled, and complete files are not read again', async () => {
  const range = ['--from', '2025-12-01', '--to', '2026-03-31', '--concurrency', '1'];
  proxy.fate = ({ path, query }) =>
    path === '/v1/analytics/presence' && query.get('startDate') === '2026-01-01'
      ? { delayMs: 60_000 }
      : 'pass';
  const first = start('killed', 'users', 'presence', ...range);
  // The later months come first. March and February are complete now.
  await until(() => proxy.count('/v1/analytics/presence') === 4 || first.hasEnded);
  first.signal('SIGKILL');
  expect((await first.exited).code).toBeNull();
  expect(await readdir(work.path('killed'))).toEqual(['.rollcall-export', '.rollcall-export.lock']);

  proxy.reset();
  const { code, stdout, stderr } = await run('killed', 'users', 'presence', ...range);
  expect([code, stdout]).toEqual([0, `${ROWS + 1} rows in 5 files; 5 of them read, 0 changed, 0 kept.\n`]);
  expect(stderr).toContain('3 files are complete already');
  const asked = proxy.seen
    .filter(({ path }) => path === '/v1/analytics/presence')
    .map(({ query }) => query.get('startDate'));
  expect(asked).toEqual(['2026-01-01', '2026-01-31', '2025-12-01', '2025-12-31']);
  expect(await linesOf('killed', 'presence/2026-03.ndjson')).toEqual(presence);
  expect(
    (await readdir(work.path('killed'), { recursive: true })).filter((name) => name.includes('part')),
  ).toEqual([]);
});

test('of two runs into one folder, the second is refused, and the first continues', async () => {
  proxy.fate = ({ path }) => (path === '/v1/analytics/presence' ? { delayMs: 1_000 } : 'pass');
  const first = start('twice', 'presence', ...MARCH);
  await until(() => proxy.count('/v1/analytics/presence') > 0 || first.hasEnded);
  await expect(here('twice')).rejects.toThrow(/Another export .* is running/);
  expect((await first.exited).code).toBe(0);
  expect(await linesOf('twice', 'presence/2026-03.ndjson')).toEqual(presence);
});

test('an answer that breaks off is read again, and its rows are not doubled', async () => {
  const fates = ['break', 'shorten'] as const;
  let count = 0;
  proxy.fate = ({ path }) => (path === '/v1/analytics/presence' ? (fates[count++] ?? 'pass') : 'pass');
  await here('broken', { datasets: ['presence'] });
  expect(count).toBeGreaterThan(2);
  expect(await linesOf('broken', 'presence/2026-03.ndjson')).toEqual(presence);
});

/** The days and the cursors of the requests for a dataset. */
const asked = (dataset: string) =>
  proxy.seen
    .filter(({ path }) => path === `/v1/analytics/${dataset}`)
    .map(({ query }) => [query.get('startDate'), query.get('changedSince')]);

test('a later run asks for changes, and leaves files without changes alone', async () => {
  const options = { datasets: ['users', 'presence'] satisfies DatasetPath[], startDate: '2026-02-01' };
  const before = await here('again', options);
  const cursorsOf = (files: ExportedFile[]) => [...new Set(files.map(({ cursor }) => cursor))];
  const [first] = cursorsOf(before.files);
  proxy.reset();
  server.clock.nowMs += 1_000;
  const { files, ...counts } = await here('again', options);
  expect(counts).toEqual({ read: 0, changed: 0 });
  expect([asked('users'), asked('presence')]).toEqual([[[null, first]], [[null, first]]]);
  expect(cursorsOf(files)).toHaveLength(1);
  expect(cursorsOf(files)).not.toEqual([first]);
  expect(files.map(({ sha256 }) => sha256)).toEqual(before.files.map(({ sha256 }) => sha256));

  await addEvent('again', '2026-02-10T09:00:00Z');
  expect(await here('again', options)).toMatchObject({ read: 0, changed: 1 });
  expect(await linesOf('again', 'presence/2026-02.ndjson')).toMatchObject([{ eventId: 'again' }]);
  expect(await here('again', { ...options, full: true })).toMatchObject({ read: 3, changed: 0 });
});

test('from a server without cursors, a later run reads the months that can have changed', async () => {
  proxy.hidden = ['rollcall-cursor'];
  const endDate = new Date().toISOString().slice(0, 10);
  const options = { datasets: ['locations', 'presence'] satisfies DatasetPath[], endDate };
  const before = await here('vendors', options);
  proxy.seen.length = 0;
  const after = await here('vendors', options);
  const settledBefore = Date.now() - 15 * 86_400_000;
  const kept = before.files.filter((file) => file.endDate && Date.parse(file.endDate) <= settledBefore);
  expect(kept.map(({ path }) => path)).toContain('presence/2026-03.ndjson');
  expect(after).toMatchObject({ read: before.files.length - kept.length, changed: 0 });
  expect(asked('presence').map(([startDate]) => startDate)).not.toContain('2026-03-01');
  expect(after.files.filter(({ path }) => kept.some((each) => each.path === path))).toEqual(kept);
  expect(await here('vendors', { ...options, full: true })).toMatchObject({ read: before.files.length });
});

test('a cursor that the server no longer accepts is reported, and the dataset is read again', async () => {
  await here('restored', { datasets: ['users', 'presence'] });
  proxy.fate = ({ path, query }) =>
    path.endsWith('/presence') && query.has('changedSince') ? { status: 410, body: '{}' } : 'pass';
  const { code, stdout, stderr } = await run('restored', 'users', 'presence', ...MARCH, '--json');
  expect(code).toBe(0);
  expect(stderr).toBe(
    'The server no longer knows the changes of presence since the last run: the command reads all of it again.\n',
  );
  expect(JSON.parse(stdout)).toMatchObject({ read: 1, kept: 1 });
});

test('a run that is killed after it has merged changes continues, and nothing is lost or doubled', async () => {
  const datasets: DatasetPath[] = ['presence', 'visitors'];
  const [startDate, endDate] = ['2025-06-01', '2025-07-02'];
  await here('merging', { datasets, startDate, endDate: '2025-06-29' });
  await addEvent('merged', '2025-06-20T09:00:00Z');
  await addEvent('new day', '2025-06-30T09:00:00Z');
  await addEvent('new month', '2025-07-01T09:00:00Z');
  const isLast = ({ path, query }: Seen) =>
    path.endsWith('/visitors') && query.get('startDate') === '2025-07-01';
  proxy.fate = (request) => (isLast(request) ? { delayMs: 60_000 } : 'pass');
  proxy.seen.length = 0;
  const range = ['--from', startDate, '--to', endDate, '--concurrency', '1'];
  const second = start('merging', ...datasets, ...range);
  await until(() => proxy.seen.some(isLast) || second.hasEnded);
  second.signal('SIGKILL');
  expect((await second.exited).code).toBeNull();
  // The merged files are neither in place nor lost.
  expect((await manifestOf('merging')).files.map(({ rows }) => rows)).toEqual([0, 0]);
  await addEvent('meanwhile', '2025-06-21T09:00:00Z');
  proxy.reset();
  await here('merging', { datasets, startDate, endDate });
  expect(asked('presence')).toEqual([]);
  const idsOf = async (month: string) =>
    (await linesOf('merging', `presence/${month}.ndjson`)).map((row) => (row as { eventId: string }).eventId);
  expect(await idsOf('2025-06')).toEqual(['merged', 'new day']);
  expect(await idsOf('2025-07')).toEqual(['new month']);
  // The next run brings the rows that were written after the kill.
  await here('merging', { datasets, startDate, endDate });
  expect(await idsOf('2025-06')).toEqual(['merged', 'meanwhile', 'new day']);
});

test('a run for another dataset does not put files of an interrupted run in place', async () => {
  await here('else', { datasets: ['users'] });
  const before = await readFile(work.path('else/users/all.ndjson'), 'utf8');
  const [left] = (await manifestOf('else')).files;
  const source = { baseUrl: proxy.baseUrl, apiKey: site.key.apiKey, format: 'ndjson' };
  const interrupted = await ExportFolder.open(work.path('else'), source, false);
  await writeFile(await interrupted.unfinished('users/all.ndjson'), '{}\n');
  await interrupted.finish({ ...(left as ExportedFile), bytes: 3, rows: 1 });
  await interrupted.close();
  await here('else', { datasets: ['desks'] });
  expect(await readFile(work.path('else/users/all.ndjson'), 'utf8')).toBe(before);
  // Killed before it could record that the file is complete.
  await mkdir(work.path('else/.rollcall-export/users'), { recursive: true });
  await writeFile(work.path('else/.rollcall-export/users/all.ndjson'), '{}\n');
  await here('else', { datasets: ['users'] });
  expect(await readFile(work.path('else/users/all.ndjson'), 'utf8')).toBe(before);
});

test('files outside a later request stay: other datasets, other months, later days', async () => {
  await here('stays', { datasets: ['users', 'presence'], startDate: '2026-02-10' });
  const before = await manifestOf('stays');
  expect(before.files.map(({ path, startDate }) => [path, startDate])).toEqual([
    ['presence/2026-02.ndjson', '2026-02-01'],
    ['presence/2026-03.ndjson', '2026-03-01'],
    ['users/all.ndjson', null],
  ]);
  await here('stays', { datasets: ['presence'], startDate: '2026-03-05', endDate: '2026-03-10' });
  const told = ({ files }: Manifest) => files.map(({ readAt: _, cursor: __, ...file }) => file);
  expect(told(await manifestOf('stays'))).toEqual(told(before));
  expect(await linesOf('stays', 'presence/2026-03.ndjson')).toEqual(presence);
});

test('the next run finishes one that was killed while it moved its files into place', async () => {
  await here('placing', { datasets: ['users', 'presence'] });
  const { files } = await manifestOf('placing');
  const folder = work.path('placing');
  // The state between the new manifest, here the first one, and the last file.
  await mkdir(`${folder}/.rollcall-export/presence`, { recursive: true });
  for (const path of ['manifest.json', 'presence/2026-03.ndjson'])
    await rename(`${folder}/${path}`, `${folder}/.rollcall-export/${path}`);
  await here('placing', { datasets: ['users'] });
  expect((await manifestOf('placing')).files.map(({ path, rows }) => [path, rows])).toEqual(
    files.map(({ path, rows }) => [path, rows]),
  );
  expect(await linesOf('placing', 'presence/2026-03.ndjson')).toEqual(presence);
});

test('a server without some datasets exports the others, and a named dataset must exist', async () => {
  proxy.fate = ({ path }) => (path.endsWith('/spaces') ? { status: 404, body: 'Not Found' } : 'pass');
  const { code, stderr } = await run('vendor', ...MARCH);
  expect(code).toBe(0);
  expect(stderr).toBe('This server has no dataset spaces.\n');
  expect((await manifestOf('vendor')).files.map(({ dataset }) => dataset)).not.toContain('spaces');
  expectOneSentence(await run('named', 'spaces'), /NotFoundError/);
  expect(existsSync(work.path('named/manifest.json'))).toBe(false);
});

test('an impossible request is one sentence', async () => {
  const [none, noDay, reversed, other] = await Promise.all([
    run('none', 'presence'),
    run('none', 'presence', '--from', '2026-02-30'),
    run('none', 'presence', '--from', '2026-03-02', '--to', '2026-03-01'),
    run('.', 'users'),
  ]);
  expectOneSentence(none, /--from/);
  expectOneSentence(noDay, /2026-01-31/);
  expectOneSentence(reversed, /before the first/);
  expectOneSentence(other, /contains other files/);
  await run('format', 'users');
  expectOneSentence(await run('format', 'users', '--format', 'csv'), /another format, ndjson.*--full/);
  expect((await run('format', 'users', '--format', 'csv', '--full')).code).toBe(0);
  expect((await manifestOf('format')).files.map(({ path }) => path)).toEqual(['users/all.csv']);
  expect(await readdir(work.path('format/users'))).toEqual(['all.csv']);
});

type Query = (sql: string) => Promise<unknown[]>;

/** The result of `make` on a DuckDB database. */
async function inDuckDb<T>(database: string, make: (query: Query) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(work.path(database));
  const connection = await instance.connect();
  try {
    return await make(async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson());
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

test('DuckDB has the same typed tables for all formats, and later runs update them', async () => {
  const organisation = await ChangingOrganisation.create(server);
  const exportInto = async (format: FileFormat, full = false) => {
    const dir = work.path(`duckdb-${format}`);
    const source = { baseUrl: proxy.baseUrl, ...organisation.key };
    const exported = await exportHere(dir, source, { format, endDate: '2026-04-03', full });
    const loaded = await loadFolder(work.path(`${format}.duckdb`), dir, format, exported.files);
    return { ...exported, loaded };
  };
  /** The tables of a database with their columns. */
  const contents = (format: FileFormat) =>
    inDuckDb(`${format}.duckdb`, async (query) => {
      const all: Record<string, unknown[]> = {
        columns: await query(
          `SELECT table_name, column_name, data_type FROM duckdb_columns()
           WHERE table_name IN (SELECT table_name FROM duckdb_tables()) AND NOT starts_with(table_name, 'rollcall_') ORDER BY ALL`,
        ),
      };
      for (const name of TABLES) all[name] = await query(`SELECT * FROM ${name} ORDER BY ALL`);
      return all;
    });
  for (const format of FORMATS) expect(await exportInto(format)).toMatchObject({ read: 15, loaded: 15 });
  const before = await contents('parquet');
  for (const [table_name, column_name, data_type] of [
    ['presence', 'timestamp', 'TIMESTAMP WITH TIME ZONE'],
    ['presence', 'day', 'DATE'],
    ['change_log_user', 'after', 'JSON'],
    ['spaces', 'capacity', 'INTEGER'],
  ])
    expect(before.columns).toContainEqual({ table_name, column_name, data_type });
  for (const name of TABLES) expect(before[name]?.length, name).toBeGreaterThan(0);
  for (const format of FORMATS) expect(await contents(format), format).toEqual(before);

  await inDuckDb('ndjson.duckdb', (query) =>
    query('CREATE VIEW mine AS SELECT count(*) AS people FROM users'),
  );
  await organisation.apply({ do: 'hired' });
  await organisation.apply({ do: 'planned', day: '2026-03-31', who: 0, plan: 'r' });
  await organisation.apply({ do: 'redated', day: '2026-03-09', by: 1 });
  const second = await exportInto('ndjson');
  expect(second).toMatchObject({ read: 0, loaded: second.changed });
  await exportInto('parquet', true);
  const after = await contents('parquet');
  expect(after).not.toEqual(before);
  expect(await contents('ndjson')).toEqual(after);
  expect(await inDuckDb('ndjson.duckdb', (query) => query('FROM mine'))).toEqual([
    { people: `${after.users?.length}` },
  ]);
});

test('--duckdb loads the folder, names missing parts, and leaves foreign tables alone', async () => {
  const hideDuckDb = `export async function resolve(specifier, context, next) {
    if (!specifier.startsWith('@duckdb/')) return next(specifier, context);
    throw Object.assign(new Error('none'), { code: 'ERR_MODULE_NOT_FOUND' });
  }`;
  const loader = `import { register } from 'node:module'; register('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(hideDuckDb))});`;
  const args = ['users', '--into', work.path('lacks'), '--duckdb', work.path('own.duckdb')];
  const connection = ['--base-url', proxy.baseUrl, '--key', site.key.apiKey];
  const env = { ROLLCALL_SECRET: site.key.secret };
  const without = await work.rollcall(['export', ...args, ...connection], {
    env: { ...env, NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(loader)}` },
  });
  expectOneSentence(without, /npm install @duckdb\/node-api/);
  expect(existsSync(work.path('lacks'))).toBe(false);

  await inDuckDb('own.duckdb', (query) => query('CREATE TABLE users AS SELECT 1 AS mine'));
  expectOneSentence(
    await work.rollcall(['export', ...args, ...connection], { env }),
    /table or view users exists already/,
  );
  expect(await inDuckDb('own.duckdb', (query) => query('FROM users'))).toEqual([{ mine: 1 }]);
  await inDuckDb('own.duckdb', (query) => query('ALTER TABLE users RENAME TO mine'));
  const { code, stdout } = await work.rollcall(['export', ...args, ...connection], { env });
  expect([code, stdout]).toEqual([
    0,
    `1 rows in 1 files; 0 of them read, 0 changed, 1 kept.\n1 files loaded into ${work.path('own.duckdb')}.\n`,
  ]);
  expect((await manifestOf('lacks')).files).toHaveLength(1);
});

test('in CSV, a month is read again if a changed key looks like another one in its cell', async () => {
  const organisation = await ChangingOrganisation.create(server);
  const source = { baseUrl: proxy.baseUrl, ...organisation.key };
  const options = { datasets: ['presence'] satisfies DatasetPath[], format: 'csv' as const };
  for (const text of ['=1', "'=1"] as const)
    await organisation.apply({ do: 'seen', day: '2026-03-12', who: 0, text });
  await exportHere(work.path('cells'), source, options);
  await organisation.apply({ do: 'redated', day: '2026-03-12', by: 1 });
  expect(await exportHere(work.path('cells'), source, options)).toMatchObject({ read: 1, changed: 0 });
  const lines = (await rowsOf(work.path('cells/presence/2026-03.csv'))).filter((line) =>
    /^'{1,2}=1,/.test(line),
  );
  expect(lines.map((line) => line.split(',')[0])).toEqual(["''=1", "'=1"]);
});

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { METRIC_PERIODS, METRIC_UNITS } from '../src/store/warehouse/metrics.ts';
import type { AttendanceClient } from './support/attendance.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { GROUPS, NODES, PEOPLE, smallOrganisation } from './support/small-organisation.ts';
import { listen } from './support/sockets.ts';
import { storeDays } from './support/workday.ts';

const page = await readFile(new URL('../../../docs/recipes.md', import.meta.url), 'utf8');
/** The code blocks of a language, by the heading above them. */
function blocks(language: string, heading: string): string[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(
    ([, text = '']) => text,
  );
}

let server: TestServer;
let folder: string;
let duckdb: DuckDBConnection;
let client: AttendanceClient;

beforeAll(async () => {
  server = await startTestServer();
  const { tenantId, client: itsClient, key } = await smallOrganisation(server);
  client = itsClient;
  // In a week in which Dee came on no day.
  await storeDays(server.db.owner, tenantId, [
    { userId: PEOPLE.dee, day: '2026-03-09', plan: 'o', locationId: NODES.hq },
  ]);
  folder = await mkdtemp(join(tmpdir(), 'rollcall-recipes-'));
  const [script] = blocks('sh', 'The folder');
  await writeFile(join(folder, 'nightly.sh'), script ?? '', { mode: 0o755 });
  await writeFile(join(folder, 'curl.conf'), `user = "${key.apiKey}:${key.secret}"\n`, { mode: 0o600 });
  await promisify(execFile)('./nightly.sh', {
    cwd: folder,
    env: {
      ...process.env,
      MONTHS: '2026-02 2026-03',
      ROLLCALL_URL: await listen(server),
      ROLLCALL_CURL: join(folder, 'curl.conf'),
    },
  });
  duckdb = await (await DuckDBInstance.create(':memory:')).connect();
  await duckdb.run(`SET file_search_path = '${folder}'`);
  for (const sql of blocks('sql', 'Tables')) await duckdb.run(sql);
});
afterAll(async () => {
  duckdb.closeSync();
  await rm(folder, { recursive: true });
  await server.close();
});

async function answers(heading: string, block = 0): Promise<unknown[][]> {
  const sql = blocks('sql', heading)[block];
  if (!sql) throw new Error(`docs/recipes.md has no such SQL: ${heading}`);
  return (await duckdb.runAndReadAll(sql)).getRowsJson() as unknown[][];
}

test('the nightly script writes complete files, by dataset and month', async () => {
  const files = await readdir(join(folder, 'export'), { recursive: true });
  const months = (dataset: string, names = ['2026-02', '2026-03']) =>
    names.map((name) => `${dataset}/${name}.parquet`);
  expect(files.filter((name) => name.includes('.')).sort()).toEqual(
    [
      ...['users', 'groups', 'locations', 'desks', 'spaces'].map((dataset) => `${dataset}/all.parquet`),
      ...months('user-booking-attendance'),
      ...months('presence'),
      ...months('metrics', ['2026-02-days', '2026-02-levels', '2026-03-days', '2026-03-levels']),
    ].sort(),
  );
});

test('the busiest days', async () => {
  expect(await answers('Which days were the busiest?')).toEqual(
    [
      ['hq', '2026-03-02', 3],
      ['hq', '2026-03-04', 2],
      ['hq', '2026-03-09', 2],
      ['hq', '2026-03-06', 1],
      ['hq', '2026-03-07', 1],
      ['annex', '2026-03-12', 1],
      ['hq', '2026-03-12', 1],
      ['hq', '2026-03-13', 1],
    ].map(([office, day, people]) => [office, day, String(people)]),
  );
});

test('the busiest days, as a picture', async () => {
  const rows = await answers('Which days were the busiest?', 1);
  const width = (bar: unknown) => String(bar).trim().length;
  const monday = rows.find(([office, day]) => office === 'hq' && day === '2026-03-02');
  expect(monday?.slice(2, 4)).toEqual(['Monday', 3]);
  expect(rows.map(([office, day, , attendance]) => [office, day, attendance])).toHaveLength(10);
  expect(width(monday?.[4])).toBe(20);
  expect(width(rows.find(([, , , attendance]) => attendance === 0)?.[4])).toBe(0);
});

test('utilisation by floor', async () => {
  // 4 people on 7 reported days and 2 on the day with the most, at 5 seats. 1 where there are no seats.
  expect(await answers('How well is each floor used?')).toEqual([
    ['hq', 'first', '2026-03-01', 5, 0.57, 0.114, 0.4],
    ['hq', 'second', '2026-03-01', 0, 0.14, null, null],
  ]);
});

test('no-show rate by group', async () => {
  expect(await answers('Which groups do not turn up?')).toEqual([
    ['(none)', '1', '1', 1],
    ['tech', '2', '2', 1],
    ['data', '7', '0', 0],
  ]);
});

test('desks without use', async () => {
  expect(await answers('Which desks does nobody use?')).toEqual([['hq', 'first', 'quiet', 'desk3']]);
});

test('users who came on fewer days than planned', async () => {
  expect(await answers('Who came on fewer days than planned?')).toEqual([
    ['dee@example.com', '2026-03-09', '1', '0'],
  ]);
});

test('people of all offices together', async () => {
  const ours = await client.rows<Record<string, unknown>>('metrics', {
    startDate: '2026-02-25',
    endDate: '2026-03-13',
    by: 'organisation',
  });
  const counts = ['attendance', 'confirmed', 'noShow', 'unconfirmed', 'walkIn'];
  expect(await answers('How many people came in all offices together?')).toEqual(
    ours.map((row) => [String(row.firstDay).slice(0, 10), ...counts.map((name) => String(row[name]))]),
  );
});

test('metrics, counted from attendance and presence', async () => {
  const heading = 'How are metrics counted?';
  for (const sql of blocks('sql', heading).slice(0, 2)) await duckdb.run(sql);
  const days = { startDate: '2026-02-25', endDate: '2026-03-12' };
  for (const { parameters, sql } of [
    ...METRIC_UNITS.filter((by) => by !== 'organisation').flatMap((by) =>
      METRIC_PERIODS.map((period) => ({ parameters: { by, period }, sql: '' })),
    ),
    { parameters: { by: 'level', weekdays: '1,4' }, sql: 'on_weekdays := [1, 4]' },
    { parameters: { by: 'location', locationIds: NODES.quiet }, sql: `location_ids := ['${NODES.quiet}']` },
    { parameters: { by: 'level', locationIds: NODES.quiet }, sql: `location_ids := ['${NODES.quiet}']` },
    { parameters: { by: 'location', groupIds: GROUPS.tech }, sql: `group_ids := ['${GROUPS.tech}']` },
    { parameters: { by: 'group', subgroups: 'true' }, sql: 'with_subgroups := true' },
  ]) {
    const { by, period = 'week' } = parameters as { by: string; period?: string };
    const ours = await client.rows<Record<string, unknown>>('metrics', { ...days, ...parameters, period });
    const args = [`'${by}', '${period}', '${days.startDate}', '${days.endDate}'`, sql].filter(Boolean);
    const theirs = await duckdb.runAndReadAll(`FROM metrics_by(${args.join(', ')})`);
    const rows = theirs.getRowObjectsJson().map((row) => ({ ...row, ...daysAsInstants(row) }));
    expect(rows.map(countable), args.join(', ')).toEqual(ours.map(countable));
    expect(rows.length).toBeGreaterThan(0);
  }
});

const DAY_COLUMNS = ['periodStart', 'firstDay', 'lastDay'];

function daysAsInstants(row: Record<string, unknown>) {
  return Object.fromEntries(DAY_COLUMNS.map((name) => [name, `${row[name]}T00:00:00.000Z`]));
}

/**
 * The columns that an export determines. It has no capacity of zones, and the clock of the test is not that of DuckDB.
 */
function countable(row: Record<string, unknown>) {
  const { complete: _1, capacity: _2, utilisation: _3, peakUtilisation: _4, ...columns } = row;
  return columns;
}

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadFolder } from '../../src/cli/export/duckdb.ts';
import { isExported } from '../../src/cli/export/manifest.ts';
import { metricsDatasets } from '../../src/cli/export/metrics.ts';
import type { FileFormat } from '../../src/cli/export/write.ts';
import { addSite, goodEvent, results, type Site } from '../support/presence.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { listen } from '../support/sockets.ts';
import { storeDays } from '../support/workday.ts';
import { exportHere } from './export-support.ts';
import { expectOneSentence, Workspace } from './support.ts';

const UNITS = ['location', 'level', 'zone', 'group'] as const;
const RANGE = { startDate: '2026-01-01', endDate: '2026-03-10' };
/** Days with a plan, half of them with presence. They are in nine weeks, some of which are in two months. */
const DAYS = Array.from({ length: 60 }, (_, index) =>
  new Date(Date.UTC(2026, 0, 5 + index)).toISOString().slice(0, 10),
);

let server: TestServer;
let site: Site;
let baseUrl: string;
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rollcall-metrics-'));
  server = await startTestServer();
  // The client uses the real time.
  server.clock.nowMs = Date.now();
  site = await addSite(server);
  baseUrl = await listen(server);
  await storeDays(
    server.db.owner,
    site.tenantId,
    DAYS.map((day) => ({
      userId: site.user.userId,
      day,
      plan: 'o',
      locationId: site.office.locationId,
    })),
  );
  for (const [index, day] of DAYS.entries()) if (index % 2 === 0) await seen(day);
});
afterAll(async () => {
  await server.close();
  await rm(dir, { recursive: true, force: true });
});

const seen = (day: string) => results(server, site, [goodEvent(site, { timestamp: `${day}T09:00:00Z` })]);

const exported = (folder: string, period: 'day' | 'week' | 'month', format: FileFormat = 'ndjson') =>
  exportHere(
    join(dir, folder),
    { baseUrl, ...site.key },
    {
      datasets: metricsDatasets(UNITS, period),
      format,
      ...RANGE,
    },
  );

type Row = Record<string, unknown>;

/** The rows of one unit, from all files of the folder. */
async function rowsIn(folder: string, by: string, period: string): Promise<Row[]> {
  const manifest = JSON.parse(await readFile(join(dir, folder, 'manifest.json'), 'utf8')) as {
    files: { path: string }[];
  };
  expect(manifest.files.every(isExported)).toBe(true);
  const paths = manifest.files
    .map(({ path }) => path)
    .filter((path) => path.startsWith(`metrics-${by}-${period}/`));
  const texts = await Promise.all(paths.sort().map((path) => readFile(join(dir, folder, path), 'utf8')));
  return texts.flatMap((text) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Row),
  );
}

async function served(by: string, period: string): Promise<Row[]> {
  const query = `startDate=${RANGE.startDate}&endDate=${RANGE.endDate}&by=${by}&period=${period}`;
  const url = `/v1/analytics/metrics/basic?${query}`;
  return (await server.app.inject({ url, headers: site.headers })).json();
}

test.each(['day', 'week', 'month'] as const)(
  'metrics by %s in a folder equal one call for all days: the end of a month cuts no week',
  async (period) => {
    await exported(period, period);
    for (const by of UNITS) {
      const rows = await rowsIn(period, by, period);
      expect(rows.length).toBeGreaterThan(2);
      expect(rows).toEqual(await served(by, period));
    }
  },
);

test('a later run updates metrics of the past, because each run reads all of them', async () => {
  await exported('again', 'month');
  await seen(DAYS[1] ?? '');
  const { read, changed } = await exported('again', 'month');
  expect({ read, changed }).toEqual({ read: UNITS.length * 3, changed: 0 });
  expect(await rowsIn('again', 'location', 'month')).toEqual(await served('location', 'month'));
});

test('in DuckDB, each unit and period has its own table, with the rows of the folder', async () => {
  const database = join(dir, 'metrics.duckdb');
  for (const turn of [1, 2]) {
    const { files } = await exported('duckdb', 'week', 'parquet');
    const loaded = await loadFolder(database, join(dir, 'duckdb'), 'parquet', files);
    expect(loaded).toBe(turn === 1 ? files.length : 0);
  }
  const connection = await (await DuckDBInstance.create(database)).connect();
  for (const by of UNITS) {
    const read = await connection.runAndReadAll(
      `SELECT strftime("periodStart", '%Y-%m-%d') || 'T00:00:00.000Z' AS "periodStart", attendance, "noShow"
       FROM metrics_${by}_week ORDER BY ALL`,
    );
    const rows = (await served(by, 'week')).map(({ periodStart, attendance, noShow }) => ({
      periodStart,
      attendance,
      noShow,
    }));
    expect(read.getRowObjects()).toEqual(rows);
  }
  connection.disconnectSync();
});

test('--by and --period without the dataset metrics are refused, and the error for a wrong unit lists the units', async () => {
  const work = await Workspace.create();
  try {
    const run = (...args: string[]) =>
      work.spawn(['export', ...args, '--into', work.path('x'), '--from', '2026-01-01', '--key', 'k'], {
        env: { ROLLCALL_SECRET: 's', ROLLCALL_BASE_URL: baseUrl },
      }).exited;
    expectOneSentence(await run('users', '--by', 'zone'), /--by and --period apply to metrics only/);
    const wrong = await run('metrics', '--by', 'desk');
    expect(wrong.stderr).toContain('location, level, zone, group');
  } finally {
    await work.close();
  }
});

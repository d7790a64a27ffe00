import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Column, ColumnType } from '../src/warehouse/columns.ts';
import { datasets } from '../src/warehouse/datasets.ts';
import { DATES, datesOf } from './support/changes.ts';
import { fillEveryDataset } from './support/every-dataset.ts';
import { addSite, insertPresence, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';

const TYPE = 'application/vnd.apache.parquet';

/** The DuckDB type of each type of column. */
const DUCKDB_TYPES: Record<ColumnType, string> = {
  id: 'VARCHAR',
  text: 'VARCHAR',
  enum: 'VARCHAR',
  instant: 'TIMESTAMP WITH TIME ZONE',
  day: 'DATE',
  integer: 'INTEGER',
  integerEnum: 'INTEGER',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  object: 'JSON',
};

let server: TestServer;
let full: Site;
let empty: Site;
let duckdb: DuckDBConnection;
beforeAll(async () => {
  server = await startTestServer();
  full = await addSite(server);
  empty = await addSite(server);
  await fillEveryDataset(server, full);
  duckdb = await (await DuckDBInstance.create()).connect();
  await duckdb.run("SET TimeZone = 'UTC'");
});
afterAll(async () => {
  duckdb.disconnectSync();
  await server.close();
});

const get = (site: Site, path: string, headers: Record<string, string> = {}) =>
  server.app.inject({ url: `/v1/analytics/${path}`, headers: { ...site.headers, ...headers } });

async function fetchParquet(site: Site, path: string): Promise<string> {
  const reply = await get(site, `${path}/basic?${datesOf(path)}&format=parquet`);
  expect([reply.statusCode, reply.headers['content-type']]).toEqual([200, TYPE]);
  const file = join(inject('scratchDir'), `${path.replace('/', '-')}-${site.tenantId}.parquet`);
  await writeFile(file, reply.rawPayload);
  return file;
}

const select = async (sql: string) => (await duckdb.runAndReadAll(sql)).getRowObjectsJson();
const describeFile = async (file: string) =>
  (await select(`DESCRIBE SELECT * FROM '${file}'`)).map((row) => [row.column_name, row.column_type]);

/** The rows as JSON has them, made from DuckDB's values. */
async function rowsOf(file: string, columns: Record<string, Column>): Promise<Record<string, unknown>[]> {
  const expressions = Object.entries(columns).map(([name, { type }]) => {
    if (type === 'instant') return `strftime("${name}", '%Y-%m-%dT%H:%M:%S.%f') AS "${name}"`;
    if (type === 'day') return `strftime("${name}", '%Y-%m-%d') || 'T00:00:00.000Z' AS "${name}"`;
    return `"${name}"`;
  });
  const result = await duckdb.runAndReadAll(`SELECT ${expressions.join(', ')} FROM '${file}'`);
  return result.getRowObjects().map((row) => {
    const members = Object.entries(columns).map(([name, { type, optional }]) => {
      let value: unknown = row[name];
      if (type === 'instant') value = `${String(value).replace(/(?<=\.\d{3})000$/, '')}Z`;
      if (type === 'object' && value !== null) value = JSON.parse(String(value));
      return [name, optional && value === null ? undefined : value] as const;
    });
    return Object.fromEntries(members.filter(([, value]) => value !== undefined));
  });
}

describe.each(datasets.map((dataset) => [dataset.path, dataset] as const))('%s', (path, { columns }) => {
  const types = Object.entries(columns).map(([name, { type }]) => [name, DUCKDB_TYPES[type]]);

  test('is read by DuckDB as the rows of the JSON array, in order', async () => {
    const file = await fetchParquet(full, path);
    expect(await describeFile(file)).toEqual(types);
    const rows = (await get(full, `${path}/basic?${datesOf(path)}`)).json();
    expect(rows.length).toBeGreaterThan(0);
    expect(await rowsOf(file, columns)).toEqual(rows);
  });

  test('has its columns and types with few rows and with none', async () => {
    const file = await fetchParquet(empty, path);
    expect(await describeFile(file)).toEqual(types);
    const rows = (await get(empty, `${path}/basic?${datesOf(path)}`)).json();
    if (path === 'presence' || path === 'visitors') expect(rows).toEqual([]);
    expect(await rowsOf(file, columns)).toEqual(rows);
  });

  test('keeps enums in dictionaries', async () => {
    const file = await fetchParquet(full, path);
    const enums = Object.entries(columns).filter(([, { type }]) => type === 'enum');
    const dictionaries = await select(
      `SELECT DISTINCT path_in_schema AS name FROM parquet_metadata('${file}') WHERE encodings LIKE '%DICTIONARY%'`,
    );
    expect(dictionaries.map(({ name }) => name)).toEqual(expect.arrayContaining(enums.map(([name]) => name)));
  });
});

test('is available by Accept and by format', async () => {
  for (const accept of [TYPE, `text/csv;q=0.9, ${TYPE}`, TYPE.toUpperCase()]) {
    expect((await get(full, 'users/basic', { accept })).headers['content-type']).toBe(TYPE);
  }
  const reply = await get(full, 'users/basic?format=json', { accept: TYPE });
  expect(reply.headers['content-type']).toBe('application/json; charset=utf-8');
});

test('has no content coding, because it is already compressed', async () => {
  const { headers, rawPayload } = await get(full, 'users/basic?format=parquet', {
    'accept-encoding': 'br, gzip',
  });
  expect(headers).not.toHaveProperty('content-encoding');
  expect(headers.vary).toBe('Accept, Accept-Encoding');
  expect(rawPayload.subarray(0, 4).toString()).toBe('PAR1');
  expect(rawPayload.subarray(-4).toString()).toBe('PAR1');
});

test('has its own ETag, which stays while nothing changes', async () => {
  const [first, second, json] = [
    await get(full, 'users/basic?format=parquet'),
    await get(full, 'users/basic?format=parquet'),
    await get(full, 'users/basic'),
  ];
  expect(second.headers.etag).toBe(first.headers.etag);
  expect(second.rawPayload.equals(first.rawPayload)).toBe(true);
  expect(json.headers.etag).not.toBe(first.headers.etag);
  const headers = { 'if-none-match': String(first.headers.etag) };
  expect((await get(full, 'users/basic?format=parquet', headers)).statusCode).toBe(304);
});

test('has row groups, and the first of them is small', async () => {
  const site = await addSite(server);
  await insertPresence(server, site, 12_000);
  const file = await fetchParquet(site, 'presence');
  const groups = await select(
    `SELECT DISTINCT row_group_id AS id, row_group_num_rows AS rows FROM parquet_metadata('${file}') ORDER BY id`,
  );
  expect(groups.length).toBeGreaterThan(2);
  expect(Number(groups[0]?.rows)).toBeLessThan(1_000);
  for (const { rows } of groups) expect(Number(rows)).toBeLessThan(5_000);
  const rows = (await get(site, `presence/basic?${DATES}`)).json();
  expect(await rowsOf(file, datasets.find(({ path }) => path === 'presence')?.columns ?? {})).toEqual(rows);
});

test('compresses the columns that become smaller, and no others', async () => {
  const site = await addSite(server);
  await insertPresence(server, site, 12_000);
  const file = await fetchParquet(site, 'presence');
  const codecs = await select(
    `SELECT path_in_schema AS name, compression, sum(total_uncompressed_size) > sum(total_compressed_size) * 1.1 AS is_smaller
     FROM parquet_metadata('${file}') WHERE row_group_id > 2 GROUP BY ALL`,
  );
  expect(new Set(codecs.map(({ compression }) => compression))).toEqual(new Set(['SNAPPY', 'UNCOMPRESSED']));
  for (const { compression, is_smaller } of codecs) expect(is_smaller).toBe(compression === 'SNAPPY');
});

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VERSION } from '../src/store/release.ts';
import { column, oneOf, shared } from '../src/warehouse/columns.ts';
import { datasets } from '../src/warehouse/datasets.ts';
import type { Row } from '../src/warehouse/format.ts';
import { parquet } from '../src/warehouse/parquet/format.ts';
import { fillEveryDataset } from './support/every-dataset.ts';
import { PARQUET_READERS } from './support/parquet-readers.ts';
import { addSite, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';

const DATES = 'startDate=2026-03-01&endDate=2026-03-31';
const readers = Object.entries(PARQUET_READERS);

let server: TestServer;
let full: Site;
let empty: Site;
beforeAll(async () => {
  server = await startTestServer();
  full = await addSite(server);
  empty = await addSite(server);
  await fillEveryDataset(server, full);
});
afterAll(() => server.close());

const get = (site: Site, path: string, format: string) => {
  const hasDates = datasets.find((dataset) => dataset.path === path)?.filters.includes('dates');
  return server.app.inject({
    url: `/v1/analytics/${path}/basic?format=${format}${hasDates ? `&${DATES}` : ''}`,
    headers: site.headers,
  });
};

/** A column of each type, and one that many rows share. */
const COLUMNS = {
  id: column.id('ours'),
  text: column.maybeText('ours'),
  choice: oneOf(['a', 'b', 'c'], 'ours'),
  number: column.maybeNumber('ours'),
  count: column.maybeInteger('ours'),
  depth: oneOf([1, 2, 3], 'ours'),
  happened: column.boolean('ours'),
  at: column.instant('ours'),
  day: column.day('ours'),
  object: column.maybeObject('ours'),
  ...shared('place', { placeName: column.text('ours') }),
};
const NAMES = Object.keys(COLUMNS);
const PLACES = Array.from({ length: 300 }, (_, index) => ({ placeName: `Bürö ${index} 🏢` }));

function rowOf(index: number): Row {
  return {
    id: `id ${index}`,
    text: index % 7 === 0 ? null : `text ${'é'.repeat(index % 50)}`,
    choice: 'abc'[index % 3],
    number: index % 5 === 0 ? null : index / 3 - 500,
    count: index % 11 === 0 ? null : index - 2_000,
    depth: (index % 3) + 1,
    happened: index % 3 === 0,
    at: new Date(Date.UTC(2026, 0, 1) + index * 61_001).toISOString().replace('Z', index % 2 ? '007Z' : 'Z'),
    day: new Date(Date.UTC(1999, 11, 28 + (index % 40))).toISOString(),
    object: index % 4 === 0 ? null : { index, of: ['things', null] },
    place: PLACES[index % PLACES.length],
  };
}

/** An id that looks random. */
const idOf = (index: number): string => createHash('md5').update(`${index}`).digest('hex');

/** Objects with short and long texts, and some without. */
const PEOPLE = Array.from({ length: 5_000 }, (_, index) => ({
  placeName: index % 13 === 0 ? null : `${idOf(index)}${'é'.repeat(index % 90)}`,
}));

const plain = (row: Row): Row =>
  Object.fromEntries(
    NAMES.map((name) => [name, row[name] ?? (row.place as Row | undefined)?.[name] ?? null]),
  );

const INSTANT_WITH_MICROSECONDS = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})\d{3}Z$/;

const withoutMicroseconds = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.replace(INSTANT_WITH_MICROSECONDS, '$1Z') : value,
    ]),
  );

async function write(rows: Row[]): Promise<Uint8Array> {
  async function* batches() {
    yield rows;
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of parquet.encode(COLUMNS, batches())) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

describe.each(readers)('%s reads', (_, { read, losesMicroseconds }) => {
  const asRead = (rows: Row[]) => (losesMicroseconds ? rows.map(withoutMicroseconds) : rows);

  test.each(datasets.map((dataset) => [dataset.path, dataset.columns] as const))(
    'the dataset %s as JSON has it',
    async (path, columns) => {
      for (const site of [full, empty]) {
        const rows = (await get(site, path, 'json')).json() as Row[];
        const complete = rows.map((row) =>
          Object.fromEntries(Object.keys(columns).map((name) => [name, row[name] ?? null])),
        );
        const file = (await get(site, path, 'parquet')).rawPayload;
        expect(await read(file, columns)).toEqual(asRead(complete));
      }
    },
  );

  test.each([
    ['a file without rows', []],
    ['one row', [rowOf(1)]],
    ['columns of only nulls', Array.from({ length: 20 }, () => ({}))],
    ['more booleans than a byte holds', Array.from({ length: 21 }, (_, index) => rowOf(index))],
    ['rows of several groups', Array.from({ length: 7_000 }, (_, index) => rowOf(index))],
    [
      'columns that compression does not make smaller',
      Array.from({ length: 10_000 }, (_, index) => ({
        ...rowOf(index),
        id: idOf(index),
        text: idOf(index % 900),
      })),
    ],
    [
      'objects that come again in later groups',
      Array.from({ length: 10_000 }, (_, index) => ({
        place: PLACES[(index * index) % (1 + (index >> 6))] ?? {},
      })),
    ],
    [
      'objects that seldom repeat, in the same order again',
      Array.from({ length: 14_000 }, (_, index) => ({
        place: index % 50 < 2 ? PLACES[index % 7] : (PEOPLE[index % PEOPLE.length] as Row),
      })),
    ],
    [
      'rows without a part among others',
      Array.from({ length: 10_000 }, (_, index) =>
        index % 5_000 < 900 ? { placeName: `place ${index % 70}` } : rowOf(index),
      ),
    ],
    [
      'values and nulls in long runs',
      Array.from({ length: 4_000 }, (_, index) => (Math.floor(index / 900) % 2 ? rowOf(4) : {})),
    ],
  ] as [string, Row[]][])('%s', async (_name, rows) => {
    expect(await read(await write(rows), COLUMNS)).toEqual(asRead(rows.map(plain)));
  });
});

test('the footer names its writer in the form that Java readers parse', async () => {
  const text = Buffer.from(await write([rowOf(1)])).toString('latin1');
  expect(text).toContain(`rollcall version ${VERSION} (build ${VERSION})`);
});

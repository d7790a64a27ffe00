import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import {
  booleanArray,
  dayArray,
  float8Array,
  instantArray,
  int2Array,
  jsonbArray,
  textArray,
  uuidArray,
} from '../src/store/connections/binary-arrays.ts';
import { DAY_MS, utcDay } from '../src/store/values/days.ts';

let client: pg.Client;
beforeAll(async () => {
  client = new pg.Client(inject('adminTarget'));
  await client.connect();
  await client.query("SET timezone TO 'UTC'");
});
afterAll(() => client.end());

const maybe = <T>(values: fc.Arbitrary<T>) => fc.array(fc.option(values), { maxLength: 50 });
const text = fc.string({ unit: 'binary' }).filter((each) => !each.includes('\0') && each.isWellFormed());
const US = 1_000_000;

/** Values of each kind. The array that the code encodes must equal the one that the database reads from text. */
test.each([
  ['uuid', maybe(fc.uuid()), uuidArray, String],
  ['uuid', maybe(fc.uuid().map((each) => each.replaceAll('-', '').toUpperCase())), uuidArray, String],
  ['text', maybe(text), textArray, String],
  ['boolean', fc.array(fc.boolean()), booleanArray, String],
  [
    'float8',
    maybe(fc.double({ noNaN: true })),
    float8Array,
    (value: number) => (Object.is(value, -0) ? '-0' : `${value}`),
  ],
  [
    'jsonb',
    maybe(fc.dictionary(text, fc.oneof(text, fc.integer(), fc.constant(null)))),
    jsonbArray,
    JSON.stringify,
  ],
  [
    'date',
    fc.array(
      fc
        .integer({ min: Date.UTC(1, 0, 1) / DAY_MS, max: Date.UTC(9999, 11, 31) / DAY_MS })
        .map((n) => utcDay(n * DAY_MS)),
    ),
    dayArray,
    String,
  ],
  ['smallint', maybe(fc.integer({ min: -32_768, max: 32_767 })), int2Array, String],
  [
    'timestamptz',
    fc.array(fc.integer({ min: Date.UTC(1970, 0, 1) * 1_000, max: Date.UTC(2200, 0, 1) * 1_000 })),
    instantArray,
    (us: number) =>
      `${new Date(Math.floor(us / US) * 1_000).toISOString().slice(0, 19)}.${String(us - Math.floor(us / US) * US).padStart(6, '0')}Z`,
  ],
] as [string, fc.Arbitrary<unknown[]>, (values: never) => Buffer, (value: never) => string][])(
  'the database reads an array of %s with the same values',
  async (type, values, encode, toText) => {
    await fc.assert(
      fc.asyncProperty(values, async (given) => {
        const texts = given.map((each) => (each === null ? null : toText(each as never)));
        const { rows } = await client.query(
          `SELECT $1::${type}[] IS NOT DISTINCT FROM $2::text[]::${type}[] AS same, cardinality($1::${type}[]) AS size`,
          [encode(given as never), texts],
        );
        return rows[0].same === true && rows[0].size === given.length;
      }),
      { numRuns: 50 },
    );
  },
);

test.each(['10000-01-01', '2026-3-2', '2026-02-30', 'infinity', ''])('%j is not a day of an array', (day) => {
  expect(() => dayArray([day])).toThrow(RangeError);
});

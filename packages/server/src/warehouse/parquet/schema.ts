import { DAY_MS } from '../../store/values/days.ts';
import type { Column, ColumnType } from '../columns.ts';
import type { Row } from '../format.ts';
import type { ChunkColumn } from './column-chunk.ts';
import type { PhysicalValue } from './part.ts';
import type { Struct } from './thrift.ts';
import { PHYSICAL_TYPE, type PhysicalType } from './values.ts';

/** A column of a dataset in a Parquet file. */
export interface ParquetColumn extends ChunkColumn {
  /** The meaning of the physical type, as the older ConvertedType and the newer LogicalType. */
  convertedType: number | undefined;
  logicalType: Struct | undefined;
  /** The part whose objects have the values; undefined if the rows themselves have them. */
  part: string | undefined;
  /** The value of a row, or of an object of the part, in the form of its physical type. */
  read(holder: Row): PhysicalValue | null;
}

const OPTIONAL = 1;
/** Codes of ConvertedType, and the members of the union LogicalType. */
const CONVERTED = { UTF8: 0, DATE: 6, TIMESTAMP_MICROS: 10, JSON: 19 } as const;
const MICROSECONDS: Struct = [[2, 'struct', []]];
const LOGICAL = {
  string: [[1, 'struct', []]],
  date: [[6, 'struct', []]],
  timestamp: [
    [
      8,
      'struct',
      [
        [1, 'bool', true],
        [2, 'struct', MICROSECONDS],
      ],
    ],
  ],
  json: [[12, 'struct', []]],
} satisfies Record<string, Struct>;

interface TypeOfColumn {
  type: PhysicalType;
  convertedType?: number;
  logicalType?: Struct;
  hasBounds?: true;
  dictionary?: ChunkColumn['dictionary'];
  /** Makes a function that converts a non-null value to its physical form. It may remember the last value. */
  convert?: () => (value: never) => PhysicalValue;
}

const string = { type: 'BYTE_ARRAY', convertedType: CONVERTED.UTF8, logicalType: LOGICAL.string } as const;

const TYPES: Record<ColumnType, TypeOfColumn> = {
  id: { ...string, dictionary: 'tried' },
  text: { ...string, dictionary: 'tried' },
  enum: { ...string, dictionary: 'always' },
  instant: {
    type: 'INT64',
    convertedType: CONVERTED.TIMESTAMP_MICROS,
    logicalType: LOGICAL.timestamp,
    hasBounds: true,
    convert: toMicroseconds,
  },
  day: {
    type: 'INT32',
    convertedType: CONVERTED.DATE,
    logicalType: LOGICAL.date,
    hasBounds: true,
    convert: toDays,
  },
  integer: { type: 'INT32' },
  integerEnum: { type: 'INT32' },
  number: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  object: {
    type: 'BYTE_ARRAY',
    convertedType: CONVERTED.JSON,
    logicalType: LOGICAL.json,
    convert: () => JSON.stringify as (value: never) => string,
  },
};

/** The columns of a dataset, in their order. */
export function parquetColumns(columns: Record<string, Column>): ParquetColumn[] {
  return Object.entries(columns).map(([name, { type, part }]) => {
    const { convert, dictionary = 'never', hasBounds = false, ...rest } = TYPES[type];
    const toPhysical = convert?.();
    return {
      name,
      convertedType: undefined,
      logicalType: undefined,
      ...rest,
      hasBounds,
      dictionary,
      part,
      read(holder) {
        const value = holder[name] ?? null;
        if (value === null) return null;
        return toPhysical ? toPhysical(value as never) : (value as PhysicalValue);
      },
    };
  });
}

/** The column's element of the schema in the footer. */
export function schemaElement({ name, type, convertedType, logicalType }: ParquetColumn): Struct {
  return [
    [1, 'i32', PHYSICAL_TYPE[type]],
    [3, 'i32', OPTIONAL],
    [4, 'text', name],
    [6, 'i32', convertedType],
    [10, 'struct', logicalType],
  ];
}

const DAY_LENGTH = 'YYYY-MM-DD'.length;
const MINUTE_MS = 60_000;
const ZERO = 0x30;

/**
 * Makes a function to microseconds since the epoch, for `2026-01-31T09:00:00.123Z` and `….123456Z`. It parses a day
 * once for the rows of it that come together.
 */
function toMicroseconds(): (instant: string) => number {
  let [lastDay, dayMs] = ['', 0];
  return (instant) => {
    if (!instant.startsWith(lastDay) || lastDay === '') {
      lastDay = instant.slice(0, DAY_LENGTH);
      dayMs = Date.parse(lastDay);
    }
    const minutes = 60 * twoDigits(instant, 11) + twoDigits(instant, 14);
    const ms = dayMs + minutes * MINUTE_MS + twoDigits(instant, 17) * 1_000 + threeDigits(instant, 20);
    return ms * 1_000 + (instant.length > 24 ? threeDigits(instant, 23) : 0);
  };
}

function twoDigits(text: string, at: number): number {
  return 10 * text.charCodeAt(at) + text.charCodeAt(at + 1) - 11 * ZERO;
}

function threeDigits(text: string, at: number): number {
  return 100 * text.charCodeAt(at) + twoDigits(text, at + 1) - 100 * ZERO;
}

/** Makes a function to days since the epoch. It remembers the last day, since rows of one day come together. */
function toDays(): (day: string) => number {
  let [last, days] = ['', 0];
  return (day) => {
    if (day !== last) [last, days] = [day, Date.parse(day) / DAY_MS];
    return days;
  };
}

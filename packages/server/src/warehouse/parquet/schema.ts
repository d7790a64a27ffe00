import { DAY_MS } from '../../store/values/days.ts';
import type { Column, ColumnType } from '../columns.ts';
import type { Row } from '../format.ts';
import type { ChunkColumn } from './column-chunk.ts';
import type { Struct } from './thrift.ts';
import { PHYSICAL_TYPE, type PhysicalType } from './values.ts';

/** A column of a dataset in a Parquet file. */
export interface ParquetColumn extends ChunkColumn {
  /** The meaning of the physical type, as the older ConvertedType and the newer LogicalType. */
  convertedType: number | undefined;
  logicalType: Struct | undefined;
  /** The value of a row, in the form of its physical type. */
  read(row: Row): boolean | number | string | null;
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
  convert?: () => (value: never) => boolean | number | string;
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
    convert: () => toMicroseconds,
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
      read(row) {
        const holder = part === undefined ? row : ((row[part] ?? row) as Row);
        const value = holder[name] ?? null;
        if (value === null) return null;
        return toPhysical ? toPhysical(value as never) : (value as boolean | number | string);
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

/** Microseconds since the epoch of `2026-01-31T09:00:00.123Z` or `….123456Z`. */
function toMicroseconds(instant: string): number {
  const microseconds = instant.length > 24 ? Number(instant.slice(23, 26)) : 0;
  return Date.parse(`${instant.slice(0, 23)}Z`) * 1_000 + microseconds;
}

/** Makes a function to days since the epoch. It remembers the last day, since rows of one day come together. */
function toDays(): (day: string) => number {
  let [last, days] = ['', 0];
  return (day) => {
    if (day !== last) [last, days] = [day, Date.parse(day) / DAY_MS];
    return days;
  };
}

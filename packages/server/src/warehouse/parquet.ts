import { setImmediate } from 'node:timers/promises';
import { ByteWriter, type ColumnSource, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import { Type } from 'typebox';
import type { Column, ColumnType } from './columns.ts';
import type { Format, Row } from './format.ts';

/** Rows of a group, whose values are held until it is encoded. The first is small, for the first byte to be early. */
const ROWS_PER_GROUP = 3_000;
const ROWS_OF_FIRST_GROUP = 500;
/** After so long other requests have their turn, before the next column is encoded. */
const SLICE_MS = 4;

/** Parquet, row group by row group; the footer comes last, so what was broken off cannot be taken for whole. */
export const parquet: Format = {
  name: 'parquet',
  mediaType: 'application/vnd.apache.parquet',
  contentType: 'application/vnd.apache.parquet',
  isCompressed: true,
  describe: () =>
    Type.String({
      format: 'binary',
      description:
        'Apache Parquet, compressed by snappy. Instants are timestamps (microseconds, UTC), days dates, ids strings, ' +
        'enums dictionary-encoded strings, objects JSON; what is null or absent is null.',
    }),
  async *encode(columns, batches) {
    const file = new GroupWriter(columns);
    let size = ROWS_OF_FIRST_GROUP;
    for await (const rows of batches) {
      for (const row of rows) {
        file.add(row);
        if (file.rows < size) continue;
        yield await file.write();
        size = ROWS_PER_GROUP;
      }
    }
    if (file.rows > 0) yield await file.write();
    yield file.finish();
  },
};

interface GroupColumn {
  /** The value of a row, as the writer takes it. */
  read: (row: Row) => unknown;
  /** Of the rows of a group. */
  values: unknown[];
  source: Omit<ColumnSource, 'data'>;
  writer: ParquetWriter;
}

/**
 * Writes row groups one column at a time. The library encodes a group in one go, while nothing else would be answered; so
 * each column has a writer of its own, and its chunk of the group is handed to the writer of the file. Of a row its
 * values are kept and not itself, in arrays that serve one group after the other: what is held for so long and then
 * left behind is not collected before tens of megabytes of it are there.
 */
class GroupWriter {
  /** Those added since the last group. */
  rows = 0;
  readonly #bytes = new ByteWriter();
  readonly #file: ParquetWriter;
  readonly #columns: GroupColumn[];

  constructor(columns: Record<string, Column>) {
    const elements = Object.entries(columns).map(([name, { type }]) => ({ name, ...TYPES[type].element }));
    this.#file = new ParquetWriter({
      writer: this.#bytes,
      schema: [{ name: 'root', num_children: elements.length }, ...elements],
      createdBy: 'rollcall',
    });
    this.#columns = Object.entries(columns).map(([name, column], index) => {
      const schema = [{ name: 'root', num_children: 1 }, elements[index] as SchemaElement];
      // A writer begins with the bytes of a file's beginning, which the file has already.
      const writer = new ParquetWriter({ writer: new ByteWriter(), schema });
      writer.writer = this.#bytes;
      return { ...toColumn(name, column), values: [], writer };
    });
  }

  add(row: Row): void {
    for (const { values, read } of this.#columns) values[this.rows] = read(row);
    this.rows++;
  }

  /** The bytes of the rows that were added, and of the beginning of the file where they are the first. */
  async write(): Promise<Uint8Array> {
    const file = this.#file;
    const start = this.#bytes.offset;
    const rows = this.rows;
    this.rows = 0;
    const chunks = [];
    let size = 0n;
    let sinceMs = performance.now();
    for (const { source, values, writer } of this.#columns) {
      const data = values.length === rows ? values : values.slice(0, rows);
      writer.write({ columnData: [{ ...source, data }], rowGroupSize: rows });
      for (const group of writer.row_groups.splice(0)) {
        chunks.push(...group.columns);
        size += group.total_byte_size;
      }
      // Kept to the end for the sake of indexes, which only columns of several pages have.
      file.pendingIndexes.push(...writer.pendingIndexes.splice(0).filter(({ offsetIndex }) => offsetIndex));
      if (performance.now() - sinceMs < SLICE_MS) continue;
      await setImmediate();
      sinceMs = performance.now();
    }
    file.num_rows += BigInt(rows);
    file.row_groups.push({
      columns: chunks,
      total_byte_size: size,
      num_rows: BigInt(rows),
      total_compressed_size: BigInt(this.#bytes.offset - start),
    });
    return this.#take();
  }

  /** The bytes of the file's end, by which all others are found. */
  finish(): Uint8Array {
    this.#file.finish();
    return this.#take();
  }

  #take(): Uint8Array {
    const piece = this.#bytes.getBytes().slice();
    // What was taken is forgotten; `offset`, by which the footer finds the rows, goes on.
    this.#bytes.index = 0;
    return piece;
  }
}

interface ParquetType {
  element: Omit<SchemaElement, 'name'>;
  encoding?: ColumnSource['encoding'];
  /** The value as the writer takes it, of one that is not null. */
  convert?: () => (value: never) => unknown;
}

const optional = { repetition_type: 'OPTIONAL' } as const;
const string = { type: 'BYTE_ARRAY', converted_type: 'UTF8', ...optional } as const;

const TYPES: Record<ColumnType, ParquetType> = {
  id: { element: string },
  text: { element: string },
  enum: { element: string, encoding: 'RLE_DICTIONARY' },
  instant: {
    element: {
      type: 'INT64',
      converted_type: 'TIMESTAMP_MICROS',
      logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
      ...optional,
    },
    convert: () => toMicroseconds,
  },
  day: { element: { type: 'INT32', converted_type: 'DATE', ...optional }, convert: toDays },
  integer: { element: { type: 'INT32', ...optional } },
  integerEnum: { element: { type: 'INT32', ...optional }, encoding: 'RLE_DICTIONARY' },
  number: { element: { type: 'DOUBLE', ...optional } },
  boolean: { element: { type: 'BOOLEAN', ...optional } },
  object: { element: { type: 'BYTE_ARRAY', converted_type: 'JSON', ...optional } },
};

function toColumn(name: string, { type, part }: Column): Pick<GroupColumn, 'read' | 'source'> {
  const { encoding, convert } = TYPES[type];
  const toValue = convert?.();
  const memberOf =
    part === undefined ? (row: Row) => row[name] : (row: Row) => ((row[part] ?? row) as Row)[name];
  return {
    read(row) {
      const value = memberOf(row) ?? null;
      return value === null || !toValue ? value : toValue(value as never);
    },
    source: {
      name,
      ...(encoding ? { encoding } : {}),
      // The least and the greatest of a group's texts help no reader to pass it over, and take long to find.
      statistics: toValue !== undefined,
    },
  };
}

/** `2026-01-31T09:00:00.123Z` or `….123456Z` since the epoch. */
function toMicroseconds(instant: string): bigint {
  const microseconds = instant.length > 24 ? Number(instant.slice(23, 26)) : 0;
  return BigInt(Date.parse(`${instant.slice(0, 23)}Z`) * 1_000 + microseconds);
}

const DAY_MS = 86_400_000;

/** Days since the epoch; rows of one day follow one another. */
function toDays(): (day: string) => number {
  let [last, days] = ['', 0];
  return (day) => {
    if (day !== last) [last, days] = [day, Date.parse(day) / DAY_MS];
    return days;
  };
}

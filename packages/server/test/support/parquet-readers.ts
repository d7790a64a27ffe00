import { tableFromIPC } from 'apache-arrow';
import { readParquet } from 'parquet-wasm';
import parquetjs from 'parquetjs-lite';
import type { Column, ColumnType } from '../../src/warehouse/columns.ts';
import type { Row } from '../../src/warehouse/format.ts';

type Columns = Record<string, Column>;

const DAY_MS = 86_400_000;

interface ParquetReader {
  /** The rows with the same values as in JSON. A null or absent value is null. */
  read(file: Uint8Array, columns: Columns): Promise<Row[]>;
  /** The reader converts an instant to a `Date`, which has milliseconds only. */
  losesMicroseconds?: true;
}

/** Parquet readers that share no code with our writer. */
export const PARQUET_READERS: Record<string, ParquetReader> = {
  /** The Rust implementation, which DataFusion, Delta Lake and many others use. */
  'arrow-rs': { read: readByArrow },
  /** A reader that knows version 1 of data pages only. */
  parquetjs: { read: readByParquetjs, losesMicroseconds: true },
};

async function readByArrow(file: Uint8Array, columns: Columns): Promise<Row[]> {
  const table = tableFromIPC(readParquet(file).intoIPCStream());
  const vectors = Object.entries(columns).map(([name, { type }]) => {
    const vector = table.getChild(name);
    if (!vector) throw new Error(`There is no column ${name}.`);
    return { name, type, vector };
  });
  return Array.from({ length: table.numRows }, (_, index) =>
    Object.fromEntries(
      vectors.map(({ name, type, vector }) => {
        if (!vector.isValid(index)) return [name, null];
        // The binding gives instants as milliseconds; the vector itself holds microseconds.
        const value: unknown = type === 'instant' ? heldAt(vector, index) : vector.get(index);
        return [name, asJson(type, value)];
      }),
    ),
  );
}

async function readByParquetjs(file: Uint8Array, columns: Columns): Promise<Row[]> {
  const reader = await parquetjs.ParquetReader.openBuffer(Buffer.from(file));
  const cursor = reader.getCursor();
  const rows: Row[] = [];
  for (let row = await cursor.next(); row; row = await cursor.next()) {
    const read = row;
    rows.push(
      Object.fromEntries(
        Object.entries(columns).map(([name, { type }]) => [name, asJson(type, read[name] ?? null)]),
      ),
    );
  }
  await reader.close();
  return rows;
}

/** The value as a vector holds it, in one of its chunks. */
function heldAt({ data }: { data: readonly { length: number; values: unknown }[] }, index: number): unknown {
  let place = index;
  for (const { length, values } of data) {
    if (place < length) return (values as ArrayLike<unknown>)[place];
    place -= length;
  }
  throw new RangeError(`There is no row ${index}.`);
}

function asJson(type: ColumnType, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (type === 'day') return new Date(dayMs(value)).toISOString();
  if (type === 'instant') return isoOfMicroseconds(microsecondsOf(value));
  if (type === 'object') return typeof value === 'string' ? JSON.parse(value) : value;
  return value;
}

function dayMs(value: unknown): number {
  if (value instanceof Date) return value.getTime();
  // Days, or milliseconds, since the epoch.
  const number = Number(value);
  return Math.abs(number) < 1_000_000 ? number * DAY_MS : number;
}

function microsecondsOf(value: unknown): bigint {
  return value instanceof Date ? BigInt(value.getTime()) * 1_000n : BigInt(value as bigint);
}

/** An instant as in exports: with microseconds if there are any. */
function isoOfMicroseconds(microseconds: bigint): string {
  const rest = Number(((microseconds % 1_000n) + 1_000n) % 1_000n);
  const text = new Date(Number((microseconds - BigInt(rest)) / 1_000n)).toISOString();
  return rest === 0 ? text : text.replace('Z', `${String(rest).padStart(3, '0')}Z`);
}

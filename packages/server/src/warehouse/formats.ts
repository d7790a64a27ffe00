import { type TSchema, Type } from 'typebox';
import type { Column } from './columns.ts';

export type Row = Record<string, unknown>;
export type RowSerializer = (row: Row) => string;

/** A form in which a dataset goes out. */
export interface Format {
  /** As `format` names it. */
  name: string;
  /** As Accept names it. */
  mediaType: string;
  /** As Content-Type says it. */
  contentType: string;
  /** What a whole answer is, for the documentation. */
  describe: (row: TSchema) => TSchema;
  /**
   * A whole answer in pieces, the first of them not before the first rows are there. Rows hold null where a
   * member is unknown; `serialize` writes one as a JSON object, without what is undefined.
   */
  encode: (
    columns: Record<string, Column>,
    batches: AsyncIterable<Row[]>,
    serialize: RowSerializer,
  ) => AsyncGenerator<string | Uint8Array, void>;
}

const json: Format = {
  name: 'json',
  mediaType: 'application/json',
  contentType: 'application/json; charset=utf-8',
  describe: (row) => Type.Array(row),
  async *encode(columns, batches, serialize) {
    const optional = optionalOf(columns);
    let opening = '[';
    for await (const rows of batches) {
      yield opening + rows.map((row) => serialize(withoutUnknown(row, optional))).join(',');
      opening = ',';
    }
    yield opening === '[' ? '[]' : ']';
  },
};

const ndjson: Format = {
  name: 'ndjson',
  mediaType: 'application/x-ndjson',
  contentType: 'application/x-ndjson',
  describe: () =>
    Type.String({ description: 'a line for each row, which is an object as in the JSON array' }),
  async *encode(columns, batches, serialize) {
    const optional = optionalOf(columns);
    for await (const rows of batches) {
      yield rows.map((row) => `${serialize(withoutUnknown(row, optional))}\n`).join('');
    }
  },
};

const csv: Format = {
  name: 'csv',
  mediaType: 'text/csv',
  contentType: 'text/csv; charset=utf-8; header=present',
  describe: () =>
    Type.String({
      description:
        'RFC 4180, with a header. A cell is empty where a member is null or absent, "" where it is an empty text. ' +
        "A text that a spreadsheet would take for a formula has a ' before it.",
    }),
  async *encode(columns, batches) {
    const names = Object.keys(columns);
    let header = `${names.join(',')}\r\n`;
    for await (const rows of batches) {
      yield header + rows.map((row) => `${names.map((name) => toCell(row[name])).join(',')}\r\n`).join('');
      header = '';
    }
    if (header) yield header;
  },
};

/** The first is what goes out unless another one is asked for. */
export const formats = [json, ndjson, csv] as const satisfies readonly Format[];

function optionalOf(columns: Record<string, Column>): string[] {
  return Object.keys(columns).filter((name) => columns[name]?.optional);
}

function withoutUnknown(row: Row, optional: string[]): Row {
  for (const name of optional) if (row[name] === null) row[name] = undefined;
  return row;
}

/** What a spreadsheet takes for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r]/;

function toCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return safe === '' || /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

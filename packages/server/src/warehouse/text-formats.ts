import { Type } from 'typebox';
import type { Column, ColumnType } from './columns.ts';
import type { Format, Row } from './format.ts';

export const json: Format = {
  name: 'json',
  mediaType: 'application/json',
  contentType: 'application/json; charset=utf-8',
  describe: (row) => Type.Array(row),
  async *encode(columns, batches) {
    const write = rowWriter(columns, jsonMember);
    let before = '[';
    for await (const rows of batches) {
      let text = '';
      for (const row of rows) {
        text += `${before}${write(row)}}`;
        before = ',';
      }
      if (text) yield text;
    }
    yield before === '[' ? '[]' : ']';
  },
};

export const ndjson: Format = {
  name: 'ndjson',
  mediaType: 'application/x-ndjson',
  contentType: 'application/x-ndjson',
  describe: () =>
    Type.String({ description: 'a line for each row, which is an object as in the JSON array' }),
  async *encode(columns, batches) {
    const write = rowWriter(columns, jsonMember);
    for await (const rows of batches) {
      let text = '';
      for (const row of rows) text += `${write(row)}}\n`;
      if (text) yield text;
    }
  },
};

export const csv: Format = {
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
    const write = rowWriter(columns, csvCell);
    let header = `${Object.keys(columns).join(',')}\r\n`;
    for await (const rows of batches) {
      let text = header;
      for (const row of rows) text += `${write(row)}\r\n`;
      if (text) yield text;
      header = '';
    }
    if (header) yield header;
  },
};

type Value = string | number | boolean | object;
/** Writes one column's value, with what stands before it. */
type CellWriter = (value: Value | null | undefined) => string;

/**
 * Writes rows column after column. What columns of one part come to is written once for each object that rows share.
 */
function rowWriter(
  columns: Record<string, Column>,
  cellWriter: (name: string, column: Column, isFirst: boolean) => CellWriter,
): (row: Row) => string {
  const segments: ((row: Row) => string)[] = [];
  let [lastPart, lastCells]: [string | undefined, [string, CellWriter][]] = [undefined, []];
  for (const [index, [name, column]] of Object.entries(columns).entries()) {
    const write = cellWriter(name, column, index === 0);
    const { part } = column;
    if (part === undefined) segments.push((row) => write(row[name] as Value));
    else if (part === lastPart) lastCells.push([name, write]);
    else {
      lastCells = [[name, write]];
      segments.push(partWriter(part, lastCells));
    }
    lastPart = part;
  }
  return (row) => {
    let text = '';
    for (const segment of segments) text += segment(row);
    return text;
  };
}

function partWriter(part: string, cells: [string, CellWriter][]): (row: Row) => string {
  const known = new WeakMap<object, string>();
  return (row) => {
    const shared = row[part] as Record<string, Value>;
    let text = known.get(shared);
    if (text === undefined) {
      text = cells.map(([name, write]) => write(shared[name])).join('');
      known.set(shared, text);
    }
    return text;
  };
}

/** What JSON.stringify makes of a text beyond quoting it, or may make of it. */
const ESCAPED = /["\\\p{Cc}\p{Cs}]/u;
const quoted = (text: Value) => `"${text}"`;

const JSON_VALUES: Record<ColumnType, (value: Value) => string> = {
  id: quoted,
  text: (text) => (ESCAPED.test(text as string) ? JSON.stringify(text) : `"${text}"`),
  enum: quoted,
  instant: quoted,
  day: quoted,
  integer: String,
  integerEnum: String,
  number: String,
  boolean: String,
  object: JSON.stringify,
};

/** A member of an object, which the first opens. The first must not be optional: nothing would open it. */
function jsonMember(name: string, { type, optional }: Column, isFirst: boolean): CellWriter {
  const before = `${isFirst ? '{' : ','}"${name}":`;
  const unknown = optional ? '' : `${before}null`;
  const write = JSON_VALUES[type];
  return (value) => (value === null || value === undefined ? unknown : before + write(value));
}

/** What a spreadsheet takes for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r]/;

function csvCell(_name: string, { type }: Column, isFirst: boolean): CellWriter {
  const before = isFirst ? '' : ',';
  const isText = type === 'text' || type === 'object';
  return (value) => {
    if (value === null || value === undefined) return before;
    if (!isText) return `${before}${value}`;
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const safe = FORMULA.test(text) ? `'${text}` : text;
    return `${before}${safe === '' || /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe}`;
  };
}

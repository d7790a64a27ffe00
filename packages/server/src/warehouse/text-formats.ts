import { Type } from 'typebox';
import { guard } from '../files/formula-guard.ts';
import type { Column, ColumnType } from './columns.ts';
import type { Format, Row } from './format.ts';
import { Utf8Writer } from './utf8-writer.ts';

export const json: Format = {
  name: 'json',
  mediaType: 'application/json',
  contentType: 'application/json; charset=utf-8',
  describe: (row) => Type.Array(row),
  async *encode(columns, batches) {
    const out = new Utf8Writer();
    const write = jsonRowWriter(columns);
    let before = '[';
    for await (const rows of batches) {
      for (const row of rows) {
        out.ascii(before);
        write(row, out);
        before = '},';
      }
      if (!out.isEmpty) yield out.take();
    }
    yield before === '[' ? '[]' : '}]';
  },
};

export const ndjson: Format = {
  name: 'ndjson',
  mediaType: 'application/x-ndjson',
  contentType: 'application/x-ndjson',
  describe: () =>
    Type.String({ description: 'one line for each row; the line is the same object as in the JSON array' }),
  async *encode(columns, batches) {
    const out = new Utf8Writer();
    const write = jsonRowWriter(columns);
    for await (const rows of batches) {
      for (const row of rows) {
        write(row, out);
        out.ascii('}\n');
      }
      if (!out.isEmpty) yield out.take();
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
        'RFC 4180, with a header. The cell of a null or absent member is empty; the cell of an empty text is "". ' +
        "A text that begins with =, +, -, @, a tab, a carriage return or ' gets a ' before it; remove it to read.",
    }),
  async *encode(columns, batches) {
    const out = new Utf8Writer();
    const write = rowWriter(columns, csvCell);
    let header = `${Object.keys(columns).join(',')}\r\n`;
    for await (const rows of batches) {
      out.ascii(header);
      header = '';
      for (const row of rows) {
        write(row, out);
        out.ascii('\r\n');
      }
      if (!out.isEmpty) yield out.take();
    }
    if (header) yield header;
  },
};

type Value = string | number | boolean | object;
/** Writes one column's value, with the separator and name before it. */
type CellWriter = (value: Value | null | undefined, out: Utf8Writer) => void;
type RowWriter = (row: Row, out: Utf8Writer) => void;

/**
 * Makes a function that writes rows column after column. It encodes the columns of a part once for each object that
 * rows share.
 */
function rowWriter(
  columns: Record<string, Column>,
  cellWriter: (name: string, column: Column, isFirst: boolean) => CellWriter,
): RowWriter {
  const segments: RowWriter[] = [];
  let [lastPart, lastCells]: [string | undefined, [string, CellWriter][]] = [undefined, []];
  for (const [index, [name, column]] of Object.entries(columns).entries()) {
    const cell = cellWriter(name, column, index === 0);
    const write = FEW_VALUED.has(column.type) ? remembering(cell) : cell;
    const { part } = column;
    if (part === undefined) segments.push((row, out) => write(row[name] as Value, out));
    else if (part === lastPart) lastCells.push([name, write]);
    else {
      lastCells = [[name, write]];
      segments.push(partWriter(part, lastCells));
    }
    lastPart = part;
  }
  return (row, out) => {
    for (const segment of segments) segment(row, out);
  };
}

/** Writes rows as JSON objects, without their closing brace. */
function jsonRowWriter(columns: Record<string, Column>): RowWriter {
  const write = rowWriter(columns, jsonMember);
  return (row, out) => {
    if (row.deleted === true) out.text(JSON.stringify(membersOf(row, columns)).slice(0, -1));
    else write(row, out);
  };
}

/** The members that a deleted row has, or a row about removed days. */
function membersOf(row: Row, columns: Record<string, Column>): Row {
  const members = Object.entries(columns).map(([name, { part, optional }]) => {
    const value = row[name] ?? (part === undefined ? undefined : (row[part] as Row | undefined)?.[name]);
    return [name, value === null && optional ? undefined : value];
  });
  return Object.fromEntries(members);
}

function partWriter(part: string, cells: [string, CellWriter][]): RowWriter {
  const known = new WeakMap<object, Uint8Array>();
  const scratch = new Utf8Writer();
  return (row, out) => {
    const shared = (row[part] ?? row) as Record<string, Value>;
    let bytes = known.get(shared);
    if (bytes === undefined) {
      for (const [name, write] of cells) write(shared[name], scratch);
      bytes = scratch.take();
      known.set(shared, bytes);
    }
    out.bytes(bytes);
  };
}

/** Types whose columns have few distinct values. */
const FEW_VALUED: ReadonlySet<ColumnType> = new Set(['enum', 'integerEnum', 'day']);

/** Encodes each distinct value once. */
function remembering(write: CellWriter): CellWriter {
  const known = new Map<Value | null | undefined, Uint8Array>();
  const scratch = new Utf8Writer();
  return (value, out) => {
    let bytes = known.get(value);
    if (bytes === undefined) {
      write(value, scratch);
      bytes = scratch.take();
      known.set(value, bytes);
    }
    out.bytes(bytes);
  };
}

type ValueWriter = (value: Value, out: Utf8Writer) => void;

const quoted: ValueWriter = (text, out) => {
  out.ascii('"');
  out.ascii(text as string);
  out.ascii('"');
};
const bare: ValueWriter = (value, out) => out.ascii(String(value));

const JSON_VALUES: Record<ColumnType, ValueWriter> = {
  id: quoted,
  text: (text, out) => {
    out.ascii('"');
    if (out.plain(text as string)) out.ascii('"');
    else out.text(JSON.stringify(text).slice(1));
  },
  enum: quoted,
  instant: quoted,
  day: quoted,
  integer: bare,
  integerEnum: bare,
  number: bare,
  boolean: bare,
  object: (value, out) => out.text(JSON.stringify(value)),
};

/** A member of an object. The first member opens the object, so it must not be optional. */
function jsonMember(name: string, { type, optional }: Column, isFirst: boolean): CellWriter {
  const before = `${isFirst ? '{' : ','}"${name}":`;
  const unknown = optional ? '' : `${before}null`;
  const write = JSON_VALUES[type];
  return (value, out) => {
    if (value === null || value === undefined) return out.ascii(unknown);
    out.ascii(before);
    write(value, out);
  };
}

const QUOTED = /[",\r\n]/;

function csvCell(_name: string, { type }: Column, isFirst: boolean): CellWriter {
  const before = isFirst ? '' : ',';
  const isText = type === 'text' || type === 'object';
  return (value, out) => {
    out.ascii(before);
    if (value === null || value === undefined) return;
    if (!isText) return out.ascii(String(value));
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const safe = guard(text);
    const cell = safe === '' || QUOTED.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    if (!out.plain(cell)) out.text(cell);
  };
}

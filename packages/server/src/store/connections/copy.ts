import { setImmediate } from 'node:timers/promises';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { Tx } from './db.ts';

/** A row as PostgreSQL writes it: the text of each column. */
export type TextRow = (string | null)[];
/** A row as PostgreSQL sends it: the bytes of each column. */
export type BinaryRow = (Buffer | null)[];
type Value = string | string[] | null | undefined;

/**
 * Yields the rows of a query as texts, one buffer at a time, and reads only as fast as the caller takes them. COPY
 * sends rows faster than a database cursor.
 *
 * If the caller stops early, this function ends the connection, because nothing else stops a COPY at once. `values`
 * replace `$1` and so on in the query; undefined is null.
 */
export async function* copyRows(tx: Tx, sql: string, values: Value[]): AsyncGenerator<TextRow[], void> {
  let rest: Buffer | undefined;
  for await (const chunk of copyChunks(tx, `COPY (${inline(sql, values)}) TO STDOUT`)) {
    const bytes = rest ? Buffer.concat([rest, chunk]) : chunk;
    const end = bytes.lastIndexOf(NEWLINE);
    rest = bytes.subarray(end + 1);
    if (end !== -1) yield bytes.toString('utf8', 0, end).split('\n').map(toRow);
  }
}

/** As `copyRows`, in PostgreSQL's binary format: for columns of bytes, which are twice as long as texts. */
export async function* copyBinaryRows(
  tx: Tx,
  sql: string,
  values: Value[],
): AsyncGenerator<BinaryRow[], void> {
  let rest: Buffer = Buffer.alloc(0);
  let isBegun = false;
  for await (const chunk of copyChunks(tx, `COPY (${inline(sql, values)}) TO STDOUT (FORMAT binary)`)) {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    if (!isBegun) {
      if (rest.length < BINARY_HEADER_BYTES) continue;
      rest = rest.subarray(BINARY_HEADER_BYTES);
      isBegun = true;
    }
    const { rows, end } = readBinaryRows(rest);
    rest = rest.subarray(end);
    if (rows.length > 0) yield rows;
  }
}

/** A signature, flags, and the length of an extension, which no release has. */
const BINARY_HEADER_BYTES = 19;

/** The complete rows at the beginning of `bytes`, and where they end. A row of -1 columns ends the data. */
function readBinaryRows(bytes: Buffer): { rows: BinaryRow[]; end: number } {
  const rows: BinaryRow[] = [];
  let end = 0;
  for (let at = 0; at + 2 <= bytes.length; end = at) {
    const columns = bytes.readInt16BE(at);
    at += 2;
    const row: BinaryRow = [];
    while (row.length < columns) {
      if (at + 4 > bytes.length) return { rows, end };
      const length = bytes.readInt32BE(at);
      at += 4;
      if (at + length > bytes.length) return { rows, end };
      row.push(length < 0 ? null : bytes.subarray(at, at + length));
      at += Math.max(0, length);
    }
    if (columns >= 0) rows.push(row);
  }
  return { rows, end };
}

async function* copyChunks(tx: Tx, sql: string): AsyncGenerator<Buffer, void> {
  const copy = tx.query(copyTo(sql));
  let ended = false;
  try {
    for await (const chunk of copy as AsyncIterable<Buffer>) {
      yield chunk;
      // If the caller takes each chunk at once, Node.js reads up to 2 MB of one socket before it serves others.
      await setImmediate();
    }
    ended = true;
  } catch (error) {
    ended = true;
    throw error;
  } finally {
    if (!ended) await (tx as pg.Client).end();
  }
}

const NEWLINE = 0x0a;

/** COPY takes no parameters, so this function writes the values into the statement, quoted. */
function inline(sql: string, values: Value[]): string {
  return sql.replace(/\$(\d+)/g, (_, number) => literal(values[Number(number) - 1]));
}

function literal(value: Value): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'string') return pg.escapeLiteral(value);
  return pg.escapeLiteral(`{${value.map((item) => `"${item.replace(/["\\]/g, '\\$&')}"`).join(',')}}`);
}

/** A line of COPY's text format: columns between tabs, null as `\N`. */
function toRow(line: string): TextRow {
  const columns: TextRow = line.split('\t');
  if (!line.includes('\\')) return columns;
  return columns.map((text) => (text === '\\N' ? null : unescaped(text as string)));
}

const ESCAPES: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

function unescaped(text: string): string {
  return text.includes('\\') ? text.replace(/\\(.)/g, (_, letter) => ESCAPES[letter] ?? letter) : text;
}

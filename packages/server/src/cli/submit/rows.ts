import { createHash } from 'node:crypto';
import { type CsvRecord, ImportError, readCsv } from '../../directory/csv.ts';
import type { Column, Event, SubmitKind } from './kinds.ts';

export type FileFormat = 'csv' | 'ndjson';

/** A row of the file. */
export interface SubmitRow {
  /** The line on which it starts, from 1. */
  line: number;
  /** As it is in the file: cells, or the object of a line; its text where that is none. */
  original: string[] | Record<string, unknown> | string;
  /** What it stands for; or why it stands for nothing. */
  event: Event | { fault: string };
}

/** What is read of a file. `header` is there once the first row is. */
export interface SubmitFile {
  format: FileFormat;
  header: string[];
  rows: AsyncGenerator<SubmitRow>;
}

/** An id of an event that has none is derived from its content: sent again, it is the same. */
const DERIVED_ID_LENGTH = 22;
const LONGEST_TEXT = 1_024;
const LONGEST_LINE_BYTES = 1_048_576;

/** Reads a file row by row, and holds one of them at a time. Throws `ImportError` where the file as a whole cannot be read. */
export function readRows(
  kind: SubmitKind,
  format: FileFormat,
  input: AsyncIterable<Buffer | string>,
): SubmitFile {
  const file: SubmitFile = { format, header: [], rows: noRows() };
  file.rows = format === 'csv' ? csvRows(kind, input, file) : ndjsonRows(kind, input);
  return file;
}

async function* noRows(): AsyncGenerator<SubmitRow> {}

async function* csvRows(
  { columns }: SubmitKind,
  input: AsyncIterable<Buffer | string>,
  file: SubmitFile,
): AsyncGenerator<SubmitRow> {
  const records = readCsv(input);
  const first = await records.next();
  if (first.done) return;
  file.header = first.value.cells.map((cell) => cell.trim());
  const byPlace = file.header.map((name) => columns.find((column) => sameName(column.name, name)));
  for (const column of columns) {
    const count = byPlace.filter((each) => each === column).length;
    if (count > 1) throw new ImportError(`The header row has the column ${column.name} twice.`);
    if (count === 0 && column.required)
      throw new ImportError(`The header row needs the column ${column.name}.`);
  }
  for await (const record of records)
    yield { line: record.line, original: record.cells, event: eventOfCells(record, byPlace, columns) };
}

function eventOfCells(
  { cells }: CsvRecord,
  byPlace: (Column | undefined)[],
  columns: Column[],
): SubmitRow['event'] {
  if (cells.length !== byPlace.length)
    return { fault: `the row has ${cells.length} columns where the header has ${byPlace.length}` };
  const members: Record<string, unknown> = {};
  for (const [place, column] of byPlace.entries()) {
    const cell = cells[place]?.trim();
    if (column && cell) members[column.name] = valueOfCell(cell, column);
  }
  return eventOf(members, columns);
}

/** What a cell says, or its text where it says nothing of the column's type. */
function valueOfCell(cell: string, { type }: Column): unknown {
  if (type === 'number' && /^[-+]?\d+(\.\d+)?$/.test(cell)) return Number(cell);
  if (type === 'boolean' && /^(true|false)$/i.test(cell)) return cell.toLowerCase() === 'true';
  return cell;
}

async function* ndjsonRows(
  { columns }: SubmitKind,
  input: AsyncIterable<Buffer | string>,
): AsyncGenerator<SubmitRow> {
  for await (const { line, text } of linesOf(input)) {
    if (text.trim() === '') continue;
    let original: SubmitRow['original'] = text;
    let event: SubmitRow['event'] = { fault: 'the line is no JSON object' };
    try {
      const parsed: unknown = JSON.parse(text);
      if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
        original = parsed as Record<string, unknown>;
        event = eventOf(original, columns);
      }
    } catch {
      // It goes to the rejected rows as it is.
    }
    yield { line, original, event };
  }
}

async function* linesOf(
  input: AsyncIterable<Buffer | string>,
): AsyncGenerator<{ line: number; text: string }> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let line = 0;
  const decode = (chunk?: Buffer | string) => {
    try {
      return chunk === undefined
        ? decoder.decode()
        : decoder.decode(typeof chunk === 'string' ? Buffer.from(chunk) : chunk, { stream: true });
    } catch {
      throw new ImportError(`The file is not valid UTF-8, from about line ${line + 1} on.`);
    }
  };
  for await (const chunk of input) {
    const lines = (rest + decode(chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST_LINE_BYTES) throw new ImportError(`Line ${line + 1} is longer than 1 MiB.`);
    for (const text of lines) yield { line: ++line, text };
  }
  rest += decode();
  if (rest !== '') yield { line: line + 1, text: rest };
}

/** The event that members make, others than the contract's left out. */
function eventOf(members: Record<string, unknown>, columns: Column[]): SubmitRow['event'] {
  const event: Event = {};
  for (const { name, type, required } of columns) {
    const value = members[name] ?? undefined;
    if (value === undefined) {
      if (required) return { fault: `${name} is missing` };
      continue;
    }
    if (typeof value !== type) return { fault: `${name} is no ${type}` };
    if (typeof value === 'string' && value.length > LONGEST_TEXT)
      return { fault: `${name} is longer than 1,024 characters` };
    event[name] = value as Event[string];
  }
  event.eventId ??= derivedId(event);
  return event;
}

/** Of members in the order of the contract, so that it does not depend on that of the file. */
function derivedId(event: Event): string {
  const digest = createHash('sha256').update(JSON.stringify(event)).digest('base64url');
  return `row-${digest.slice(0, DERIVED_ID_LENGTH)}`;
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

import { ImportError, readCsv } from '../../directory/csv.ts';
import type { EventOrFault, EventReader, Members } from './event.ts';
import type { FileFormat } from './mapping.ts';

export type { FileFormat } from './mapping.ts';

/** A row of the file. */
export interface SubmitRow {
  /** The line on which it starts, from 1. */
  line: number;
  /** As it is in the file: cells, or the object of a line; its text where that is none. */
  original: string[] | Record<string, unknown> | string;
  /** What it stands for; or why it stands for nothing. */
  event: EventOrFault;
}

/** What is read of a file. `header` is there once the first row is. */
export interface SubmitFile {
  format: FileFormat;
  header: string[];
  rows: AsyncGenerator<SubmitRow>;
}

type Input = AsyncIterable<Buffer | string>;

const LONGEST_LINE_BYTES = 1_048_576;
/** By so many rows NDJSON is judged as a header row judges CSV: a member that none of them has is missing. */
const FIRST_ROWS = 1_000;

/**
 * Reads a file row by row, and holds a bounded number of them at a time. Throws `ImportError` where the file as a whole cannot
 * be read, and what `reader` throws of its columns: before the first row.
 */
export function readRows(reader: EventReader, format: FileFormat, input: Input): SubmitFile {
  const file: SubmitFile = { format, header: [], rows: noRows() };
  const text = ofText(input);
  file.rows = format === 'csv' ? csvRows(reader, text, file) : ndjsonRows(reader, text);
  return file;
}

async function* noRows(): AsyncGenerator<SubmitRow> {}

async function* csvRows(reader: EventReader, input: Input, file: SubmitFile): AsyncGenerator<SubmitRow> {
  const records = readCsv(input);
  const first = await records.next();
  if (first.done) return;
  file.header = first.value.cells.map((cell) => cell.trim());
  await reader.useColumns(file.header, 'csv');
  for await (const { line, cells } of records) {
    const members: Record<string, unknown> = {};
    for (const [place, name] of file.header.entries()) members[name] = cells[place]?.trim();
    const event =
      cells.length === file.header.length
        ? reader.read(members)
        : { fault: `the row has ${cells.length} columns where the header has ${file.header.length}` };
    yield { line, original: cells, event };
  }
}

/** A line of NDJSON. */
interface Line {
  line: number;
  text: string;
  /** Undefined where it is no JSON object. */
  members: Members | undefined;
}

async function* ndjsonRows(reader: EventReader, input: Input): AsyncGenerator<SubmitRow> {
  const rowOf = ({ line, text, members }: Line): SubmitRow => ({
    line,
    original: members ? { ...members } : text,
    event: members ? reader.read(members) : { fault: 'the line is no JSON object' },
  });
  let first: Line[] | undefined = [];
  for await (const { line, text } of linesOf(input)) {
    if (text.trim() === '') continue;
    const read: Line = { line, text, members: objectOf(text) };
    if (first === undefined) {
      yield rowOf(read);
      continue;
    }
    if (first.length === 0 && text.trimStart().startsWith('['))
      throw new ImportError(
        'The file is one JSON array, and NDJSON has one JSON object in each line: "jq -c .[] FILE" makes it so. Nothing was sent.',
      );
    first.push(read);
    if (first.length < FIRST_ROWS) continue;
    await judge(reader, first);
    for (const each of first) yield rowOf(each);
    first = undefined;
  }
  if (!first || first.length === 0) return;
  await judge(reader, first);
  for (const each of first) yield rowOf(each);
}

/** Chooses columns by the first rows. Throws `ImportError` where these cannot be rows of the kind. */
async function judge(reader: EventReader, first: readonly Line[]): Promise<void> {
  const names = new Set(first.flatMap(({ members = {} }) => Object.keys(members)));
  if (first.every(({ members }) => members === undefined))
    throw new ImportError(
      `No line at the beginning of the file is a JSON object, as NDJSON has one in each line; line ${first[0]?.line} is not. Nothing was sent.`,
    );
  await reader.useColumns([...names], 'ndjson');
}

function objectOf(text: string): Members | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Members)
      : undefined;
  } catch {
    return undefined;
  }
}

async function* linesOf(input: Input): AsyncGenerator<{ line: number; text: string }> {
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

/** What files that are no text of ours begin with. */
const OTHER_FILES: readonly (readonly [string, number[]])[] = [
  ['UTF-16 text; save it as UTF-8', [0xff, 0xfe]],
  ['UTF-16 text; save it as UTF-8', [0xfe, 0xff]],
  ['compressed; "zcat FILE | rollcall submit KIND - --format …" sends it', [0x1f, 0x8b]],
  ['a spreadsheet or an archive; save it as CSV', [0x50, 0x4b, 0x03, 0x04]],
  ['Parquet; NDJSON and CSV can be sent', [0x50, 0x41, 0x52, 0x31]],
];

/** The same input. Throws `ImportError` before its first piece where that is no UTF-8 text. */
async function* ofText(input: Input): AsyncGenerator<Buffer | string> {
  let isFirst = true;
  for await (const chunk of input) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
    if (isFirst) {
      const [what] =
        OTHER_FILES.find(([, magic]) => magic.every((byte, place) => bytes[place] === byte)) ??
        // UTF-16 without its mark has a zero byte beside each letter.
        (bytes.subarray(0, 1_024).includes(0) ? ['UTF-16 text, or no text; save it as UTF-8'] : []);
      if (what !== undefined) throw new ImportError(`The file is ${what}. Nothing was sent.`);
    }
    isFirst = false;
    yield bytes;
  }
}

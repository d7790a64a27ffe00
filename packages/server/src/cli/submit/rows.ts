import { type BadCsvRow, readCsv } from '../../files/csv-rows.ts';
import { FileError } from '../../files/errors.ts';
import { unguard } from '../../files/formula-guard.ts';
import type { EventOrFault, EventReader, Members } from './event.ts';
import type { FileFormat } from './mapping.ts';

export type { FileFormat } from './mapping.ts';

/** A row of the file. */
export interface SubmitRow {
  /** The line on which it starts, from 1. */
  line: number;
  /**
   * The row as in the file: the cells, as many as the header has, or the object of a line. The text if the line is not
   * an object.
   */
  original: string[] | Record<string, unknown> | string;
  /** The event of the row, or the reason why there is none. */
  event: EventOrFault;
}

/** A file that is being read. `header` is complete when the first row arrives. */
export interface SubmitFile {
  format: FileFormat;
  header: string[];
  rows: AsyncGenerator<SubmitRow>;
}

type Input = AsyncIterable<Buffer | string>;

const LONGEST_LINE_BYTES = 1_048_576;
/** The first rows of NDJSON act as a header: a member that none of them has counts as missing. */
const FIRST_ROWS = 1_000;

/**
 * Reads a file row by row, with a bounded number of rows in memory. `input` is UTF-8 without a byte order mark. Before
 * the first row it throws `FileError` if the file cannot be read, and errors of `reader` about its columns.
 */
export function readRows(reader: EventReader, format: FileFormat, input: Input): SubmitFile {
  const file: SubmitFile = { format, header: [], rows: noRows() };
  file.rows = format === 'csv' ? csvRows(reader, input, file) : ndjsonRows(reader, input);
  return file;
}

async function* noRows(): AsyncGenerator<SubmitRow> {}

async function* csvRows(reader: EventReader, input: Input, file: SubmitFile): AsyncGenerator<SubmitRow> {
  const { header, rows } = await readCsv(input);
  if (!header) throw new FileError('The file is empty.');
  file.header = header.cells.map((cell) => cell.trim());
  await reader.useColumns(file.header, 'csv');
  for await (const row of rows) {
    const { line } = row;
    if ('reason' in row) {
      yield { line, original: fitted(row, file.header.length), event: { fault: row.reason } };
      continue;
    }
    const members: Record<string, unknown> = {};
    for (const [index, name] of file.header.entries())
      members[name] = unguard(row.cells[index]?.trim() ?? '');
    yield { line, original: row.cells, event: reader.read(members) };
  }
}

/**
 * A bad row as cells for a header of `width` columns. The last cell takes all further cells, so that nothing is lost.
 */
function fitted({ pieces }: BadCsvRow, width: number): string[] {
  const last = width - 1;
  return Array.from({ length: width }, (_, index) =>
    index < last ? (pieces[index] ?? '') : pieces.slice(last).join(','),
  );
}

/** A line of NDJSON. */
interface Line {
  line: number;
  text: string;
  /** Undefined if the text is not a JSON object. */
  members: Members | undefined;
}

async function* ndjsonRows(reader: EventReader, input: Input): AsyncGenerator<SubmitRow> {
  const rowOf = ({ line, text, members }: Line): SubmitRow => ({
    line,
    original: members ? { ...members } : text,
    event: members ? reader.read(members) : { fault: 'the line is not a JSON object' },
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
      throw new FileError(
        'The file is one JSON array, but NDJSON has one JSON object in each line: convert it with "jq -c .[] FILE". Nothing was sent.',
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

/** Chooses columns by the first rows. Throws `FileError` if they cannot be rows of the kind. */
async function judge(reader: EventReader, first: readonly Line[]): Promise<void> {
  const names = new Set(first.flatMap(({ members = {} }) => Object.keys(members)));
  if (first.every(({ members }) => members === undefined))
    throw new FileError(
      `NDJSON has one JSON object in each line, but no line at the beginning of the file is one; see line ${first[0]?.line}. Nothing was sent.`,
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
  const decoder = new TextDecoder();
  let rest = '';
  let line = 0;
  for await (const chunk of input) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST_LINE_BYTES) throw new FileError(`Line ${line + 1} is longer than 1 MiB.`);
    for (const text of lines) yield { line: ++line, text };
  }
  if (rest !== '') yield { line: line + 1, text: rest };
}

import { isUtf8 } from 'node:buffer';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { FileError as ImportError } from '../files/errors.ts';

export { ImportError };

/** A record of the file, as text. */
export interface CsvRecord {
  /** The line of the file on which the record starts, from 1. */
  line: number;
  cells: string[];
}

const DELIMITERS = [',', ';', '\t'] as const;
/** A record longer than this is a quote left open rather than data. */
const MAX_RECORD_BYTES = 1_048_576;
const LINE_END = /\r\n|\n|\r/g;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Reads UTF-8 CSV (RFC 4180, with or without a byte order mark; lines end in LF, CRLF or CR; the delimiter is
 * the comma, semicolon or tab that the first line has most of). Records without any value are left out.
 * Throws `ImportError` where the file is not UTF-8 or its quotes do not match, and what `input` throws.
 */
export async function* readCsv(input: AsyncIterable<Buffer | string>): AsyncGenerator<CsvRecord> {
  const blocks = wholeLines(input);
  const first = await blocks.next();
  if (first.done) return;

  let nextLine = 1;
  // Called as the parser goes, so that `nextLine` is where it stands when it fails. Its own count of lines takes
  // a CRLF inside quotes for two.
  const mark = ({ record: cells, raw }: { record: string[]; raw: string }): CsvRecord | null => {
    const line = nextLine;
    nextLine += countLineEnds(raw);
    return cells.every((cell) => cell.trim() === '') ? null : { line, cells };
  };
  const parser = parse({
    bom: true,
    delimiter: detectDelimiter(first.value),
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    max_record_size: MAX_RECORD_BYTES,
    raw: true,
    // Typed as never, since the package's types do not know what `raw` makes of a record.
    on_record: mark as never,
  });
  const source = async function* () {
    yield first.value;
    yield* blocks;
  };
  const piped = pipeline(source, parser);
  // Reported by the loop below, which ends with the same error.
  piped.catch(() => undefined);
  try {
    for await (const record of parser) yield record as CsvRecord;
  } catch (error) {
    throw error instanceof CsvError ? describe(error, nextLine) : error;
  }
}

/** Cuts `input` after its line ends, so that a fault is found in a block by itself and its line can be named. */
async function* wholeLines(input: AsyncIterable<Buffer | string>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  const checked = (block: Buffer) => {
    if (!isUtf8(block)) throw notUtf8(block, line);
    line += countLineEnds(block.toString('latin1'));
    return block;
  };
  for await (const chunk of input) {
    const bytes = Buffer.concat([rest, Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk)]);
    // A CR that is last so far may be the first half of a CRLF.
    const end = Math.max(bytes.lastIndexOf(LF), bytes.subarray(0, -1).lastIndexOf(CR)) + 1;
    rest = bytes.subarray(end);
    if (rest.length > MAX_RECORD_BYTES) throw new ImportError(`Line ${line} is longer than 1 MiB.`);
    if (end > 0) yield checked(bytes.subarray(0, end));
  }
  if (rest.length > 0) yield checked(rest);
}

function notUtf8(block: Buffer, firstLine: number): ImportError {
  const lines = block.toString('latin1').split(LINE_END);
  const bad = lines.findIndex((line) => !isUtf8(Buffer.from(line, 'latin1')));
  return new ImportError(
    `Line ${firstLine + bad} is not valid UTF-8. Save the file as UTF-8 (CSV UTF-8 in Excel).`,
  );
}

function countLineEnds(text: string): number {
  return text.match(LINE_END)?.length ?? 0;
}

function detectDelimiter(block: Buffer): string {
  const lines = block.toString().split(LINE_END);
  const header = (lines.find((line) => line.trim() !== '') ?? '').replaceAll(/"[^"]*"/g, '');
  const count = (delimiter: string) => header.split(delimiter).length;
  return DELIMITERS.reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best));
}

function describe(error: CsvError, line: number): ImportError {
  const record = `The record that starts on line ${line}`;
  switch (error.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return new ImportError(`${record} has a quote that is never closed.`);
    case 'CSV_MAX_RECORD_SIZE':
      return new ImportError(`${record} is longer than 1 MiB: is a quote left open?`);
    default:
      return new ImportError(
        `${record} has a quote in the middle of a value. A value with quotes is itself quoted, and each quote in it written twice.`,
      );
  }
}

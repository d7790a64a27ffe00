import { CsvError, parse } from 'csv-parse/sync';
import { FileError } from './errors.ts';

/** A row of the file, as text. */
export interface CsvRow {
  /** The line of the file on which the row starts, from 1. */
  line: number;
  /** As many cells as the header has. */
  cells: string[];
}

/** A row that cannot be read. It does not stop the other rows. */
export interface BadCsvRow {
  line: number;
  /** One clause, for a reader of the file. */
  reason: string;
  /** The text of the row in the file. */
  text: string;
  /**
   * The texts between the delimiters, with the quotes if these are the fault. The number may differ from the header's.
   */
  pieces: string[];
}

/** A CSV file after its header is read. */
export interface CsvFile {
  delimiter: string;
  /** Undefined if the file has no row. */
  header: CsvRow | undefined;
  /** The rows after the header, in order. At most one block of them is in memory. */
  rows: AsyncGenerator<CsvRow | BadCsvRow>;
}

const DELIMITERS = [',', ';', '\t', '|'] as const;
/** The first line by which some spreadsheets name the delimiter. */
const SEPARATOR_LINE = /^"?sep=(\\t|[^\w"\r\n])"?[,;\t|]*\s*$/i;
/** The parser takes a longer row for a row with an open quote. */
const MAX_ROW_BYTES = 1_048_576;
const LINE_END = /\r\n|\n|\r/g;
const QUOTE = 0x22;
const LF = 0x0a;
const CR = 0x0d;

const OPEN_QUOTE = 'the row has a quote that is never closed';
const STRAY_QUOTE =
  'the row has a quote in the middle of a value; quote the whole value and double each quote in it';

/**
 * Reads CSV (RFC 4180; lines end in LF, CRLF or CR). `input` is UTF-8 without a byte order mark (`openText`). A first
 * line such as `sep=;` names the delimiter. Without it, the delimiter is the comma, semicolon, tab or vertical bar that
 * occurs most often in the header.
 *
 * The function leaves out rows without any value. It fills a short row with empty cells, and removes empty cells beyond
 * the header. A row with a value beyond the header, or with a misplaced quote, is a bad row; reading continues at the
 * next line.
 *
 * Throws `FileError` if the header is a bad row or a line is longer than 1 MiB. Errors of `input` pass through.
 */
export async function readCsv(input: AsyncIterable<Buffer | string>): Promise<CsvFile> {
  const blocks = wholeLines(input);
  let head: Buffer = Buffer.alloc(0);
  let firstLine = 1;
  let named: string | undefined;
  for await (const block of iterate(blocks)) {
    head = Buffer.concat([head, block]);
    const first = head.toString('utf8', 0, lineLength(head));
    const separator = SEPARATOR_LINE.exec(first)?.[1];
    if (named === undefined && separator !== undefined) {
      named = separator === '\\t' ? '\t' : separator;
      head = head.subarray(lineLength(head));
      firstLine++;
    }
    if (head.toString().trim() !== '') break;
  }
  const delimiter = named ?? detectDelimiter(head.toString());
  const source = async function* () {
    yield head;
    yield* blocks;
  };
  const records = readRecords(source(), delimiter, firstLine);
  const first = await records.next();
  if (first.done) return { delimiter, header: undefined, rows: records };
  if ('reason' in first.value) {
    throw new FileError(`The header row cannot be read: ${first.value.reason}.`);
  }
  return { delimiter, header: first.value, rows: records };
}

/** Lets a loop stop early without ending `blocks`. A plain loop over `blocks` would end it. */
async function* iterate<T>(blocks: AsyncGenerator<T>): AsyncGenerator<T> {
  for (let next = await blocks.next(); !next.done; next = await blocks.next()) yield next.value;
}

/** The rows of `blocks`, which end with lines. The first is the header. */
async function* readRecords(
  blocks: AsyncIterable<Buffer>,
  delimiter: string,
  firstLine: number,
): AsyncGenerator<CsvRow | BadCsvRow> {
  const parser = new BlockParser(delimiter, firstLine);
  // `yield*` would make several promises for each row.
  for await (const block of blocks) for (const row of parser.parse(block, false)) yield row;
  for (const row of parser.parse(Buffer.alloc(0), true)) yield row;
}

/** Stops the parser at a bad row. */
class UnreadableRowError extends Error {}

class BlockParser {
  readonly #delimiter: string;
  #line: number;
  /** The number of cells of the header; undefined until it is read. */
  #width: number | undefined;
  /** The beginning of a row that continues in the next block. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(delimiter: string, firstLine: number) {
    this.#delimiter = delimiter;
    this.#line = firstLine;
  }

  /** The rows that end in `block`, which consists of whole lines. */
  parse(block: Buffer, isLast: boolean): (CsvRow | BadCsvRow)[] {
    const rows: (CsvRow | BadCsvRow)[] = [];
    let bytes = this.#rest.length === 0 ? block : Buffer.concat([this.#rest, block]);
    if (!bytes.includes(QUOTE) && bytes.length <= MAX_ROW_BYTES) {
      this.#rest = Buffer.alloc(0);
      return this.#splitPlain(bytes.toString());
    }
    while (bytes.length > 0) {
      const { readBytes, fault } = this.#parseSome(bytes, rows);
      bytes = bytes.subarray(readBytes);
      if (fault === undefined) break;
      if (fault === OPEN_QUOTE && !isLast && bytes.length <= MAX_ROW_BYTES) break;
      const length = lineLength(bytes);
      const text = bytes.toString('utf8', 0, length).replace(/[\r\n]+$/, '');
      rows.push({ line: this.#line++, reason: fault, text, pieces: text.split(this.#delimiter) });
      bytes = bytes.subarray(length);
    }
    this.#rest = Buffer.from(bytes);
    return rows;
  }

  /** The rows of a text without quotes. Each line is a row, so the parser, which is several times slower, is not needed. */
  #splitPlain(text: string): (CsvRow | BadCsvRow)[] {
    const lines = text.split(text.includes('\r') ? LINE_END : '\n');
    if (lines.at(-1) === '') lines.pop();
    const rows: (CsvRow | BadCsvRow)[] = [];
    for (const line of lines) {
      const cells = line.split(this.#delimiter);
      if (cells.some(hasText)) rows.push(this.#fit(cells, 1));
      this.#line++;
    }
    return rows;
  }

  /**
   * Adds rows up to the first bad row. The bad row begins after `readBytes`, and `fault` says what is wrong with it.
   */
  #parseSome(bytes: Buffer, rows: (CsvRow | BadCsvRow)[]): { readBytes: number; fault: string | undefined } {
    let readBytes = 0;
    const take = (cells: string[], { bytes: end }: { bytes: number }): null => {
      // The parser's own line count counts a CRLF inside quotes twice.
      const lines = countLineEnds(bytes.toString('latin1', readBytes, end));
      // The result must not depend on whether one block holds the whole row.
      if (end - readBytes > MAX_ROW_BYTES) throw new UnreadableRowError(OPEN_QUOTE);
      if (cells.some(hasText)) rows.push(this.#fit(cells, lines));
      this.#line += lines;
      readBytes = end;
      return null;
    };
    try {
      parse(bytes, {
        delimiter: this.#delimiter,
        record_delimiter: ['\r\n', '\n', '\r'],
        relax_column_count: true,
        on_record: take,
      });
      return { readBytes: bytes.length, fault: undefined };
    } catch (error) {
      if (error instanceof UnreadableRowError) return { readBytes, fault: error.message };
      if (!(error instanceof CsvError)) throw error;
      return { readBytes, fault: error.code === 'CSV_QUOTE_NOT_CLOSED' ? OPEN_QUOTE : STRAY_QUOTE };
    }
  }

  /** The row with as many cells as the header has. */
  #fit(cells: string[], lines: number): CsvRow | BadCsvRow {
    const line = this.#line;
    if (cells.length === this.#width) return { line, cells };
    const said = withoutEmptyEnd(cells);
    if (this.#width === undefined) {
      this.#width = said.length;
      return { line, cells: said };
    }
    if (said.length > this.#width) {
      const reason = `the row has ${said.length} cells where the header has ${this.#width}`;
      // An open quote takes the following rows as its value, up to the next quote.
      if (lines > 1) throw new UnreadableRowError(`${reason}: is a quote left open?`);
      return { line, reason, text: cells.join(this.#delimiter), pieces: said };
    }
    const row = cells.slice(0, this.#width);
    while (row.length < this.#width) row.push('');
    return { line, cells: row };
  }
}

/** The bytes of `input` in blocks of whole lines. */
async function* wholeLines(input: AsyncIterable<Buffer | string>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  for await (const chunk of input) {
    const bytes = Buffer.concat([rest, Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk)]);
    // A CR at the end of the bytes may be the first half of a CRLF.
    const end = Math.max(bytes.lastIndexOf(LF), bytes.subarray(0, -1).lastIndexOf(CR)) + 1;
    rest = bytes.subarray(end);
    line += countLineEnds(bytes.toString('latin1', 0, end));
    if (rest.length > MAX_ROW_BYTES) throw new FileError(`Line ${line} is longer than 1 MiB.`);
    if (end > 0) yield bytes.subarray(0, end);
  }
  if (rest.length > 0) yield rest;
}

/** The length of the first line in bytes, with its line end. */
function lineLength(bytes: Buffer): number {
  const [lf, cr] = [bytes.indexOf(LF), bytes.indexOf(CR)];
  if (cr >= 0 && (lf < 0 || cr < lf)) return lf === cr + 1 ? lf + 1 : cr + 1;
  return lf < 0 ? bytes.length : lf + 1;
}

function countLineEnds(text: string): number {
  return text.match(LINE_END)?.length ?? 0;
}

function detectDelimiter(text: string): string {
  const lines = text.split(LINE_END);
  const header = (lines.find((line) => line.trim() !== '') ?? '').replaceAll(/"[^"]*"/g, '');
  const count = (delimiter: string) => header.split(delimiter).length;
  return DELIMITERS.reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best));
}

function withoutEmptyEnd(cells: string[]): string[] {
  return cells.slice(0, cells.findLastIndex(hasText) + 1);
}

function hasText(cell: string): boolean {
  return cell.trim() !== '';
}

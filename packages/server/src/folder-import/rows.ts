import { createReadStream } from 'node:fs';
import { type CsvRow, readCsv } from '../files/csv-rows.ts';
import { FileError } from '../files/errors.ts';
import { unguard } from '../files/formula-guard.ts';
import { openText } from '../files/text-input.ts';
import type { Row } from './cells.ts';
import { type FileRow, type RowsFile, UnreadableRow } from './file-row.ts';
import { type FileType, FolderError } from './folder.ts';
import { splitJsonArray } from './json-objects.ts';
import { readParquet } from './parquet.ts';

const LONGEST_LINE_BYTES = 1_048_576;

/**
 * Yields the rows of a file, one after the other, for files of any size. A line that is not a row comes with its
 * fault, and does not stop the others. Calls `onBytes` with the number of bytes read since the last call. Throws
 * `FolderError` where the whole file is not of the type that its name says.
 */
export async function* readRows(
  file: RowsFile,
  onBytes: (bytes: number) => void,
): AsyncGenerator<FileRow, void> {
  try {
    yield* READERS[file.type](file, onBytes);
  } catch (error) {
    if (error instanceof FolderError) throw new FolderError(`${file.name} ${error.message}.`);
    if (error instanceof FileError) throw new FolderError(`${file.name}: ${error.message}`);
    throw error;
  }
}

type Reader = (file: RowsFile, onBytes: (bytes: number) => void) => AsyncGenerator<FileRow, void>;

const READERS: Record<FileType, Reader> = {
  async *ndjson(file, onBytes) {
    let line = 0;
    for await (const text of linesOf(bytesOf(file, onBytes))) {
      line++;
      if (text.trim() !== '') yield { line, row: parseObject(text) };
    }
  },

  async *json(file, onBytes) {
    let line = 0;
    for await (const text of splitJsonArray(bytesOf(file, onBytes)))
      yield { line: ++line, row: parseObject(text) };
  },

  async *csv(file, onBytes) {
    const text = await openText(file.path);
    const { header, rows } = await readCsv(text.stream);
    const names = header?.cells.map((name) => name.trim()) ?? [];
    let toldBytes = 0;
    const tell = () => {
      onBytes(text.bytesRead - toldBytes);
      toldBytes = text.bytesRead;
    };
    for await (const row of rows) {
      tell();
      if ('reason' in row) yield { line: row.line, row: new UnreadableRow(row.reason, row.text) };
      else
        yield { line: row.line, row: Object.fromEntries(names.map((name, at) => [name, cellOf(row, at)])) };
    }
  },

  parquet: readParquet,
};

function cellOf({ cells }: CsvRow, at: number): string | null {
  return cells[at] ? unguard(cells[at]) : null;
}

function parseObject(text: string): FileRow['row'] {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Row;
    return new UnreadableRow('it is not a JSON object', text);
  } catch {
    return new UnreadableRow('it is not JSON', text);
  }
}

async function* bytesOf(file: RowsFile, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of createReadStream(file.path) as AsyncIterable<Buffer>) {
    onBytes(chunk.length);
    yield chunk;
  }
}

async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(10, start); end >= 0; end = bytes.indexOf(10, start)) {
      yield bytes.toString('utf8', start, end);
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > LONGEST_LINE_BYTES) throw new FolderError('has a line of more than 1 MiB');
  }
  if (rest.length > 0) yield rest.toString('utf8');
}

import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { formatInstant } from '../http/instants.ts';
import type { FileRow, RowsFile } from './file-row.ts';
import { FolderError } from './folder.ts';

/** Instants as text: a `Date` would lose their microseconds. */
const parsers = { timestampFromMicroseconds: (instantUs: bigint) => formatInstant(Number(instantUs)) };

/** So that no more than this, and the row group that it is in, is held. */
const ROWS_AT_ONCE = 10_000;

/** The rows of a Parquet file. Throws `FolderError` where it is none. */
export async function* readParquet(
  { path }: RowsFile,
  onBytes: (bytes: number) => void,
): AsyncGenerator<FileRow, void> {
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const total = Number(metadata.num_rows);
    let line = 0;
    let toldBytes = 0;
    while (line < total) {
      const rowEnd = Math.min(line + ROWS_AT_ONCE, total);
      for (const row of await parquetReadObjects({ file, metadata, parsers, rowStart: line, rowEnd })) {
        yield { line: ++line, row };
      }
      const doneBytes = Math.floor((file.byteLength * line) / total);
      onBytes(doneBytes - toldBytes);
      toldBytes = doneBytes;
    }
  } catch (error) {
    throw new FolderError(`cannot be read as Parquet: ${(error as Error).message}`);
  }
}

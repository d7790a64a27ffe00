import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { formatInstant } from '../http/instants.ts';
import type { FileRow, RowsFile } from './file-row.ts';
import { FolderError } from './folder.ts';

/** Instants as text: a `Date` would lose their microseconds. */
const parsers = { timestampFromMicroseconds: (instantUs: bigint) => formatInstant(Number(instantUs)) };

/** The reader holds at most this many rows, and the row group that contains them. */
const ROWS_AT_ONCE = 10_000;

/** Yields the rows of a Parquet file. Throws `FolderError` where the file is not Parquet. */
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

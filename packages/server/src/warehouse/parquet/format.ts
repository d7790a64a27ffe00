import { Type } from 'typebox';
import type { Format } from '../format.ts';
import { ParquetFile } from './file.ts';
import { parquetColumns } from './schema.ts';

/**
 * Rows of a group. Its values stay in memory until it is encoded. The first group is small, to send the first
 * byte early.
 */
const ROWS_PER_GROUP = 4_500;
const ROWS_OF_FIRST_GROUP = 500;

/** Parquet, row group by row group. The footer comes last, so a reader cannot take a cut-off file for a whole one. */
export const parquet: Format = {
  name: 'parquet',
  mediaType: 'application/vnd.apache.parquet',
  contentType: 'application/vnd.apache.parquet',
  isCompressed: true,
  describe: () =>
    Type.String({
      format: 'binary',
      description:
        'Apache Parquet, with columns compressed by Snappy or not at all. Instants are timestamps (microseconds, UTC), days are dates, ids are ' +
        'strings, enums are dictionary-encoded strings, objects are JSON. Null and absent values are null.',
    }),
  async *encode(columns, batches) {
    const file = new ParquetFile(parquetColumns(columns));
    let size = ROWS_OF_FIRST_GROUP;
    for await (const rows of batches) {
      for (const row of rows) {
        file.add(row);
        if (file.rows < size) continue;
        yield await file.writeGroup();
        size = ROWS_PER_GROUP;
      }
    }
    if (file.rows > 0) yield await file.writeGroup();
    yield file.finish();
  },
};

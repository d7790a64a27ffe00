import { Type } from 'typebox';
import type { Format } from '../format.ts';
import { ParquetFile } from './file.ts';
import { parquetColumns } from './schema.ts';

/** Rows of a group, whose values are held until it is encoded. The first is small, for the first byte to be early. */
const ROWS_PER_GROUP = 3_000;
const ROWS_OF_FIRST_GROUP = 500;

/** Parquet, row group by row group; the footer comes last, so what was broken off cannot be taken for whole. */
export const parquet: Format = {
  name: 'parquet',
  mediaType: 'application/vnd.apache.parquet',
  contentType: 'application/vnd.apache.parquet',
  isCompressed: true,
  describe: () =>
    Type.String({
      format: 'binary',
      description:
        'Apache Parquet, compressed by snappy. Instants are timestamps (microseconds, UTC), days dates, ids strings, ' +
        'enums dictionary-encoded strings, objects JSON; what is null or absent is null.',
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

import type { TSchema } from 'typebox';
import type { Column } from './columns.ts';

/**
 * A row by the names of its columns. An unknown value is null or absent. Columns of a part (see `Column.part`) are
 * members of an object, which the row has under the part's name and shares with other rows. No code may change this
 * object while the export runs. A row without the part has these columns itself.
 */
export type Row = Record<string, unknown>;

/** A format of a dataset's answers. */
export interface Format {
  /** The name in the parameter `format`. */
  name: string;
  /** The media type in Accept. */
  mediaType: string;
  /** The value of Content-Type. */
  contentType: string;
  /** The format is compressed, so a content coding would cost time and gain nothing. */
  isCompressed?: true;
  /** The schema of a whole answer, for the documentation. */
  describe: (row: TSchema) => TSchema;
  /** A whole answer in pieces. The first piece waits for the first rows. */
  encode: (
    columns: Record<string, Column>,
    batches: AsyncIterable<Row[]>,
  ) => AsyncGenerator<string | Uint8Array, void>;
}

import type { TSchema } from 'typebox';
import type { Column } from './columns.ts';

/**
 * A row by the names of its columns; null or nothing where a member is unknown. Columns of a part (see `Column.part`)
 * are members of an object that the row holds under the part's name, and shares with other rows: it must not be
 * changed, and stands for what it says as long as the export runs. A row without the part has them itself.
 */
export type Row = Record<string, unknown>;

/** A form in which a dataset goes out. */
export interface Format {
  /** As `format` names it. */
  name: string;
  /** As Accept names it. */
  mediaType: string;
  /** As Content-Type says it. */
  contentType: string;
  /** It compresses itself, so a content coding would cost time and gain nothing. */
  isCompressed?: true;
  /** What a whole answer is, for the documentation. */
  describe: (row: TSchema) => TSchema;
  /** A whole answer in pieces, the first of them not before the first rows are there. */
  encode: (
    columns: Record<string, Column>,
    batches: AsyncIterable<Row[]>,
  ) => AsyncGenerator<string | Uint8Array, void>;
}

import { formatCsv, toCsv } from './csv-text.ts';

/** A CSV file in pieces: the header, and each batch of rows. An import reads it. */
export async function* csvFile<Column extends string>(
  batches: AsyncIterable<Readonly<Record<Column, unknown>>[]>,
  columns: readonly Column[],
): AsyncGenerator<string, void> {
  let header = formatCsv([[...columns]]);
  for await (const rows of batches) {
    yield header + toCsv(rows.map((row) => columns.map((column) => String(row[column] ?? ''))));
    header = '';
  }
  if (header !== '') yield header;
}

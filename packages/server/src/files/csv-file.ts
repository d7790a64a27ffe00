import { formatCsv, toCsv } from './csv-text.ts';

/** A CSV file in pieces: the header, and each batch of rows. Lists and objects are JSON. */
export async function* csvFile<Column extends string>(
  batches: AsyncIterable<Readonly<Record<Column, unknown>>[]>,
  columns: readonly Column[],
): AsyncGenerator<string, void> {
  let header = formatCsv([[...columns]]);
  for await (const rows of batches) {
    yield header + toCsv(rows.map((row) => columns.map((column) => cell(row[column]))));
    header = '';
  }
  if (header !== '') yield header;
}

function cell(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');
}

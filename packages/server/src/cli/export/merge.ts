import { createReadStream } from 'node:fs';
import { unguard } from '../../files/formula-guard.ts';
import { UnreadableRow } from '../../folder-import/file-row.ts';
import { FolderError } from '../../folder-import/folder.ts';
import { readRows } from '../../folder-import/rows.ts';
import type { Order } from '../../store/warehouse/dataset-rows.ts';
import { datasets } from '../../warehouse/datasets.ts';
import type { PartChanges } from './changes.ts';
import { type Days, dayOf, type ExportedRow, type Part, partNamesOf, removedDaysOf } from './parts.ts';
import type { FileFormat } from './write.ts';

/** The file of the last run cannot be merged with the changes; the part must be read whole. */
export class NoMerge extends Error {}

/** The most changes of a part in memory. With more, reading the part anew costs no more. */
const MOST_CHANGES = 50_000;

/** Returns a function that gives the sort key of a row. Sorted by these keys, rows have the order of the server. */
function sortKeyBy(order: Order): (row: ExportedRow) => string {
  const columns = order.flatMap(([, type, name]) => (name === undefined ? [] : [{ name, type }]));
  return (row) =>
    columns
      .map(({ name, type }) => {
        const value = row[name] ?? '';
        // A row without a UUID comes last, and an empty string first.
        if (value === '') return type === 'uuid' ? 'g' : '';
        return type === 'date' ? String(value).slice(0, 10) : String(value).replace(/Z$/, '');
      })
      .join('\0');
}

/**
 * The rows of a file of the last run, in the order of the server. A changed row replaces the row with the same key. Rows of
 * days that the server has removed are left out.
 * Throws `NoMerge` if the file or the changes have another form.
 */
export async function* mergedRows(
  { dataset, name }: Part,
  known: { path: string; endDate: string | null },
  format: FileFormat,
  changes: PartChanges = { path: '', rows: 0 },
): AsyncGenerator<ExportedRow> {
  if (changes.rows > MOST_CHANGES) throw new NoMerge();
  const { key = [], order = [] } = datasets.find(({ path }) => path === dataset) ?? {};
  const sortKeyOf = sortKeyBy(order);
  const keyOf = (row: ExportedRow) => JSON.stringify(key.map((column) => row[column] ?? null));
  const replaced = new Set<string>();
  const removed: Days[] = [];
  const added: { row: ExportedRow; sortKey: string }[] = [];
  for await (const row of changes.rows > 0 ? rowsOf(changes.path, 'ndjson') : []) {
    const days = removedDaysOf(row);
    if (days) {
      removed.push(days);
      continue;
    }
    if (format === 'csv' && key.some((column) => isAmbiguous(row[column]))) throw new NoMerge();
    replaced.add(keyOf(row));
    const day = dayOf(dataset, row);
    const isHere = partNamesOf(dataset, row)[0] === name && !(day && known.endDate && day > known.endDate);
    if (isHere && !row.deleted) added.push({ row, sortKey: sortKeyOf(row) });
  }
  // Rows with the same sort key keep the order in which they came.
  added.sort((a, b) => (a.sortKey < b.sortKey ? -1 : a.sortKey > b.sortKey ? 1 : 0));
  let next = 0;
  for await (const row of rowsOf(known.path, format)) {
    if (replaced.has(keyOf(row)) || isOf(removed, dayOf(dataset, row))) continue;
    const sortKey = sortKeyOf(row);
    for (let first = added[next]; first && first.sortKey <= sortKey; first = added[++next]) yield first.row;
    yield row;
  }
  for (const { row } of added.slice(next)) yield row;
}

function isOf(removed: readonly Days[], day: string | undefined): boolean {
  return day !== undefined && removed.some(({ startDate, endDate }) => startDate <= day && day <= endDate);
}

/**
 * Whether two texts may have the same cell in a CSV file of an older server, which put no ' before a text that began
 * with one.
 */
function isAmbiguous(value: unknown): boolean {
  return typeof value === 'string' && /^'?[=+\-@\t\r]/.test(value);
}

/** The rows of a file that the export wrote, in a form that gives the same bytes when written again. */
async function* rowsOf(path: string, format: FileFormat): AsyncGenerator<ExportedRow> {
  try {
    if (format === 'csv') return yield* cellsOf(path);
    for await (const { row } of readRows({ type: format, path, name: path }, () => undefined)) {
      if (row instanceof UnreadableRow) throw new NoMerge();
      yield format === 'parquet' ? withTexts(row) : row;
    }
  } catch (error) {
    if (error instanceof FolderError) throw new NoMerge();
    throw error;
  }
}

/**
 * The rows of a CSV file that the export wrote. Each value is the text of its cell. An empty cell is null, and "" is an
 * empty text. No parser library tells these two apart as fast.
 */
async function* cellsOf(path: string): AsyncGenerator<ExportedRow> {
  let names: string[] | undefined;
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
    rest += chunk;
    let start = 0;
    for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n', end + 2)) {
      const record = rest.slice(start, end);
      // A line that ends within quotes.
      if (record.includes('"') && record.split('"').length % 2 === 0) continue;
      start = end + 2;
      const cells = cellsOfRecord(record);
      if (names === undefined) {
        names = cells.map(String);
        continue;
      }
      if (cells.length !== names.length) throw new NoMerge();
      const row: ExportedRow = {};
      for (const [index, name] of names.entries()) row[name] = cells[index];
      yield row;
    }
    rest = rest.slice(start);
  }
  if (rest !== '') throw new NoMerge();
}

function cellsOfRecord(record: string): (string | null)[] {
  const plainCell = (cell = '') => (cell === '' ? null : unguard(cell));
  if (!record.includes('"')) return record.split(',').map(plainCell);
  return [...record.matchAll(/(?<=^|,)(?:"((?:[^"]|"")*)"|([^,"]*))(?=,|$)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? plainCell(plain) : unguard(quoted.replaceAll('""', '"')),
  );
}

/** Days of Parquet are read as `Date`, and written as text. */
function withTexts(row: ExportedRow): ExportedRow {
  const entries = Object.entries(row).map(([name, value]) => [
    name,
    value instanceof Date ? value.toISOString() : value,
  ]);
  return Object.fromEntries(entries);
}

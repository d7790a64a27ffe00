import { ItemRefusedError, quote } from '../directory/values.ts';
import { BOOLEAN_CHOICES, parseBoolean } from '../files/booleans.ts';
import { FileError } from '../files/errors.ts';
import { unguard } from '../files/formula-guard.ts';

/** The value of a cell. */
export type Value = string | number | boolean | string[];

/** A column of a file. Its cells become the member of the item with the same name. */
export interface CsvColumn<Member extends string = string> {
  name: Member;
  /** The header must have the column, and none of its cells may be empty. */
  required: boolean;
  description: string;
  example: string;
  /** Converts the text of a cell. Absent: the text itself. Throws `ItemRefusedError`. */
  read?: ((cell: string, name: string) => Value) | undefined;
}

/** The columns of a kind of file. */
export interface CsvColumns<Member extends string = string> {
  columns: CsvColumn<Member>[];
  /** Groups of columns. The header needs at least one column of each group. */
  anyOf: Member[][];
}

/** The column of each cell of a row; undefined for an unknown column. */
export interface CsvHeader {
  columns: (CsvColumn | undefined)[];
  /** Unknown columns, by their names in the file. */
  ignored: string[];
}

/**
 * Reads the header row of a file of `kind`. Case and surrounding white space do not matter. Throws `FileError` if a
 * column is missing or occurs twice.
 */
export function readHeader(kind: string, { columns, anyOf }: CsvColumns, cells: string[]): CsvHeader {
  const byName = new Map(columns.map((column) => [column.name.toLowerCase(), column]));
  const found = cells.map((cell) => byName.get(cell.trim().toLowerCase()));
  const names = new Set<string>();
  for (const column of found) {
    if (!column) continue;
    if (names.has(column.name)) throw new FileError(`The header row has the column ${column.name} twice.`);
    names.add(column.name);
  }
  const missing = columns.filter((column) => column.required && !names.has(column.name));
  const wanted = [
    ...missing.map((column) => column.name),
    ...anyOf.filter((group) => !group.some((name) => names.has(name))).map((group) => group.join(' or ')),
  ];
  if (wanted.length > 0) {
    throw new FileError(
      `The header row of a ${kind} file needs the column ${wanted.join(', and the column ')}.`,
    );
  }
  const ignored = cells.flatMap((cell, index) =>
    found[index] ? [] : cell.trim() || `column ${index + 1}, which has no name`,
  );
  return { columns: found, ignored };
}

/** Converts a row to an item without its empty cells. Throws `ItemRefusedError`. */
export function readItem({ columns }: CsvHeader, cells: string[]): Record<string, Value> {
  const item: Record<string, Value> = {};
  for (const [index, column] of columns.entries()) {
    const cell = unguard(cells[index]?.trim() ?? '');
    if (!column || (cell === '' && !column.required)) continue;
    if (cell === '') throw new ItemRefusedError(`${column.name} is empty`);
    item[column.name] = column.read ? column.read(cell, column.name) : cell;
  }
  return item;
}

export function required<Member extends string>(
  name: Member,
  description: string,
  example: string,
): CsvColumn<Member> {
  return { name, required: true, description, example };
}

export function optional<Member extends string>(
  name: Member,
  description: string,
  example: string,
  read?: CsvColumn['read'],
): CsvColumn<Member> {
  return { name, required: false, description, example, read };
}

export function readCount(cell: string, name: string): number {
  if (/^\d+$/.test(cell)) return Number(cell);
  throw new ItemRefusedError(`${name} ${quote(cell)} is not a whole number from 0`);
}

/** A fraction from 0 to 1, with a point or a comma. */
export function readFraction(cell: string, name: string): number {
  const value = /^\d*[.,]?\d+(e-?\d+)?$/i.test(cell) ? Number(cell.replace(',', '.')) : Number.NaN;
  if (value >= 0 && value <= 1) return value;
  throw new ItemRefusedError(`${name} ${quote(cell)} is not a number from 0 to 1`);
}

export function readBoolean(cell: string, name: string): boolean {
  const value = parseBoolean(cell);
  if (value === undefined) throw new ItemRefusedError(`${name} ${quote(cell)} is none of ${BOOLEAN_CHOICES}`);
  return value;
}

import { BOOLEAN_CHOICES, parseBoolean } from '../files/booleans.ts';
import { quote } from '../http/text.ts';
import { parseGuid } from '../store/values/guid.ts';

/** A row as a file has it. JSON and Parquet members have types. CSV members are texts or null. */
export type Row = Record<string, unknown>;

/** The row is refused; the message names the member. */
export class RowFault extends Error {}

/** Returns the first of these members that is present and not null, as text. Throws `RowFault`. */
export function text(row: Row, ...names: string[]): string | undefined {
  for (const name of names) {
    const value = row[name];
    if (value === null || value === undefined) continue;
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
      return String(value);
    if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
    throw new RowFault(`${name} is neither a text nor a number`);
  }
  return undefined;
}

/** As `text`. Returns null where the member is present without a value, and undefined where it is absent. */
export function maybeText(row: Row, name: string): string | null | undefined {
  return text(row, name) ?? (name in row ? null : undefined);
}

/** Returns a GUID in lower case, or undefined. Throws `RowFault` where the text is not a GUID. */
export function guid(row: Row, ...names: string[]): string | undefined {
  const value = text(row, ...names)?.trim();
  if (value === undefined || value === '') return undefined;
  const found = parseGuid(value);
  if (found === undefined) throw new RowFault(`${names[0]} ${quote(value)} is not a GUID`);
  return found;
}

/** As `guid`, for a member that must be present. */
export function needGuid(row: Row, ...names: string[]): string {
  return guid(row, ...names) ?? missing(names[0]);
}

export function needText(row: Row, ...names: string[]): string {
  return text(row, ...names) ?? missing(names[0]);
}

const DAY = /^(\d{4})-?(\d{2})-?(\d{2})(?:[T ].*)?$/;

/** Returns a day as `YYYY-MM-DD`. If the file has a time after it, the function drops the time. Throws `RowFault`. */
export function needDay(row: Row, name: string): string {
  const value = needText(row, name);
  const [, year, month, date] = DAY.exec(value) ?? [];
  const day = `${year}-${month}-${date}`;
  // A day that does not exist parses as another day, or not at all.
  const read = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(read.getTime()) || read.toISOString().slice(0, 10) !== day) {
    throw new RowFault(`${name} ${quote(value)} is not a day`);
  }
  return day;
}

export function boolean(row: Row, name: string): boolean | undefined {
  const value = text(row, name)?.trim();
  if (value === undefined || value === '') return undefined;
  const found = parseBoolean(value);
  if (found === undefined) throw new RowFault(`${name} ${quote(value)} is none of ${BOOLEAN_CHOICES}`);
  return found;
}

export function number(row: Row, name: string): number | undefined {
  const value = text(row, name)?.trim();
  if (value === undefined || value === '') return undefined;
  if (Number.isFinite(Number(value))) return Number(value);
  throw new RowFault(`${name} ${quote(value)} is not a number`);
}

/** Returns an object, or parses the JSON of one; null where there is none. Throws `RowFault`. */
export function object(row: Row, name: string): object | null {
  const value = row[name];
  if (value === null || value === undefined || value === '') return null;
  if (typeof value === 'object') return value;
  try {
    const read: unknown = JSON.parse(String(value));
    if (typeof read === 'object') return read;
  } catch {}
  throw new RowFault(`${name} is not a JSON object`);
}

function missing(name = 'a member'): never {
  throw new RowFault(`${name} is missing`);
}

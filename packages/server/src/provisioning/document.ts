import { orRefused } from '../directory/upsert.ts';
import { optionalKey, optionalText } from '../directory/values.ts';
import { wrong } from './errors.ts';

/** A resource, or a part of one, as parsed JSON. */
export type Document = Record<string, unknown>;

export function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether the value leaves an attribute unassigned: null (RFC 7643 section 2.5), absent or the empty text. */
export function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** The key of the member `name`. RFC 7643 section 2.1 compares names of attributes without regard to case. */
export function keyOf(document: Document, name: string): string | undefined {
  if (Object.hasOwn(document, name)) return name;
  const folded = name.toLowerCase();
  return Object.keys(document).find((key) => key.toLowerCase() === folded);
}

/** The value of the member `name`, without regard to case; null counts as absent. */
export function attributeOf(document: unknown, name: string): unknown {
  if (!isDocument(document)) return undefined;
  const key = keyOf(document, name);
  return key === undefined ? undefined : (document[key] ?? undefined);
}

/** A value as text, for a comparison. An object is its JSON, because its own `toString` may be no function. */
export function plainText(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/** A text; null if absent or blank. Accepts a number. Throws a 400. */
export function textOf(name: string, value: unknown): string | null {
  return readText(name, value, optionalText);
}

/** As `textOf`, for a text in an index of the database; `indexed` gives the text that the index contains. */
export function keyTextOf(name: string, value: unknown, indexed?: (text: string) => string): string | null {
  return readText(name, value, (member, text) => optionalKey(member, text, indexed));
}

function readText(
  name: string,
  value: unknown,
  read: (name: string, text: string | undefined) => string | undefined,
): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw wrong('invalidValue', `${name} must be a string.`);
  }
  const text = orRefused(() => read(name, String(value)));
  if (typeof text === 'object') throw wrong('invalidValue', `${text.refused}.`);
  return text ?? null;
}

/** A boolean; undefined if absent. Accepts a string, as some identity providers send. Throws a 400. */
export function booleanOf(name: string, value: unknown): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  if (text === 'true' || text === 'false') return text === 'true';
  throw wrong('invalidValue', `${name} must be true or false.`);
}

import { quote, textFault } from '../http/text.ts';
import type { Status } from '../store/directory/nodes.ts';
import { parseGuid } from '../store/values/guid.ts';

export { quote } from '../http/text.ts';

/** One item is not acceptable; the message names the member and the reason. `orRefused` turns it into a result. */
export class ItemRefusedError extends Error {}

/** The item conflicts with the current state, for example by a name that already belongs to another. */
export class ItemConflictError extends ItemRefusedError {}

/** A B-tree entry has at most 2,704 bytes. The rest is for the ids beside the text. */
const MAX_INDEXED_BYTES = 2_400;
const MAX_INTEGER = 2_147_483_647;

/**
 * `value` without leading and trailing white space; undefined if absent or only white space. Throws
 * `ItemRefusedError` if the text is longer than 1,024 characters or PostgreSQL cannot store it.
 */
export function optionalText(member: string, value: string | undefined): string | undefined {
  const text = value?.trim();
  if (text === undefined || text === '') return undefined;
  const fault = textFault(text);
  if (fault) throw new ItemRefusedError(`${member} ${quote(text)} ${fault}`);
  return text;
}

/** The result of `read` for the value; null, which empties the member, stays null. */
export function clearable<T, R>(value: T | null | undefined, read: (value: T | undefined) => R): R | null {
  return value === null ? null : read(value);
}

/**
 * As `optionalText`, for text in an index; `indexed` gives the text that the index contains. Also throws
 * `ItemRefusedError` if the text is longer than 2,400 bytes.
 */
export function optionalKey(
  member: string,
  value: string | undefined,
  indexed = (text: string) => text,
): string | undefined {
  const text = optionalText(member, value);
  if (text === undefined) return undefined;
  if (Math.max(Buffer.byteLength(text), Buffer.byteLength(indexed(text))) > MAX_INDEXED_BYTES) {
    throw new ItemRefusedError(`${member} ${quote(text)} is longer than 2,400 bytes`);
  }
  return text;
}

/** A GUID in lower case; undefined if absent or empty. Throws `ItemRefusedError`. */
export function optionalGuid(member: string, value: string | undefined): string | undefined {
  const text = value?.trim();
  if (text === undefined || text === '') return undefined;
  const guid = parseGuid(text);
  if (guid === undefined) throw new ItemRefusedError(`${member} ${quote(text)} is not a GUID`);
  return guid;
}

/** `active` or `inactive`, in any case; undefined if absent or empty. Throws `ItemRefusedError`. */
export function optionalStatus(member: string, value: string | undefined): Status | undefined {
  const text = value?.trim();
  if (text === undefined || text === '') return undefined;
  const status = text.toLowerCase();
  if (status === 'active' || status === 'inactive') return status;
  throw new ItemRefusedError(`${member} ${quote(text)} is neither active nor inactive`);
}

/** A whole number from 0 to 2,147,483,647; undefined if absent. Throws `ItemRefusedError`. */
export function optionalCount(member: string, value: number | undefined): number | undefined {
  if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= MAX_INTEGER)) return value;
  throw new ItemRefusedError(`${member} ${quote(String(value))} is not a whole number from 0 to 2147483647`);
}

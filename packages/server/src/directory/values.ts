import { quote, textFault } from '../http/text.ts';
import type { Status } from '../store/directory/nodes.ts';
import { parseGuid } from '../store/values/guid.ts';

export { quote } from '../http/text.ts';

/** One item is not acceptable; the message says which member and why. `orRefused` makes a result of it. */
export class ItemRefusedError extends Error {}

/** The item asks for what something else stands in the way of: a name that is another's already. */
export class ItemConflictError extends ItemRefusedError {}

/** A B-tree entry holds 2,704 bytes at most; the rest is for the ids beside the text. */
const MAX_INDEXED_BYTES = 2_400;
const MAX_INTEGER = 2_147_483_647;

/** `value` without white space around it; undefined when absent or nothing but white space. Throws `Refusal`. */
export function optionalText(member: string, value: string | undefined): string | undefined {
  const text = value?.trim();
  if (text === undefined || text === '') return undefined;
  const fault = textFault(text);
  if (fault) throw new ItemRefusedError(`${member} ${quote(text)} ${fault}`);
  return text;
}

/** What `read` makes of the value; null, which empties the member, is itself. */
export function clearable<T, R>(value: T | null | undefined, read: (value: T | undefined) => R): R | null {
  return value === null ? null : read(value);
}

/** As `optionalText`, for what PostgreSQL keeps in an index; `indexed` is what it keeps there. */
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

/** A GUID in lower case; undefined when absent or empty. Throws `Refusal`. */
export function optionalGuid(member: string, value: string | undefined): string | undefined {
  const text = value?.trim();
  if (text === undefined || text === '') return undefined;
  const guid = parseGuid(text);
  if (guid === undefined) throw new ItemRefusedError(`${member} ${quote(text)} is not a GUID`);
  return guid;
}

/** `active` or `inactive`, given in any case; undefined when absent or empty. Throws `Refusal`. */
export function optionalStatus(member: string, value: string | undefined): Status | undefined {
  const text = value?.trim();
  if (text === undefined || text === '') return undefined;
  const status = text.toLowerCase();
  if (status === 'active' || status === 'inactive') return status;
  throw new ItemRefusedError(`${member} ${quote(text)} is neither active nor inactive`);
}

/** A whole number from 0 to 2,147,483,647; undefined when absent. Throws `Refusal`. */
export function optionalCount(member: string, value: number | undefined): number | undefined {
  if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= MAX_INTEGER)) return value;
  throw new ItemRefusedError(`${member} ${quote(String(value))} is not a whole number from 0 to 2147483647`);
}

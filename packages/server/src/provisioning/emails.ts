import type { UserEmail, UserEmails } from '../store/provisioning/user-emails.ts';
import { fold } from '../store/values/fold.ts';
import {
  attributeOf,
  booleanOf,
  type Document,
  isDocument,
  isEmpty,
  keyOf,
  keyTextOf,
  plainText,
  textOf,
} from './document.ts';
import { wrong } from './errors.ts';

/** No user has so many addresses. The limit bounds work that grows with the square of their number. */
const MOST_EMAILS = 100;

/**
 * The entries of a value of `emails`. The value is an object, a bare address, or a list of them. There are no
 * entries if it is null or empty. Throws a 400 for anything else.
 */
export function emailEntries(value: unknown): Document[] {
  if (isEmpty(value)) return [];
  const entries = [value].flat();
  if (entries.length > MOST_EMAILS) {
    throw wrong('invalidValue', `emails has more than ${MOST_EMAILS} values.`);
  }
  return entries.map((entry) => {
    if (typeof entry === 'string') return { value: entry };
    if (isDocument(entry)) return entry;
    throw wrong('invalidValue', 'emails must be a list of objects with a value.');
  });
}

export function isPrimary(entry: Document): boolean {
  const given = attributeOf(entry, 'primary');
  return !isEmpty(given) && booleanOf('emails.primary', given) === true;
}

/**
 * Leaves at most one entry primary, RFC 7643 section 2.4: the last one that was not primary `before`, else the last
 * primary one.
 */
export function settlePrimary(entries: Document[], before: ReadonlySet<Document>): void {
  const marked = entries.filter(isPrimary);
  const winner = marked.findLast((entry) => !before.has(entry)) ?? marked.at(-1);
  for (const entry of marked) if (entry !== winner) delete entry[keyOf(entry, 'primary') ?? 'primary'];
}

/** The entry whose address events match: the primary one, else the first of type work, else the first. */
export function mainOf<T extends Document>(entries: T[]): T | undefined {
  return (
    entries.find(isPrimary) ??
    entries.find((entry) => fold(plainText(attributeOf(entry, 'type') ?? '')) === 'work') ??
    entries[0]
  );
}

/** Reads `emails`. Drops entries whose value is null or empty. Throws a 400 that names the attribute. */
export function readEmails(value: unknown): UserEmails {
  const entries = emailEntries(value).map((entry) => ({ ...entry }));
  for (const entry of entries) {
    if (keyOf(entry, 'value') === undefined) {
      throw wrong('invalidValue', 'emails: each entry needs an address as its value.');
    }
  }
  settlePrimary(entries, new Set());
  const emails = withDefaults(entries.flatMap((entry) => readEmail(entry) ?? []));
  return { emails, main: emails.indexOf(mainOf(emails as (UserEmail & Document)[]) as UserEmail) };
}

/**
 * A single address without `primary`, of type work or without a type, becomes primary and of type work. The address
 * of a user from other sources looks the same.
 */
function withDefaults(emails: UserEmail[]): UserEmail[] {
  const [email, ...others] = emails;
  if (!email || others.length > 0 || email.primary !== undefined) return emails;
  return fold(email.type ?? 'work') === 'work' ? [{ type: 'work', ...email, primary: true }] : emails;
}

function readEmail(entry: Document): UserEmail | undefined {
  const value = keyTextOf('emails.value', attributeOf(entry, 'value'), fold);
  const type = textOf('emails.type', attributeOf(entry, 'type'));
  const display = textOf('emails.display', attributeOf(entry, 'display'));
  const primary = attributeOf(entry, 'primary');
  if (value === null) return undefined;
  return {
    value,
    ...(type === null ? {} : { type }),
    ...(isEmpty(primary) ? {} : { primary: isPrimary(entry) }),
    ...(display === null ? {} : { display }),
  };
}

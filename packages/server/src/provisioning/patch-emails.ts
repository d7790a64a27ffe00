import { fold } from '../store/values/fold.ts';
import { attributeOf, type Document, isEmpty, keyOf, plainText } from './document.ts';
import { emailEntries, isPrimary, mainOf, settlePrimary } from './emails.ts';
import { wrong } from './errors.ts';
import type { Filter } from './filter.ts';
import type { PatchPath } from './patch-path.ts';
import type { Change } from './patch-request.ts';

/** Sub-attributes that an entry gets from a filter that selects no entry (`impliedBy`). */
const DESCRIPTIVE = new Set(['type', 'primary']);

/**
 * A user's addresses after an operation. Without a filter, the path of a sub-attribute means the address that events
 * match. Throws a 400.
 */
export function patchEmails(
  current: Document[],
  { filter, subAttribute }: Pick<PatchPath, 'filter' | 'subAttribute'>,
  change: Change,
): Document[] {
  const before = new Set(current.filter(isPrimary));
  const isWhole = filter === undefined && subAttribute === undefined;
  const entries = isWhole
    ? patchWhole(current, change)
    : patchSome(current, { filter, subAttribute }, change);
  emailEntries(entries);
  settlePrimary(entries, before);
  return entries;
}

function patchWhole(current: Document[], { op, value }: Change): Document[] {
  const given = emailEntries(value);
  if (op === 'replace') return given;
  // Entra ID names the addresses to remove in the value, RFC 7644 in a filter. Without either, all are removed.
  if (op === 'remove' && given.length === 0) return [];
  if (op === 'remove') return current.filter((entry) => !given.some((each) => sameAddress(entry, each)));
  const entries = [...current];
  for (const each of given) {
    const same = entries.find((entry) => sameAddress(entry, each) && sameType(entry, each));
    if (same) assign(same, each);
    else entries.push(each);
  }
  return entries;
}

function patchSome(
  current: Document[],
  { filter, subAttribute }: Pick<PatchPath, 'filter' | 'subAttribute'>,
  { op, value }: Change,
): Document[] {
  const entries = [...current];
  const chosen = filter ? entries.filter((entry) => matches(entry, filter)) : [mainOf(entries) ?? []].flat();
  const clears = op === 'remove' || isEmpty(value);
  if (clears && (subAttribute === undefined || subAttribute === 'value')) {
    return entries.filter((entry) => !chosen.includes(entry));
  }
  if (chosen.length === 0 && !clears) {
    const made = filter ? impliedBy(filter) : {};
    entries.push(made);
    chosen.push(made);
  }
  for (const entry of chosen) {
    if (subAttribute !== undefined) assign(entry, { [subAttribute]: clears ? undefined : value });
    else assign(entry, oneEntry(value));
  }
  return entries;
}

/** The one entry of a value: an object, a list of one, or the address itself. */
function oneEntry(value: unknown): Document {
  const [entry, ...others] = emailEntries(value);
  if (entry && others.length === 0) return entry;
  throw wrong('invalidValue', 'emails: a path with a filter needs one object, or one address, as its value.');
}

function assign(entry: Document, members: Document): void {
  for (const [name, value] of Object.entries(members)) {
    const key = keyOf(entry, name) ?? name;
    if (value === undefined) delete entry[key];
    else entry[key] = value;
  }
}

function sameAddress(a: Document, b: Document): boolean {
  return sameText(a, b, 'value');
}

/** An address without a type matches every type. */
function sameType(entry: Document, given: Document): boolean {
  return isEmpty(attributeOf(given, 'type')) || sameText(entry, given, 'type');
}

function sameText(a: Document, b: Document, name: string): boolean {
  return fold(plainText(attributeOf(a, name) ?? '')) === fold(plainText(attributeOf(b, name) ?? ''));
}

function matches(entry: Document, filter: Filter): boolean {
  return filter.some((terms) =>
    terms.every(({ attribute, operator, value: wanted }) => {
      const actual = attributeOf(entry, attribute);
      if (operator === 'pr') return actual !== undefined;
      if (operator !== 'eq') throw wrong('invalidFilter', 'A filter in a path supports eq and pr only.');
      return actual !== undefined && fold(plainText(actual)) === fold(plainText(wanted));
    }),
  );
}

/** The entry that a filter describes. RFC 7644 requires a 400 `noTarget` here; Entra ID means a new value. */
function impliedBy(filter: Filter): Document {
  const [terms = [], ...others] = filter;
  const describes = terms.every(({ attribute, operator }) => operator === 'eq' && DESCRIPTIVE.has(attribute));
  if (others.length > 0 || !describes) throw wrong('noTarget', 'The filter of the path selects nothing.');
  return Object.fromEntries(terms.map(({ attribute, value }) => [attribute, value]));
}

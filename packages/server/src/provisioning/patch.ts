import { type Document, isDocument, isEmpty, keyOf } from './document.ts';
import { emailEntries } from './emails.ts';
import { wrong } from './errors.ts';
import { patchEmails } from './patch-emails.ts';
import { type PatchPath, parsePath } from './patch-path.ts';
import type { Change, Operation } from './patch-request.ts';
import { ENTERPRISE_SCHEMA } from './schemas.ts';
import { USER_VOCABULARY, type Vocabulary } from './vocabulary.ts';

/** What an identity provider repeats of the resource that it changes. */
const REPEATED = new Set(['id', 'meta', 'schemas', 'groups']);
/** Of an object. Nobody sends so many. */
const MOST_MEMBERS = 100;

/**
 * Applies the operations of a PATCH to a person's writable attributes, in order; returns the same document.
 * It is liberal where identity providers are: names may be dotted or begin with a schema's URN also where there is
 * no path, and a value that a filter asks for by its type comes to exist. Attributes of RFC 7643 that are not kept may be
 * named, without effect; no others. Throws a 400.
 */
export function patchDocument(document: Document, operations: Operation[]): Document {
  for (const { op, path, value } of operations) {
    if (path === undefined) patchEach(document, { op, value }, USER_VOCABULARY);
    else patchPath(document, parsePath(path, USER_VOCABULARY), { op, value }, USER_VOCABULARY);
  }
  return document;
}

function patchEach(document: Document, { op, value }: Change, vocabulary: Vocabulary, prefix = ''): void {
  for (const [name, each] of membersOf(value)) {
    if (prefix === '' && REPEATED.has(name.toLowerCase())) continue;
    patchPath(document, parsePath(prefix + name, vocabulary), { op, value: each }, vocabulary);
  }
}

function membersOf(value: unknown): [name: string, value: unknown][] {
  if (!isDocument(value)) {
    throw wrong('invalidValue', 'An operation on more than one attribute must have an object as its value.');
  }
  const members = Object.entries(value);
  if (members.length > MOST_MEMBERS) {
    throw wrong('invalidValue', `The value of an operation has more than ${MOST_MEMBERS} members.`);
  }
  return members;
}

/** Applies one change to what a path means. Throws a 400. */
export function patchPath(document: Document, path: PatchPath, change: Change, vocabulary: Vocabulary): void {
  const { isEnterprise, attribute, subAttribute } = path;
  if (!attribute) {
    patchSchema(document, isEnterprise, change, vocabulary);
    return;
  }
  if (attribute.isReadOnly) throw wrong('mutability', `${attribute.name} cannot be changed.`);
  const isKept = subAttribute === undefined || attribute.keptParts.includes(subAttribute);
  if (!attribute.isKept || !isKept) return;
  const container = isEnterprise ? childOf(document, ENTERPRISE_SCHEMA) : document;
  if (attribute.name === 'emails') {
    const key = keyOf(container, 'emails') ?? 'emails';
    container[key] = patchEmails(emailEntries(container[key]), path, change);
  } else if (path.filter) throw wrong('invalidPath', `${attribute.name} takes no filter here.`);
  else if (subAttribute === undefined) patchValue(container, attribute.name, change);
  else patchValue(childOf(container, attribute.name), subAttribute, change);
}

/** All that a schema has: of the resource itself, each attribute by itself. */
function patchSchema(
  document: Document,
  isEnterprise: boolean,
  change: Change,
  vocabulary: Vocabulary,
): void {
  const isCleared = change.op === 'remove' || isEmpty(change.value);
  if (isEnterprise && isCleared) {
    // Left empty rather than out: an extension that is not there is not spoken of.
    document[keyOf(document, ENTERPRISE_SCHEMA) ?? ENTERPRISE_SCHEMA] = {};
  } else if (isCleared) throw wrong('noTarget', 'A person as a whole is not cleared by a PATCH.');
  else patchEach(document, change, vocabulary, isEnterprise ? `${ENTERPRISE_SCHEMA}:` : '');
}

/** Sets, merges or removes one member. */
function patchValue(container: Document, name: string, { op, value }: Change): void {
  const key = keyOf(container, name) ?? name;
  const current = container[key];
  if (name === 'active' && (op === 'remove' || isEmpty(value))) {
    throw wrong('invalidValue', 'active must be true or false.');
  }
  if (op === 'remove') delete container[key];
  else if (isDocument(current) && isDocument(value)) {
    for (const [member, each] of membersOf(value)) patchValue(current, member, { op, value: each });
  } else container[key] = value;
}

/** The object that is the member `name`, made where there is none, or where it is no object. */
function childOf(document: Document, name: string): Document {
  const key = keyOf(document, name) ?? name;
  const current = document[key];
  if (isDocument(current)) return current;
  const child: Document = {};
  document[key] = child;
  return child;
}

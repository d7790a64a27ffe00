import { type Document, isDocument, isEmpty, keyOf } from './document.ts';
import { emailEntries } from './emails.ts';
import { wrong } from './errors.ts';
import { patchEmails } from './patch-emails.ts';
import { type PatchPath, parsePath } from './patch-path.ts';
import type { Change, Operation } from './patch-request.ts';
import { ENTERPRISE_SCHEMA } from './schemas.ts';
import { USER_VOCABULARY, type Vocabulary } from './vocabulary.ts';

/** Attributes that identity providers repeat although they do not change them. */
const REPEATED = new Set(['id', 'meta', 'schemas', 'groups']);
/** The most members of an object. No identity provider sends so many. */
const MOST_MEMBERS = 100;

/**
 * Applies the operations of a PATCH to a user's writable attributes, in order. Returns the same document. It accepts
 * more than the RFC, as identity providers need:
 * - without a path, names may be dotted or begin with a schema's URN;
 * - a filter on `type` or `primary` that selects no e-mail address adds one.
 *
 * Attributes of RFC 7643 that the server does not store have no effect. Unknown attributes are refused. Throws a 400.
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

/** Applies one change to the target of a path. Throws a 400. */
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
  } else if (path.filter) throw wrong('invalidPath', `${attribute.name} supports no filter here.`);
  else if (subAttribute === undefined) patchValue(container, attribute.name, change);
  else patchValue(childOf(container, attribute.name), subAttribute, change);
}

/** Applies a change to all attributes of a schema. */
function patchSchema(
  document: Document,
  isEnterprise: boolean,
  change: Change,
  vocabulary: Vocabulary,
): void {
  const isCleared = change.op === 'remove' || isEmpty(change.value);
  if (isEnterprise && isCleared) {
    // An empty object clears the extension. A missing extension would leave the attributes as they are.
    document[keyOf(document, ENTERPRISE_SCHEMA) ?? ENTERPRISE_SCHEMA] = {};
  } else if (isCleared) throw wrong('noTarget', 'A PATCH cannot clear a whole user.');
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

/** The object in the member `name`. Creates it if the member is missing or is not an object. */
function childOf(document: Document, name: string): Document {
  const key = keyOf(document, name) ?? name;
  const current = document[key];
  if (isDocument(current)) return current;
  const child: Document = {};
  document[key] = child;
  return child;
}

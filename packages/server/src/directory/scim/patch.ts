import { attributeOf, type Document, isDocument, keyOf } from './document.ts';
import { wrong } from './errors.ts';
import type { Filter } from './filter.ts';
import { type PatchPath, parsePath } from './patch-path.ts';
import type { Operation } from './patch-request.ts';
import { ENTERPRISE_SCHEMA } from './schemas.ts';

/** What nobody but us says of a resource. */
const READ_ONLY = new Set(['id', 'meta', 'schemas', 'groups']);
/** What of a document anyone reads, in lower case; of the extension, all. */
const KEPT = new Set(['username', 'externalid', 'displayname', 'active', 'name', 'emails']);
/** Of an attribute. Nobody has so many; work that grows with their square stays small. */
const MOST_VALUES = 100;
/** Values that a filter may ask for and that do not come to exist by being set. */
const DESCRIPTIVE = new Set(['type', 'primary']);

type Change = Pick<Operation, 'op' | 'value'>;

/**
 * Applies the operations of a PATCH to a resource's writable attributes, in order; returns the same document.
 * It is liberal where identity providers are: names may be dotted or begin with a schema's URN also where there is
 * no path, and a value that a filter asks for by its type comes to exist. Attributes that are not kept may be
 * named, without effect. Throws a 400.
 */
export function patchDocument(document: Document, operations: Operation[]): Document {
  for (const { op, path, value } of operations) {
    if (path === undefined) patchEach(document, op, value);
    else patchPath(document, parsePath(path), { op, value });
  }
  return document;
}

function patchEach(document: Document, op: Operation['op'], value: unknown): void {
  if (!isDocument(value)) {
    throw wrong('invalidValue', 'An operation without a path must have an object as its value.');
  }
  for (const [name, each] of Object.entries(value)) {
    if (!READ_ONLY.has(name.toLowerCase())) patchPath(document, parsePath(name), { op, value: each });
  }
}

function patchPath(document: Document, path: PatchPath | undefined, change: Change): void {
  if (!path) return;
  const { isEnterprise, attribute, filter, subAttribute } = path;
  if (READ_ONLY.has(attribute?.toLowerCase() ?? '')) {
    throw wrong('mutability', `${attribute} cannot be changed.`);
  }
  if (!isEnterprise && !KEPT.has(attribute?.toLowerCase() ?? '')) return;
  if (attribute === undefined) {
    // Left empty rather than out: an extension that is not there is not spoken of.
    if (change.op === 'remove') document[ENTERPRISE_SCHEMA] = {};
    else patchValue(document, ENTERPRISE_SCHEMA, change);
    return;
  }
  const container = isEnterprise ? childOf(document, ENTERPRISE_SCHEMA) : document;
  if (filter) patchFiltered(container, attribute, { filter, subAttribute }, change);
  else if (subAttribute === undefined) patchValue(container, attribute, change);
  else for (const part of partsOf(container, attribute)) patchValue(part, subAttribute, change);
}

/** The values of an attribute with sub-attributes; one is made where there is none. */
function partsOf(container: Document, attribute: string): Document[] {
  const current = attributeOf(container, attribute);
  if (!Array.isArray(current)) return [childOf(container, attribute)];
  const parts = current.filter(isDocument);
  return parts.length > 0 ? parts : [appended(current, {})];
}

/** Sets, merges, appends or removes one member. */
function patchValue(container: Document, name: string, { op, value }: Change): void {
  const key = keyOf(container, name) ?? name;
  const current = container[key];
  refuseMany(name, value);
  if (op === 'remove') delete container[key];
  else if (Array.isArray(current) && op === 'add') for (const each of [value].flat()) append(current, each);
  else if (isDocument(current) && isDocument(value)) {
    for (const [member, each] of Object.entries(value)) patchValue(current, member, { op, value: each });
  } else container[key] = Array.isArray(current) ? [value ?? []].flat() : value;
}

function refuseMany(name: string, value: unknown): void {
  const values = isDocument(value) ? Object.keys(value) : value;
  if (Array.isArray(values) && values.length > MOST_VALUES) {
    throw wrong('invalidValue', `${name} has more than ${MOST_VALUES} values.`);
  }
}

/** At most one value of an attribute is the primary one, RFC 7643 section 2.4: the one that came last. */
function append(values: unknown[], value: unknown): void {
  if (attributeOf(value, 'primary') === true) {
    for (const each of values) if (isDocument(each)) delete each[keyOf(each, 'primary') ?? 'primary'];
  }
  values.push(value);
  refuseMany('The attribute', values);
}

function patchFiltered(
  container: Document,
  attribute: string,
  { filter, subAttribute }: { filter: Filter; subAttribute: string | undefined },
  change: Change,
): void {
  const key = keyOf(container, attribute) ?? attribute;
  const values = [container[key] ?? []].flat();
  const chosen = values.filter(isDocument).filter((value) => matches(value, filter));
  container[key] = values;
  if (change.op === 'remove' && subAttribute === undefined) {
    container[key] = values.filter((value) => !chosen.includes(value as Document));
    return;
  }
  if (chosen.length === 0 && change.op !== 'remove') chosen.push(appended(values, impliedBy(filter)));
  for (const value of chosen) {
    if (subAttribute !== undefined) patchValue(value, subAttribute, change);
    else if (isDocument(change.value)) Object.assign(value, change.value);
    else throw wrong('invalidValue', `${attribute} must be an object.`);
  }
}

function matches(value: Document, filter: Filter): boolean {
  return filter.some((terms) =>
    terms.every(({ attribute, operator, value: wanted }) => {
      const actual = attributeOf(value, attribute);
      if (operator === 'pr') return actual !== undefined;
      if (operator !== 'eq') throw wrong('invalidFilter', 'In a path one can filter by eq and pr.');
      return actual !== undefined && String(actual).toLowerCase() === String(wanted).toLowerCase();
    }),
  );
}

/** The value that a filter describes. RFC 7644 has a 400 `noTarget` here; Entra ID means a new value. */
function impliedBy(filter: Filter): Document {
  const [terms = [], ...others] = filter;
  const describes = terms.every(({ attribute, operator }) => operator === 'eq' && DESCRIPTIVE.has(attribute));
  if (others.length > 0 || !describes) throw wrong('noTarget', 'The filter of the path selects nothing.');
  return Object.fromEntries(terms.map(({ attribute, value }) => [attribute, value]));
}

function appended(values: unknown[], value: Document): Document {
  values.push(value);
  return value;
}

/** The object that is the member `name`, made where there is none. */
function childOf(document: Document, name: string): Document {
  const key = keyOf(document, name) ?? name;
  const current = document[key];
  if (isDocument(current)) return current;
  const child: Document = {};
  document[key] = child;
  return child;
}

import { quote } from '../directory/values.ts';
import { type Document, isDocument, plainText } from './document.ts';
import { wrong } from './errors.ts';
import { ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA } from './schemas.ts';

/** The attributes that a client selects, RFC 7644 section 3.9. Paths are in lower case: `name.givenname`. */
export interface Selection {
  /** Only these are returned; empty: all. */
  attributes: string[];
  /** These are left out. Ignored if there are `attributes`. */
  excludedAttributes: string[];
}

/** Always returned, RFC 7643 section 7. */
const ALWAYS = new Set(['id', 'schemas']);
const ENTERPRISE = ENTERPRISE_SCHEMA.toLowerCase();
const CORE = [USER_SCHEMA, GROUP_SCHEMA].map((schema) => schema.toLowerCase());
const NAME = /^[\w$:.-]+$/;

const MOST_NAMES = 100;

/** Reads the comma lists of a query, or the lists of a search request. Throws a 400. */
export function readSelection(query: { attributes?: unknown; excludedAttributes?: unknown }): Selection {
  return {
    attributes: readNames(query.attributes),
    excludedAttributes: readNames(query.excludedAttributes),
  };
}

function readNames(given: unknown): string[] {
  const names = [given ?? []].flat().flatMap((name) => plainText(name).split(','));
  if (names.length > MOST_NAMES) {
    throw wrong('invalidValue', `A selection can have at most ${MOST_NAMES} attributes.`);
  }
  return names
    .map((name) => name.trim().toLowerCase())
    .flatMap((name) => (name === '' ? [] : readName(name)));
}

/** A path without the URN of the core schema. The enterprise URN ends with a colon. Throws a 400. */
function readName(name: string): string {
  if (!NAME.test(name)) {
    throw wrong(
      'invalidValue',
      `${quote(name)} is not an attribute: a selection has names such as emails or emails.value.`,
    );
  }
  const schema = [ENTERPRISE, ...CORE].find(
    (each) => name.startsWith(each) && /[:.]/.test(name.charAt(each.length)),
  );
  if (schema === undefined) return name;
  const rest = name.slice(schema.length + 1);
  return schema === ENTERPRISE ? `${ENTERPRISE}:${rest}` : rest;
}

/** Whether the client selects the top-level attribute `name`, in lower case. */
export function selects({ attributes, excludedAttributes }: Selection, name: string): boolean {
  return attributes.length > 0
    ? attributes.some((each) => each === name || subNameOf(each, name) !== undefined)
    : !excludedAttributes.includes(name);
}

/** The resource with only the attributes that the client selects. */
export function select(resource: Document, selection: Selection): Document {
  const wanted = selection.attributes.length > 0;
  const names = wanted ? selection.attributes : selection.excludedAttributes;
  if (names.length === 0) return resource;
  return Object.fromEntries(
    Object.entries(resource).flatMap(([key, value]): [string, unknown][] => {
      const name = key.toLowerCase();
      if (ALWAYS.has(name)) return [[key, value]];
      if (!selects(selection, name)) return [];
      const subNames = names.flatMap((each) => subNameOf(each, name) ?? []);
      if (subNames.length === 0 || (wanted && names.includes(name))) return [[key, value]];
      return [[key, pickSubAttributes(value, subNames, wanted)]];
    }),
  );
}

function pickSubAttributes(value: unknown, subNames: string[], wanted: boolean): unknown {
  if (Array.isArray(value)) return value.map((each) => pickSubAttributes(each, subNames, wanted));
  if (!isDocument(value)) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([key]) => subNames.includes(key.toLowerCase()) === wanted),
  );
}

/** The part of `path` after the attribute `name`. A colon follows a schema's URN. */
function subNameOf(path: string, name: string): string | undefined {
  const prefix = `${name}${name === ENTERPRISE ? ':' : '.'}`;
  return path.startsWith(prefix) ? path.slice(prefix.length).split('.')[0] : undefined;
}

import { Types } from 'scimmy';
import { quote } from '../directory/values.ts';
import {
  FILTER_OPERATORS,
  type FilterColumn,
  type FilterColumns,
  type FilterOperator,
  type FilterTerm,
} from '../store/provisioning/scim-filter.ts';
import { wrong } from './errors.ts';
import { parseId, withoutBraces } from './ids.ts';
import { ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA } from './schemas.ts';

/** A list of alternatives, of which one must hold. All terms of that alternative must hold. */
export type Filter = FilterTerm[][];

/** Filters of identity providers have one or two terms. The limits keep the expansion into alternatives small. */
const LONGEST_FILTER = 4_000;
const MOST_TERMS = 20;
const MOST_GROUPS = 4;
/** No word of a filter begins with this character, so it marks the place of a string. */
const MARK = '~';

const IN_DOUBLE_QUOTES = 'Strings in a filter need double quotes, as in userName eq "ada"';
const OTHER_QUOTES = /['`\u00b4\u2018-\u201f\u00ab\u00bb]/;

const NAMES_OF_EVERY_OBJECT = new Set(
  [...Object.getOwnPropertyNames(Object.prototype), 'prototype'].map((name) => name.toLowerCase()),
);

/** A filter or a path without its strings: `"~3"` stands for `literals[3]`. */
export interface Bare {
  text: string;
  literals: string[];
}

/**
 * Replaces the strings of a filter or a path by markers. They are JSON strings, RFC 7644 section 3.4.2.2. This has
 * three reasons:
 * - the library does not know escapes;
 * - the library would take brackets in strings for its own;
 * - some strings would make the library's patterns take exponential time.
 *
 * Throws a 400 with the `scimType` `fault`.
 */
export function takeLiterals(source: string, fault: 'invalidFilter' | 'invalidPath'): Bare {
  if (source.length > LONGEST_FILTER)
    throw wrong(fault, `The expression is longer than ${LONGEST_FILTER} characters.`);
  const literals: string[] = [];
  const text = source.replace(/"(?:[^"\\]|\\.)*"/gs, (literal) => {
    literals.push(parseString(literal, fault));
    return `"${MARK}${literals.length - 1}"`;
  });
  const isOdd = text.replace(/"~\d+"/g, '').includes('"');
  if (isOdd) throw wrong(fault, 'A string in the expression does not end: strings need double quotes.');
  if (OTHER_QUOTES.test(text)) throw wrong(fault, `${IN_DOUBLE_QUOTES}, not other quotes.`);
  return { text, literals };
}

function parseString(literal: string, fault: 'invalidFilter' | 'invalidPath'): string {
  try {
    const text = JSON.parse(literal) as string;
    if (!text.includes('\0') && text.isWellFormed()) return text;
  } catch {
    // The same answer as for strings that PostgreSQL cannot store.
  }
  throw wrong(
    fault,
    'A string in the expression is not a JSON string, or contains characters that cannot be stored.',
  );
}

/**
 * Reads a filter of RFC 7644 section 3.4.2.2 without its strings (`takeLiterals`). It supports neither `not` nor
 * groups within groups. Throws a 400.
 */
export function parseBare({ text, literals }: Bare): Filter {
  // The library separates these words from others just as loosely.
  const joins = text.match(/(?:and|or)(?![a-z0-9])/gi) ?? [];
  if (joins.length >= MOST_TERMS || (text.match(/[([]/g) ?? []).length > MOST_GROUPS) {
    throw wrong('invalidFilter', `The filter has more than ${MOST_TERMS} terms or ${MOST_GROUPS} groups.`);
  }
  if ((text.match(/[-$\w]+/g) ?? []).some(isOfEveryObject)) {
    throw wrong('invalidFilter', 'The filter contains a name that is not an attribute.');
  }
  let branches: readonly object[];
  try {
    branches = [...new Types.Filter(lowerBooleans(text))];
  } catch {
    throw wrong('invalidFilter', 'The filter cannot be read.');
  }
  const filter = branches.map((branch) => [...termsOf(branch, '', literals)]);
  // The library reads some invalid texts as a filter with fewer terms.
  const read = new Set(filter.flat().flatMap(({ literal }) => literal ?? []));
  if (filter.some((alternative) => alternative.length === 0) || read.size < literals.length) {
    throw wrong('invalidFilter', 'The filter cannot be read.');
  }
  return filter.map((alternative) => alternative.map(({ literal: _, ...term }) => term));
}

/** Entra ID writes True without quotes. The library would read it as false. */
function lowerBooleans(text: string): string {
  return text.replace(/\b(?:true|false)\b/gi, (word) => word.toLowerCase());
}

/**
 * Whether the word names a member of every object. The library stores what it reads in plain objects, under the names
 * of the filter. With `constructor.prototype` it would write to the prototype of all objects of this process.
 */
function isOfEveryObject(word: string): boolean {
  return NAMES_OF_EVERY_OBJECT.has(word.toLowerCase());
}

/** A term with the index of its string in `literals`. */
type ReadTerm = FilterTerm & { literal: number | undefined };

function* termsOf(branch: object, prefix: string, literals: string[]): Generator<ReadTerm> {
  for (const [name, expression] of Object.entries(branch)) {
    const attribute = (prefix + name).toLowerCase();
    if (!Array.isArray(expression)) yield* termsOf(expression, `${prefix}${name}.`, literals);
    else if (expression.every(Array.isArray)) {
      for (const each of expression) yield termOf(attribute, each, literals);
    } else yield termOf(attribute, expression, literals);
  }
}

function termOf(attribute: string, [word, value, more]: unknown[], literals: string[]): ReadTerm {
  const operator = String(word).toLowerCase() as FilterOperator;
  if (!FILTER_OPERATORS.has(operator) || more !== undefined) {
    throw wrong(
      'invalidFilter',
      `The filter uses syntax that is not supported; supported are ${[...FILTER_OPERATORS].join(', ')}, and, or.`,
    );
  }
  if (operator === 'pr') return { attribute, operator, value: null, literal: undefined };
  if (typeof value === 'boolean') return { attribute, operator, value, literal: undefined };
  const index = /^~(\d+)$/.exec(String(value))?.[1];
  const literal = index === undefined ? undefined : literals[Number(index)];
  if (literal === undefined)
    throw wrong('invalidFilter', `${IN_DOUBLE_QUOTES}; only true and false need none.`);
  return { attribute, operator, value: literal, literal: Number(index) };
}

const SCHEMA = new RegExp(
  `^(?:${[USER_SCHEMA, GROUP_SCHEMA, ENTERPRISE_SCHEMA].map((urn) => urn.replaceAll('.', '\\.')).join('|')})[:.]`,
  'i',
);

/** The filter of a list, with the store's names of attributes. Throws a 400 if a term is not supported. */
export function filterOf(source: string, columns: FilterColumns): Filter {
  const bare = takeLiterals(source, 'invalidFilter');
  const filter = parseBare(bare).map((alternative) =>
    alternative.map((term) => {
      const attribute = term.attribute.replace(SCHEMA, '');
      const column = Object.hasOwn(columns, attribute) ? columns[attribute] : undefined;
      if (column?.operators.includes(term.operator)) {
        return { ...term, attribute, value: comparedValue(term, attribute, column) };
      }
      const can = Object.entries(columns).map(([name, { operators }]) => `${name} (${operators.join(' ')})`);
      throw wrong(
        'invalidFilter',
        `The server cannot filter by ${attribute} ${term.operator}. It can filter by ${can.join(', ')}.`,
      );
    }),
  );
  refuseTwoAddresses(bare.text, filter, columns);
  return filter;
}

/** The value that a term compares with, in the form that the store takes. Throws a 400. */
function comparedValue({ operator, value }: FilterTerm, attribute: string, { compare }: FilterColumn) {
  if (operator === 'pr') return null;
  const text = String(value);
  if (compare === 'id') return parseId(text) ?? null;
  if (compare === 'boolean') {
    if (/^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true';
    throw wrong('invalidFilter', `${attribute} is compared with true or false, not with ${quote(text)}.`);
  }
  if (compare === 'time') {
    const instant = parseDateTime(text);
    if (instant !== undefined) return instant;
    throw wrong(
      'invalidFilter',
      `${attribute} is compared with an instant such as "2026-01-31T09:00:00Z", not with ${quote(text)}.`,
    );
  }
  return /^manager\b/.test(attribute) ? withoutBraces(text) : text;
}

const DATE_TIME = /^([1-9]\d{3}-\d\d-(\d\d)T\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?$/i;

/**
 * An xsd:dateTime (RFC 7643 section 2.3.5) in UTC, with microseconds. A text without an offset is UTC. Undefined if
 * there is no such instant.
 */
function parseDateTime(text: string): string | undefined {
  const [, whole = '', day, fraction = '', offset = 'Z'] = DATE_TIME.exec(text) ?? [];
  // JavaScript takes 30 February for 2 March.
  const date = new Date(`${whole}Z`.toUpperCase());
  if (Number.isNaN(date.getTime()) || date.getUTCDate() !== Number(day)) return undefined;
  const instant = new Date(`${whole}${offset}`.toUpperCase());
  if (Number.isNaN(instant.getTime())) return undefined;
  const utc = instant.toISOString();
  return utc.length === 24 ? `${utc.slice(0, 19)}.${fraction.slice(0, 6) || '0'}Z` : undefined;
}

/**
 * Throws a 400 if the filter describes two addresses. All terms of one alternative apply to the same address, so the
 * server could not tell the two apart.
 */
function refuseTwoAddresses(text: string, filter: Filter, columns: FilterColumns): void {
  const groups = text.match(/\bemails\s*\[/gi) ?? [];
  if (groups.length < 2) return;
  const saysTwice = filter.some((alternative) => {
    const names = alternative
      .map(({ attribute }) => attribute)
      .filter((attribute) => columns[attribute]?.within);
    return new Set(names).size < names.length;
  });
  if (saysTwice) throw wrong('invalidFilter', 'A filter can describe only one address of emails.');
}

import { attributeOf, type Document, plainText } from './document.ts';
import { wrong } from './errors.ts';

export const MOST_RESULTS = 1_000;
const DEFAULT_COUNT = 100;

/** The part of a list that a client requests, RFC 7644 section 3.4.2.4. */
export interface Page {
  startIndex: number;
  count: number;
}

/** Reads a page. Brings a `startIndex` below 1 to 1, and `count` into 0 to `MOST_RESULTS`. Throws a 400. */
export function readPage(query: { startIndex?: unknown; count?: unknown }): Page {
  const startIndex = readInteger('startIndex', query.startIndex) ?? 1;
  const count = readInteger('count', query.count) ?? DEFAULT_COUNT;
  return { startIndex: Math.max(startIndex, 1), count: Math.min(Math.max(count, 0), MOST_RESULTS) };
}

function readInteger(name: string, value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  const text = plainText(value);
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw wrong('invalidValue', `${name} must be a whole number.`);
}

/** The filter of a query or search request; undefined if there is none. Throws a 400. */
export function readFilter(query: Document): string | undefined {
  const filter = attributeOf(query, 'filter');
  if (filter === undefined || typeof filter === 'string') return filter;
  throw wrong('invalidFilter', 'The filter must be a string.');
}

/** The ListResponse of RFC 7644 section 3.4.2. */
export function listResponse(resources: Document[], total: number, { startIndex }: Page): Document {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: total,
    startIndex,
    itemsPerPage: resources.length,
    Resources: resources,
  };
}

import { type TSchema, Type } from 'typebox';
import { parseGuid } from '../store/values/guid.ts';
import type { PageWindow } from '../store/values/page.ts';
import { HttpProblem } from './errors.ts';

export const MOST_BULK_ITEMS = 1_000;
/** The limit of large bodies, such as a thousand items or a hierarchy of groups. */
export const BULK_BODY_LIMIT_BYTES = 16 * 1024 * 1024;

/** Items to write in one call. A refused item does not stop the others. */
export function BulkRequest<T extends TSchema>(item: T) {
  return Type.Object({ items: Type.Array(item, { minItems: 1, maxItems: MOST_BULK_ITEMS }) });
}

export const BULK_RESULTS = ['created', 'updated', 'unchanged', 'refused'] as const;

/** What became of one item. */
export const BulkResult = Type.Object({
  id: Type.Union([Type.String(), Type.Null()], {
    description:
      'id of the row that the item created, changed or left unchanged; null if the item was refused',
  }),
  result: Type.Enum(BULK_RESULTS),
  message: Type.String({
    description: 'reason of the refusal, with the member and its value; otherwise Success',
  }),
});

/** One result for each item, in the order of the request. */
export const BulkReply = Type.Object({
  timestamp: Type.String({ description: "the server's time" }),
  results: Type.Array(BulkResult),
});

const MOST_PAGE_ITEMS = 1_000;
const PAGE_ITEMS = 100;

/** Each word of a search compares texts of all rows. */
const MOST_WORDS = 5;
const MOST_CHARACTERS = 100;

/** The query parameters of a list with pages. */
export const PageQuery = {
  limit: Type.Optional(
    Type.String({ description: `items a page, 1 to ${MOST_PAGE_ITEMS}; by default ${PAGE_ITEMS}` }),
  ),
  after: Type.Optional(Type.String({ description: '`next` of the previous page' })),
};

/** One page of a list. */
export function Page<T extends TSchema>(item: T) {
  return Type.Object({
    items: Type.Array(item),
    next: Type.Union([Type.String(), Type.Null()], {
      description: '`after` of the next page; null on the last',
    }),
  });
}

/** The page that the parameters of `PageQuery` request. Throws a 400 that names the invalid parameter. */
export function readPage({ limit, after }: { limit?: string; after?: string }): PageWindow {
  const items = readLimit(limit);
  const id = after === undefined ? null : parseGuid(after);
  if (id === undefined) throw wrongParameter('after', 'must be `next` of the previous page');
  return { limit: items, after: id };
}

/** Reads `limit` of `PageQuery`. Throws a 400. */
export function readLimit(limit: string | undefined): number {
  const items = limit === undefined ? PAGE_ITEMS : Number(limit);
  if ((limit !== undefined && !/^\d{1,4}$/.test(limit)) || items < 1 || items > MOST_PAGE_ITEMS) {
    throw wrongParameter('limit', `must be a whole number from 1 to ${MOST_PAGE_ITEMS}`);
  }
  return items;
}

/**
 * Makes a page of `rows`. The caller reads one row more than the page holds, which shows whether another page follows.
 */
export function pageOf<Row>(
  rows: Row[],
  { limit }: Pick<PageWindow, 'limit'>,
  positionOf: (row: Row) => string,
): { items: Row[]; next: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? positionOf(last) : null };
}

/** A query parameter as a boolean; undefined if absent. Throws a 400 if it is neither `true` nor `false`. */
export function booleanParameter(name: string, text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text === 'true' || text === 'false') return text === 'true';
  throw wrongParameter(name, 'must be true or false');
}

/** Describes a search that `wordsFilter` reads. `what` says of which rows each word is a part of which texts. */
export function searchDescription(what: string): string {
  return `only ${what}, without regard to case; at most ${MOST_CHARACTERS} characters and ${MOST_WORDS} words`;
}

/** The words of a text to search for. Throws a 400 if there is none, or too much. */
export function wordsFilter(name: string, text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length >= 1 && words.length <= MOST_WORDS && text.length <= MOST_CHARACTERS) return words;
  throw wrongParameter(name, `must have 1 to ${MOST_WORDS} words, and at most ${MOST_CHARACTERS} characters`);
}

/** A 400 for a query parameter. */
export function wrongParameter(path: string, message: string): HttpProblem {
  return new HttpProblem(400, `The request is malformed: ${path} ${message}.`, {
    errors: [{ path, message }],
  });
}

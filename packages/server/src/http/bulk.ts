import { type TSchema, Type } from 'typebox';

export const MOST_BULK_ITEMS = 1_000;
/** What comes whole, in one call: a thousand items, a hierarchy of groups. */
export const BULK_BODY_LIMIT_BYTES = 16 * 1024 * 1024;

/** Items to be written in one call. One that is refused stops no other. */
export function BulkRequest<T extends TSchema>(item: T) {
  return Type.Object({ items: Type.Array(item, { minItems: 1, maxItems: MOST_BULK_ITEMS }) });
}

export const BULK_RESULTS = ['created', 'updated', 'unchanged', 'refused'] as const;

/** What became of one item. */
export const BulkResult = Type.Object({
  id: Type.Union([Type.String(), Type.Null()], {
    description: 'of what the item made, changed or left as it was; null where it was refused',
  }),
  result: Type.Enum(BULK_RESULTS),
  message: Type.String({ description: 'why it was refused, naming the member and its value; else Success' }),
});

/** One result for each item, in the order of the request. */
export const BulkReply = Type.Object({
  timestamp: Type.String({ description: "the server's time" }),
  results: Type.Array(BulkResult),
});

export const MOST_PAGE_ITEMS = 1_000;

/** Query parameters of a list that comes in pages. */
export const PageQuery = {
  limit: Type.Optional(Type.String({ description: `items a page, 1 to ${MOST_PAGE_ITEMS}; by default 100` })),
  after: Type.Optional(Type.String({ description: '`next` of the page before' })),
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

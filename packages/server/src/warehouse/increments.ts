import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { wrongParameter } from '../http/bulk.ts';
import { parseWindow } from '../http/window.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { ALL_DAYS, type DayWindow } from '../store/values/day-window.ts';
import { isoDay } from '../store/values/iso.ts';
import type { Order } from '../store/warehouse/dataset-rows.ts';
import { keepPosition } from '../store/warehouse/kept-positions.ts';
import type { ExportQuery } from '../store/warehouse/query.ts';
import { listRemovedRanges } from '../store/warehouse/removed-days.ts';
import { isInPastOf, otherPrimary, readSnapshot, xidsOf } from '../store/warehouse/snapshots.ts';
import { type ReadSource, UnfitStandbyError } from '../store/warehouse/warehouse-reads.ts';
import { column, optional } from './columns.ts';
import {
  type Cursor,
  decodeCursor,
  decodePageStart,
  encodePageStart,
  expiredCursor,
  foreignCursor,
  otherOffices,
} from './cursor.ts';
import type { Dataset } from './dataset.ts';
import type { Row } from './format.ts';

const MOST_PAGE_ROWS = 10_000;

/** The parameters that all datasets with a key have besides their filters. */
export const INCREMENT_QUERY = {
  changedSince: Type.Optional(
    Type.String({
      description:
        'the Rollcall-Cursor of an earlier answer: only rows that are new or changed since then. The answer may also ' +
        'have unchanged rows; it misses no change',
    }),
  ),
  limit: Type.Optional(
    Type.String({
      description:
        `rows of a page, 1 to ${MOST_PAGE_ROWS}; by default all rows. With changedSince a page can have more, because ` +
        'all rows with the same key are on one page',
    }),
  ),
  after: Type.Optional(Type.String({ description: 'from the Link of the previous page' })),
};

/** The headers of an answer, for the documentation. */
export const INCREMENT_HEADERS = {
  'Rollcall-Cursor': Type.String({
    description:
      'The state that this answer has seen, for `changedSince`. The cursor of a page has the state of the first page; keep that of ' +
      'the last one. It is opaque. It is valid until the database is restored from a backup or moved; a cursor of attendance only for 90 days',
  }),
  Link: Type.String({
    description: 'The next page, `rel="next"` (RFC 8288); on every page but the last',
  }),
};

/** How a client loads the changes of a dataset, for the documentation. */
export function describeChanges({ key, hasDeletions, hasRemovals }: Dataset): string {
  if (!key) return '';
  const deletion = ` A deleted row has its key only, and \`deleted\`: true.`;
  const removal =
    ' Rows end with their retention: changes begin with a row for each range of days whose rows were removed, with ' +
    '`removedFrom`, `removedTo` and `deleted`: true, and without a key. Delete all rows of these days before the rows that follow.';
  return `Key, for \`changedSince\`: ${key.join(', ')}.${hasDeletions ? deletion : ''}${hasRemovals ? removal : ''}`;
}

/** The parameters of a call besides the filters of its dataset. */
export interface Increment {
  changes: Cursor | undefined;
  page: { limit: number; cursor: Cursor | undefined; after: string[] | undefined } | undefined;
}

/** Throws a 400 that names the wrong parameter. */
export function readIncrement(
  { changedSince, limit, after }: Record<string, string | undefined>,
  { order, orderOfChanges }: Dataset,
): Increment {
  if (!order) return { changes: undefined, page: undefined };
  if (changedSince === undefined) return { changes: undefined, page: readPage(limit, after, order) };
  return {
    changes: decodeCursor(changedSince, 'changedSince'),
    page: readPage(limit, after, orderOfChanges ?? order),
  };
}

function readPage(limit: string | undefined, after: string | undefined, order: Order): Increment['page'] {
  if (limit === undefined) {
    if (after !== undefined) throw wrongParameter('limit', 'is required with after');
    return undefined;
  }
  const rows = Number(limit);
  if (!/^\d{1,5}$/.test(limit) || rows < 1 || rows > MOST_PAGE_ROWS) {
    throw wrongParameter('limit', `must be a whole number from 1 to ${MOST_PAGE_ROWS}`);
  }
  const start = after === undefined ? undefined : decodePageStart(after, order);
  return { limit: rows, cursor: start?.cursor, after: start?.after };
}

/** The requested days. They are required, except with `changedSince`. Throws a 400. */
export function readExportWindow(
  { longestWindowDays }: Dataset,
  { startDate, endDate }: Record<string, string | undefined>,
  { changes }: Increment,
): DayWindow {
  if (changes && startDate === undefined && endDate === undefined) return ALL_DAYS;
  if (startDate === undefined) throw wrongParameter('startDate', 'is required');
  if (endDate === undefined) throw wrongParameter('endDate', 'is required');
  return parseWindow(startDate, endDate, longestWindowDays);
}

/**
 * The cursor of an answer that `tx` reads, with its own snapshot or that of the first page. Its position is kept. Throws a 410 if a cursor
 * of the request is not in this database's past, is older than the changes that the dataset keeps, or is of other offices than the
 * caller's `scope`. Throws `UnfitStandbyError` where the standby cannot tell, or does not follow the current primary.
 */
export async function cursorOf(
  tx: Tx,
  database: Database,
  { changes, page }: Increment,
  {
    now,
    keptFrom,
    scope,
    source,
  }: { now: Date; keptFrom: Dataset['keptFrom']; scope: Cursor['scope']; source: ReadSource },
): Promise<Cursor> {
  const snapshot = await readSnapshot(tx, database);
  const keeping = keepPosition(database, snapshot);
  keeping.catch(() => undefined);
  for (const earlier of [changes, page?.cursor]) {
    if (!earlier || (await isInPastOf(tx, earlier, snapshot))) continue;
    throw source === 'standby' ? new UnfitStandbyError('cursor') : foreignCursor();
  }
  if (changes && changes.scope !== scope) throw otherOffices();
  if (changes && keptFrom) {
    const from = await keptFrom(tx);
    // The cursor has seen all transactions with ids below its first one in progress.
    if (from !== undefined && xidsOf(changes.snapshot)[0] < from) throw expiredCursor();
  }
  if (!(await keeping)) throw source === 'standby' ? new UnfitStandbyError('history') : otherPrimary();
  // Pages tell of the state of the first page. The position is that of this page, because its rows must not get lost either.
  const { cursor: first } = page ?? {};
  return first
    ? { ...snapshot, snapshot: first.snapshot, at: first.at, scope: first.scope }
    : { ...snapshot, at: now, scope };
}

/**
 * The rows of a page, and the position at which the next page starts. `batches` may have more rows than `limit`, which
 * shows that there may be a next page. Rows with the same position stay together. Reads `batches` to the end.
 */
export async function takePage(
  batches: AsyncIterable<Row[]>,
  limit: number,
): Promise<{ rows: Row[]; next: string[] | undefined }> {
  const rows: Row[] = [];
  for await (const batch of batches) rows.push(...batch);
  if (rows.length <= limit) return { rows, next: undefined };
  const position = rows[limit - 1]?.position as string[];
  const later = rows.findIndex((row, index) => index >= limit && !isSamePosition(row.position, position));
  return { rows: later === -1 ? rows : rows.slice(0, later), next: position };
}

function isSamePosition(some: unknown, other: readonly string[]): boolean {
  return Array.isArray(some) && some.every((value, index) => value === other[index]);
}

/**
 * The `Link` to the next page: the same call with `after`. Without a public URL it is relative (RFC 8288 section 3.1),
 * because the sender of a request chooses its Host header.
 */
export function linkTo(
  { after, cursor }: { after: string[]; cursor: Cursor },
  { url }: FastifyRequest,
  publicUrl = '',
): string {
  const [path = '', query = ''] = url.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('after', encodePageStart({ cursor, after }));
  return `<${publicUrl}${path}?${parameters}>; rel="next"`;
}

/** The days of a row about removed days, both included. */
export const REMOVED_DAYS = {
  removedFrom: optional(column.day('ours', 'the first day whose rows were removed')),
  removedTo: optional(column.day('ours', 'the last one')),
};

/** The columns of changes: those of the rows, in their order, and after them those of deleted rows and removed days. */
export function changedColumns({ columns, hasDeletions, hasRemovals }: Dataset): Dataset['columns'] {
  if (!hasDeletions && !hasRemovals) return columns;
  return { ...columns, deleted: optional(column.boolean('ours')), ...(hasRemovals && REMOVED_DAYS) };
}

/** The rows about days of a dataset that were removed since a cursor. */
export async function removalsOf(
  tx: Tx,
  { path, hasRemovals }: Dataset,
  { tenantId, changes, window }: ExportQuery,
): Promise<Row[]> {
  if (!changes || !hasRemovals) return [];
  const ranges = await listRemovedRanges(tx, tenantId, path, { changes, window });
  return ranges.map(({ from, to }) => ({ deleted: true, removedFrom: isoDay(from), removedTo: isoDay(to) }));
}

import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { wrongParameter } from '../http/bulk.ts';
import { parseWindow } from '../http/window.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { ALL_DAYS, type DayWindow } from '../store/values/day-window.ts';
import type { Order } from '../store/warehouse/dataset-rows.ts';
import { isInPastOf, readSnapshot, xidsOf } from '../store/warehouse/snapshots.ts';
import { type Column, column, optional } from './columns.ts';
import {
  type Cursor,
  decodeCursor,
  decodePageStart,
  encodePageStart,
  expiredCursor,
  foreignCursor,
} from './cursor.ts';
import type { Dataset } from './dataset.ts';
import type { Row } from './format.ts';

const MOST_PAGE_ROWS = 10_000;

/** What any dataset can be asked for beyond its filters. */
export const INCREMENT_QUERY = {
  changedSince: Type.Optional(
    Type.String({
      description:
        'the Rollcall-Cursor of an earlier answer: only rows that are new or changed since. Some that are not may be ' +
        'among them; none is missed',
    }),
  ),
  limit: Type.Optional(
    Type.String({ description: `rows a page, 1 to ${MOST_PAGE_ROWS}; by default all that there are` }),
  ),
  after: Type.Optional(Type.String({ description: 'as the Link of the page before has it' })),
};

/** The headers of an answer, for the documentation. */
export const INCREMENT_HEADERS = {
  'Rollcall-Cursor': Type.String({
    description:
      'What this answer has seen; for `changedSince`. Of a page it is that of the first page. Opaque, and good as long ' +
      'as the database is not restored or moved; that of attendance for 90 days',
  }),
  Link: Type.String({
    description: 'The next page, `rel="next"` (RFC 8288); of pages only, and not of the last',
  }),
};

/** How the changes of a dataset are to be loaded, for the documentation. */
export function describeChanges({ key, hasDeletions }: Dataset): string {
  if (!key) return '';
  const deletion = ` A row that is gone is its key alone, with \`deleted\`: true.`;
  return `Key, for \`changedSince\`: ${key.join(', ')}.${hasDeletions ? deletion : ''}`;
}

/** What a call asks for beyond the filters of its dataset. */
export interface Increment {
  changes: Cursor | undefined;
  page: { limit: number; cursor: Cursor | undefined; after: string[] | undefined } | undefined;
}

/** Throws a 400 that names the parameter which is wrong. */
export function readIncrement(
  { changedSince, limit, after }: Record<string, string | undefined>,
  order: Order | undefined,
): Increment {
  if (!order) return { changes: undefined, page: undefined };
  return {
    changes: changedSince === undefined ? undefined : decodeCursor(changedSince, 'changedSince'),
    page: readPage(limit, after, order),
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

/** The days that are asked for. Without changes there must be some. */
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
 * The cursor of an answer that `tx` reads: of what it sees, or of what the first of its pages has seen. Throws a 410
 * where one that it was asked by is not of this database's past, or before what the dataset keeps.
 */
export async function cursorOf(
  tx: Tx,
  database: Database,
  { changes, page }: Increment,
  { now, keptFrom }: { now: Date; keptFrom: Dataset['keptFrom'] },
): Promise<Cursor> {
  const moment = await readSnapshot(tx, database);
  for (const earlier of [changes, page?.cursor]) {
    if (earlier && !(await isInPastOf(tx, earlier, moment))) throw foreignCursor();
  }
  if (changes && keptFrom) {
    const from = await keptFrom(tx);
    // What had ended by then, in the order of ids, it has seen.
    if (from !== undefined && xidsOf(changes.snapshot)[0] < from) throw expiredCursor();
  }
  return page?.cursor ?? { ...moment, at: now };
}

/** The rows of a page, of which one more may be there, and where the next page starts. All that is read is taken. */
export async function takePage(
  batches: AsyncIterable<Row[]>,
  limit: number,
): Promise<{ rows: Row[]; next: string[] | undefined }> {
  const rows: Row[] = [];
  for await (const batch of batches) rows.push(...batch);
  const last = rows[limit - 1];
  return { rows: rows.slice(0, limit), next: rows.length > limit ? (last?.position as string[]) : undefined };
}

/**
 * The `Link` to what follows a page: the same call, from there on. Without a public URL it is relative (RFC 8288 section 3.1): the
 * Host of a request is what its sender says.
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

/** The columns of what has changed: a row that is gone has those of its key only, and `deleted`. */
export function changedColumns({ columns, key = [], hasDeletions }: Dataset): Dataset['columns'] {
  if (!hasDeletions) return columns;
  const lackable = Object.entries(columns).map(([name, of]): [string, Column] => [
    name,
    key.includes(name) ? of : { ...of, mayLack: true },
  ]);
  return { ...Object.fromEntries(lackable), deleted: optional(column.boolean('ours')) };
}

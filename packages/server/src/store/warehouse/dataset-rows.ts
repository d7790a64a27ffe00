import { readRows } from '../connections/cursor.ts';
import { type Tx, types } from '../connections/db.ts';
import type { Changes, ExportQuery } from './query.ts';
import { xidsOf } from './snapshots.ts';

/** `uuid?` is empty where there is none. */
export type PositionType = 'date' | 'uuid' | 'uuid?' | 'timestamptz';

/**
 * What a dataset is ordered by, and so what the position of a row is made of; each with the column that shows it, in which an instant
 * may stand for its day. Where there is none, rows that agree so far are in an order that they do not show.
 */
export type Order = readonly (readonly [expression: string, type: PositionType, column?: string])[];

/** The two parameters of `writtenSince`. */
export function snapshotColumns({ snapshot }: Changes): [xmin: string, snapshot: string] {
  return [String(xidsOf(snapshot)[0]), snapshot];
}

/**
 * Whether a row was written by a transaction that a snapshot did not see: the one condition that cannot miss any,
 * in whatever order transactions end. The comparison finds them by index: what is older than xmin was seen, and so was
 * some of what is not.
 *
 * @param xmin the number of the parameter; that of the snapshot follows
 */
export function writtenSince(alias: string, xmin: number): string {
  return `(${alias}.written_xid >= $${xmin}::xid8 AND NOT pg_visible_in_snapshot(${alias}.written_xid, $${xmin + 1}::pg_snapshot))`;
}

export interface RowsSource {
  columns: string;
  /** From the tables to the conditions. */
  from: string;
  order: Order;
  /** Whether a row has changed, where the snapshot's parameters are $`xmin` and the one after. */
  changed: (xmin: number) => string;
  values: (string | string[] | null | undefined)[];
}

/** A query, and what stands for its `$1` and so on. */
export interface SqlQuery {
  sql: string;
  values: RowsSource['values'];
}

/**
 * What reads the rows of a dataset in order: all of them, or those that have changed, or a page of either, whose rows
 * have their `position` as the last column.
 */
export function inOrder(
  { changes, page }: Pick<ExportQuery, 'changes' | 'page'>,
  source: RowsSource,
): SqlQuery {
  const { order } = source;
  const values = [...source.values];
  const expressions = order.map(([expression]) => expression).join(', ');
  let sql = `SELECT ${source.columns}`;
  if (page) sql += `, ARRAY[${order.map(([expression]) => `${expression}::text`).join(', ')}] AS position`;
  sql += ` FROM ${source.from}`;
  if (changes) {
    sql += ` AND ${source.changed(values.length + 1)}`;
    values.push(...snapshotColumns(changes));
  }
  if (page?.after) {
    const after = order.map(([, type], index) => `$${values.length + index + 1}::${type}`);
    sql += ` AND (${expressions}) > (${after.join(', ')})`;
    values.push(...page.after);
  }
  sql += ` ORDER BY ${expressions}`;
  if (page) sql += ` LIMIT ${page.rows}`;
  return { sql, values };
}

/** Reads what `inOrder` says by a cursor. */
export function readInOrder(
  tx: Tx,
  query: Pick<ExportQuery, 'changes' | 'page'>,
  source: RowsSource,
): AsyncGenerator<Record<string, unknown>[], void> {
  const { sql, values } = inOrder(query, source);
  return readRows(tx, types, sql, values);
}

/** A position as COPY writes it: an array of texts without commas. */
export function parsePosition(text: string): string[] {
  return text.slice(1, -1).replaceAll('"', '').split(',');
}

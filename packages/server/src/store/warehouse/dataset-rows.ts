import { readRows } from '../connections/cursor.ts';
import { type Tx, types } from '../connections/db.ts';
import type { Changes, ExportQuery } from './query.ts';
import { xidsOf } from './snapshots.ts';

/** A value of type `uuid?` can be missing. It is then an empty text. */
export type PositionType = 'date' | 'uuid' | 'uuid?' | 'timestamptz';

/**
 * The sort expressions of a dataset. Their values in a row are the row's position. `column` is the column of
 * the answer that shows the value. For a day, it can be a column with an instant. Without a `column`, the
 * answer does not show why rows that are equal so far are in their order.
 */
export type Order = readonly (readonly [expression: string, type: PositionType, column?: string])[];

/** The two parameters of `writtenSince`. */
export function snapshotColumns({ snapshot }: Changes): [xmin: string, snapshot: string] {
  return [String(xidsOf(snapshot)[0]), snapshot];
}

/**
 * SQL condition: the row was written by a transaction that the snapshot did not see. It misses no row, in
 * whatever order transactions end. The comparison with xmin lets PostgreSQL use an index: the snapshot saw
 * everything before xmin, and some of what came after.
 *
 * @param xmin the number of the parameter; the next one is the snapshot
 */
export function writtenSince(alias: string, xmin: number): string {
  return `(${alias}.written_xid >= $${xmin}::xid8 AND NOT pg_visible_in_snapshot(${alias}.written_xid, $${xmin + 1}::pg_snapshot))`;
}

export interface RowsSource {
  columns: string;
  /** SQL from the tables up to the conditions. */
  from: string;
  order: Order;
  /** The order of changes, if several rows can have one key. Rows with equal values have the same key. */
  orderOfChanges?: Order | undefined;
  /**
   * SQL condition: a row has changed. The snapshot's parameters are $`xmin` and the next one, after those of `values`. Without
   * it, `from` has the condition.
   */
  changed?: (xmin: number) => string;
  values: (string | string[] | null | undefined)[];
}

/** A query and the values of its parameters. */
export interface SqlQuery {
  sql: string;
  values: RowsSource['values'];
}

/**
 * The query that reads the rows of a dataset in order: all rows, or the changed ones, or a page of either.
 * The rows of a page have their `position` as the last column. A page of `orderOfChanges` ends with all rows
 * that have the position of its last one.
 */
export function inOrder(
  { changes, page }: Pick<ExportQuery, 'changes' | 'page'>,
  source: RowsSource,
): SqlQuery {
  const orderOfChanges = changes && source.orderOfChanges;
  const order = orderOfChanges ?? source.order;
  const values = [...source.values];
  const expressions = order.map(([expression]) => expression).join(', ');
  let sql = `SELECT ${source.columns}`;
  if (page) sql += `, ARRAY[${order.map(([expression]) => `${expression}::text`).join(', ')}] AS position`;
  sql += ` FROM ${source.from}`;
  if (changes) {
    if (source.changed) sql += ` AND ${source.changed(values.length + 1)}`;
    values.push(...snapshotColumns(changes));
  }
  if (page?.after) {
    const after = order.map(([, type], index) => `$${values.length + index + 1}::${type}`);
    sql += ` AND (${expressions}) > (${after.join(', ')})`;
    values.push(...page.after);
  }
  sql += ` ORDER BY ${expressions}`;
  // Without ties, the database keeps only the rows of the page while it sorts.
  if (page) sql += orderOfChanges ? ` FETCH FIRST ${page.rows} ROWS WITH TIES` : ` LIMIT ${page.rows}`;
  return { sql, values };
}

/** Runs the query of `inOrder` through a database cursor. */
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

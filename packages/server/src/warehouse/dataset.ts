import type { Tx } from '../store/connections/db.ts';
import type { DayWindow } from '../store/values/day-window.ts';
import type { Order } from '../store/warehouse/dataset-rows.ts';
import type { WholeDataset } from '../store/warehouse/datasets.ts';
import type { MetricPeriod } from '../store/warehouse/metrics.ts';
import type { DatasetReader, ExportQuery } from '../store/warehouse/query.ts';
import type { Column } from './columns.ts';

/** A dataset of the warehouse. Its routes, their documentation and the serializer of its rows are made from this. */
export interface Dataset {
  /** The path below /v1/analytics/. */
  path: string;
  summary: string;
  description?: string;
  /** The filters of a call. A dataset with `dates` requires them. `metrics` and `usage` stand for several parameters. */
  filters: readonly ('dates' | 'locationId' | 'locationIds' | 'userIds' | 'actions' | 'metrics' | 'usage')[];
  /** With `metrics` or `usage`: the periods of a row. The first one is the default. */
  periods?: readonly MetricPeriod[];
  /** The most dates that a call may span; by default those of an export. */
  longestWindowDays?: number;
  /**
   * The number of its rows depends on users, nodes, groups or units of metrics, but not on events. The server reads it
   * on connections that exports do not use, so it never waits for an export.
   */
  isShort?: true;
  /** In the order of the answer. */
  columns: Record<string, Column>;
  /**
   * The columns by which a client that stores rows identifies them. Changed rows replace all stored rows with the same
   * values in these columns. So the server sends all rows with these values together. Absent is a value, too. No column
   * of a key depends on a dimension. A dataset without a key has neither changes nor pages.
   */
  key?: readonly string[];
  /** Single rows may be deleted. Changes then have their keys with `deleted`. */
  hasDeletions?: true;
  /** Its rows end with their retention, by day. Changes then have a row for each range of removed days. */
  hasRemovals?: true;
  /** With deletions: the first transaction since which the server keeps all of them; undefined: it keeps all. */
  keptFrom?: (tx: Tx) => Promise<bigint | undefined>;
  /** With a key: the columns that rows are sorted by. They also define the position of a page. */
  order?: Order;
  /** The order of changes, if several rows can have one key. Rows with the same key are then on one page. */
  orderOfChanges?: Order;
  /** The days of the aggregates that the rows come from. The server brings these up to date before it reads. */
  aggregated?: (query: ExportQuery) => DayWindow;
  read: DatasetReader;
  /** Only for a dataset that is always sent whole: the text from which its ETag is made. */
  fingerprint?: WholeDataset['fingerprint'];
  /**
   * Its rows belong to offices, and `read` keeps to `officeIds` of the query, or to `locationIds`, which the handler narrows
   * to them. Keys that are bound to offices may read no other dataset.
   */
  ofOffices?: true;
  /** It says who did and read what: only administrators and keys with all permissions may read it. */
  ofAdministrators?: true;
  /** Its rows count users and name none, so keys with the role `statistics` may read it, for whole offices only. */
  ofStatistics?: true;
}

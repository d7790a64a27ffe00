import type { Tx } from '../store/connections/db.ts';
import type { Order } from '../store/warehouse/dataset-rows.ts';
import type { WholeDataset } from '../store/warehouse/datasets.ts';
import type { DatasetReader } from '../store/warehouse/query.ts';
import type { Column } from './columns.ts';

/** A dataset of the warehouse. Its routes, their documentation and its row's serializer follow from this. */
export interface Dataset {
  /** Below /v1/analytics/. */
  path: string;
  summary: string;
  description?: string;
  /** What a call may be narrowed by; `dates` are required where a dataset takes them. `metrics` are several. */
  filters: readonly ('dates' | 'locationId' | 'locationIds' | 'userIds' | 'metrics')[];
  /** The most dates that a call may span; those of an export unless it says otherwise. */
  longestWindowDays?: number;
  /**
   * Its rows grow with people, places, groups or the units of metrics, and not with events: it is read on connections
   * that exports do not use, so that it never waits for one.
   */
  isShort?: true;
  /** In the order in which they go out. */
  columns: Record<string, Column>;
  /**
   * The columns that tell rows apart for whoever keeps them: what goes out as changed takes the place of all that has the
   * same values there, and goes out with all that has them. Absent is a value, too. Nothing in them follows a dimension.
   * None where rows are not kept: such a dataset has neither changes nor pages.
   */
  key?: readonly string[];
  /** Rows may go: their keys are told then, as `deleted`. Those of other datasets stay for good. */
  hasDeletions?: true;
  /** With deletions, where those are not kept for good: the first transaction of which all are. */
  keptFrom?: (tx: Tx) => Promise<bigint | undefined>;
  /** With a key: what rows are ordered by, and so where a page begins. */
  order?: Order;
  read: DatasetReader;
  /** There where a dataset always goes out whole: what its ETag is made of. */
  fingerprint?: WholeDataset['fingerprint'];
}

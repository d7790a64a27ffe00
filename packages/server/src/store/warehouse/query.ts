import type { Tx } from '../connections/db.ts';
import type { DayWindow } from '../values/day-window.ts';
import type { MetricsQuery, UsageQuery } from './metrics.ts';

/** The snapshot that a client has seen. Rows that it did not see are new or changed. */
export interface Changes {
  /** As PostgreSQL writes it. */
  snapshot: string;
  /** When the snapshot was taken, by the clock that decided which days had ended. */
  at: Date;
}

/** A page of a dataset. */
export interface Page {
  /** The largest number of rows to read. */
  rows: number;
  /** The page begins after this position, which is the position of the last row of the previous page. */
  after: string[] | undefined;
}

/** The parameters of an export. Undefined filters select everything, unknown ids nothing. */
export interface ExportQuery {
  tenantId: string;
  window: DayWindow;
  /** GUIDs. Each selects the node and all nodes below it. */
  locationIds?: string[] | undefined;
  userIds?: string[] | undefined;
  /** Actions of the audit trail. */
  actions?: string[] | undefined;
  /** Offices to which the caller is bound: the rows of others are not read. Undefined: all. */
  officeIds?: readonly string[] | undefined;
  /** The GUID of one office. Null if the requested id is not a GUID, and so selects nothing. */
  locationId?: string | null | undefined;
  metrics?: MetricsQuery | undefined;
  usage?: UsageQuery | undefined;
  /** The time of the call. It decides which days have ended. */
  now: Date;
  /** Selects only the rows that have changed since. */
  changes?: Changes | undefined;
  page?: Page | undefined;
}

/** Reads the rows of a dataset in the documented order. The columns have their names on the wire. */
export type DatasetReader = (tx: Tx, query: ExportQuery) => AsyncIterable<Record<string, unknown>[]>;

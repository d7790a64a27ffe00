import type { Tx } from '../connections/db.ts';
import type { DayWindow } from '../values/day-window.ts';
import type { MetricsQuery } from './metrics.ts';

/** What was seen already: rows that were not in this snapshot are new or changed. */
export interface Changes {
  /** As PostgreSQL writes it. */
  snapshot: string;
  /** When it was taken, by the clock that decided then which days had ended. */
  at: Date;
}

/** A page of a dataset. */
export interface Page {
  /** The rows that are read at most. */
  rows: number;
  /** The position after which they begin, as the last row before has it. */
  after: string[] | undefined;
}

/** What an export is asked for. Absent filters select everything, unknown ids nothing. */
export interface ExportQuery {
  tenantId: string;
  window: DayWindow;
  /** GUIDs; each stands for itself and all beneath it. */
  locationIds?: string[] | undefined;
  userIds?: string[] | undefined;
  /** The GUID of one office; null where the id that was asked for is none, and so selects nothing. */
  locationId?: string | null | undefined;
  metrics?: MetricsQuery | undefined;
  /** The moment of the call, which decides the days that have ended. */
  now: Date;
  /** Only what has changed since. */
  changes?: Changes | undefined;
  page?: Page | undefined;
}

/** Reads a dataset's rows, named as they go out, in the order that is promised. */
export type DatasetReader = (tx: Tx, query: ExportQuery) => AsyncIterable<Record<string, unknown>[]>;

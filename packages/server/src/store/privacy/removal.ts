import type { Tx } from '../connections/db.ts';

/** Rows that one statement removes at most. */
export const SLICE_ROWS = 5_000;

/**
 * The removal of one kind. It goes day by day, the oldest first. So a reader meets one half-removed day at most, and the
 * range that cursors tell is exact. Each call runs in a transaction of its own. The calls read no clock.
 */
export interface Removal {
  /** The oldest day before `before` that has rows to remove. Undefined: there is none. */
  nextDay(tx: Tx, tenantId: string, before: string): Promise<string | undefined>;
  /** Removes some of the rows of a day. Returns their number; 0 if there are none. */
  removeSome(tx: Tx, tenantId: string, day: string): Promise<number>;
}

/** SQL: `time` is on the day `$2` in UTC. */
export const onDay = (time: string) =>
  `${time} >= $2::date::timestamp AT TIME ZONE 'UTC' AND ${time} < ($2::date + 1)::timestamp AT TIME ZONE 'UTC'`;

/** The column `day` of the row that a statement gives. */
export const firstDay = async (tx: Tx, sql: string, tenantId: string, ...values: string[]) =>
  (await tx.query<{ day: string | null }>(sql, [tenantId, ...values])).rows[0]?.day ?? undefined;

/** How many rows a statement changes. */
export const countOf = async (tx: Tx, sql: string, tenantId: string, day: string) =>
  (await tx.query(sql, [tenantId, day])).rowCount ?? 0;

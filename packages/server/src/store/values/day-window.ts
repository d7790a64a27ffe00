/** Days from `from` up to, but not including, `before`. Both are `YYYY-MM-DD`. */
export interface DayWindow {
  from: string;
  before: string;
}

/** All days, as PostgreSQL understands them. Code cannot iterate over them. */
export const ALL_DAYS: DayWindow = { from: '-infinity', before: 'infinity' };

/**
 * SQL condition: `instant` may be of a day from `from` up to, but not including, `before` at some office. These are SQL
 * of a date. Beside a condition on the day, it lets PostgreSQL leave out the partitions of other months. No clock on Earth
 * differs from UTC by a day.
 */
export function mayBeOfDays(instant: string, from: string, before: string): string {
  return `${instant} >= (${from} - 1)::timestamp AT TIME ZONE 'UTC' AND ${instant} < (${before} + 1)::timestamp AT TIME ZONE 'UTC'`;
}

/** As `mayBeOfDays`, for one day. */
export function mayBeOfDay(instant: string, day: string): string {
  return mayBeOfDays(instant, day, `${day} + 1`);
}

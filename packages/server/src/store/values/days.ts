import type { DayWindow } from './day-window.ts';

/** Milliseconds of a day in UTC. */
export const DAY_MS = 86_400_000;

/** The day of an instant in UTC, as `YYYY-MM-DD`. */
export function utcDay(epochMs: number): string {
  // The day after 9999-12-31 is `10000-01-01` to PostgreSQL, where ISO 8601 has a sign and six digits.
  return new Date(epochMs).toISOString().replace(/^\+0*/, '').replace(/T.*$/, '');
}

/** The day `count` days after `day`, or before it if `count` is negative. Days are `YYYY-MM-DD`. */
export function addDays(day: string, count: number): string {
  return utcDay(Date.parse(day) + count * DAY_MS);
}

/** The days of a window, as `YYYY-MM-DD`. */
export function* daysOf({ from, before }: DayWindow): Generator<string> {
  let day = from;
  for (let n = 1; day !== before; n++) {
    yield day;
    day = addDays(from, n);
  }
}

/** The days from `first` to `last`, both included; none if `last` is before `first`. */
export function listDays(first: string, last: string): string[] {
  return first > last ? [] : [...daysOf({ from: first, before: addDays(last, 1) })];
}

/** The day of the week by ISO 8601: 1 is Monday, 7 is Sunday. */
export function weekdayOf(day: string): number {
  return new Date(day).getUTCDay() || 7;
}

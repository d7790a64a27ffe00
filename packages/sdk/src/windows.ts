import type { DateLike } from './types.ts';

/** A range of days. Both ends are included. */
export interface Window {
  startDate: DateLike;
  endDate: DateLike;
}

const DAY_MS = 86_400_000;
const LONGEST_DAYS = 30;

/**
 * Splits a range into windows of at most 30 days. Returns an invalid range unchanged, so that the server
 * refuses it.
 */
export function windowsOf({ startDate, endDate }: Window): Window[] {
  const [first, last] = [dayOf(startDate), dayOf(endDate)];
  if (!(first <= last)) return [{ startDate, endDate }];
  const windows: Window[] = [];
  for (let start = first; start <= last; start += LONGEST_DAYS)
    windows.push({ startDate: nameOf(start), endDate: nameOf(Math.min(start + LONGEST_DAYS - 1, last)) });
  return windows;
}

/**
 * The number of days since 1970-01-01; NaN if the value is not a day. The date of an instant counts as it is
 * written. The date of a `Date` counts in UTC.
 */
function dayOf(value: DateLike): number {
  const text = value instanceof Date ? (Number.isNaN(value.getTime()) ? '' : value.toISOString()) : value;
  const [, year, month, day] = /^(\d{4})-?(\d\d)-?(\d\d)(?:T.*)?$/.exec(text) ?? [];
  const days = Date.UTC(Number(year), Number(month) - 1, Number(day)) / DAY_MS;
  // Date.UTC turns 30 February into 2 March: such a date must stay invalid.
  return nameIfAny(days) === `${year}-${month}-${day}` ? days : Number.NaN;
}

function nameIfAny(days: number): string | undefined {
  return Number.isNaN(days) ? undefined : nameOf(days);
}

function nameOf(days: number): string {
  return new Date(days * DAY_MS).toISOString().slice(0, 10);
}

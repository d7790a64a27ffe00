import type { DateLike } from './types.ts';

/** Days, both included. */
export interface Window {
  startDate: DateLike;
  endDate: DateLike;
}

const DAY_MS = 86_400_000;
const LONGEST_DAYS = 30;

/** The days of a range in pieces of at most 30. A range that is none is left to the server to refuse. */
export function windowsOf({ startDate, endDate }: Window): Window[] {
  const [first, last] = [dayOf(startDate), dayOf(endDate)];
  if (!(first <= last)) return [{ startDate, endDate }];
  const windows: Window[] = [];
  for (let start = first; start <= last; start += LONGEST_DAYS)
    windows.push({ startDate: nameOf(start), endDate: nameOf(Math.min(start + LONGEST_DAYS - 1, last)) });
  return windows;
}

/** Days since 1970-01-01; NaN for what is no day. Of an instant the date counts, as it is written, and a Date's in UTC. */
function dayOf(value: DateLike): number {
  const text = value instanceof Date ? (Number.isNaN(value.getTime()) ? '' : value.toISOString()) : value;
  const [, year, month, day] = /^(\d{4})-?(\d\d)-?(\d\d)(?:T.*)?$/.exec(text) ?? [];
  const days = Date.UTC(Number(year), Number(month) - 1, Number(day)) / DAY_MS;
  // Dates that there are not must not become others.
  return nameIfAny(days) === `${year}-${month}-${day}` ? days : Number.NaN;
}

function nameIfAny(days: number): string | undefined {
  return Number.isNaN(days) ? undefined : nameOf(days);
}

function nameOf(days: number): string {
  return new Date(days * DAY_MS).toISOString().slice(0, 10);
}

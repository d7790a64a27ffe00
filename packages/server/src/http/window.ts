import type { DayWindow } from '../store/values/day-window.ts';
import { DAY_MS, utcDay } from '../store/values/days.ts';
import { type FieldError, HttpProblem } from './errors.ts';

/** The most dates that one export may span. */
export const LONGEST_WINDOW_DAYS = 31;

const DATE = /^(\d{4})(?:-(\d{2})-(\d{2})|(\d{2})(\d{2}))(?:[Tt ].*)?$/;

/** How a date is given. */
export const DATE_FORMS = 'YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts';
/** The fault of a text that is not a date. */
export const NO_DATE = 'must be a date that exists, as YYYY-MM-DD or YYYYMMDD';

/** Reads a day as `YYYY-MM-DD` from `YYYYMMDD`, `YYYY-MM-DD` or the date part of an ISO instant. */
export function parseDay(text: string): string | undefined {
  const epochMs = parseDate(text);
  return epochMs === undefined ? undefined : utcDay(epochMs);
}

/**
 * Reads an inclusive range of at most `longestDays` dates into a half-open window. `parseDay` reads each date. Throws a
 * 400 that names the parameter.
 */
export function parseWindow(
  startDate: string,
  endDate: string,
  longestDays: number = LONGEST_WINDOW_DAYS,
): DayWindow {
  const startMs = parseDate(startDate);
  const endMs = parseDate(endDate);
  const errors: FieldError[] = [];
  if (startMs === undefined) errors.push({ path: 'startDate', message: NO_DATE });
  if (endMs === undefined) errors.push({ path: 'endDate', message: NO_DATE });
  if (startMs === undefined || endMs === undefined) throw badWindow(errors);
  if (endMs < startMs) throw badWindow([{ path: 'endDate', message: 'must not be before startDate' }]);
  if (endMs - startMs >= longestDays * DAY_MS) {
    throw badWindow([{ path: 'endDate', message: `must be at most ${longestDays} dates from startDate` }]);
  }
  return { from: utcDay(startMs), before: utcDay(endMs + DAY_MS) };
}

function parseDate(text: string): number | undefined {
  const match = DATE.exec(text);
  if (!match) return undefined;
  const iso = `${match[1]}-${match[2] ?? match[4]}-${match[3] ?? match[5]}`;
  const epochMs = Date.parse(`${iso}T00:00:00Z`);
  return Number.isNaN(epochMs) || utcDay(epochMs) !== iso || iso < '0001' ? undefined : epochMs;
}

function badWindow(errors: FieldError[]): HttpProblem {
  const detail = errors.map(({ path, message }) => `${path} ${message}`).join('; ');
  return new HttpProblem(400, `The range of dates is not valid: ${detail}.`, { errors });
}

import { formatInstant, readInstant } from '../http/instants.ts';
import { addDays, DAY_MS } from '../store/values/days.ts';

const DAY_US = DAY_MS * 1_000;
const PLAIN_DAY = /^\d{4}-\d{2}-\d{2}$/;

const FIRST_DAY = '2000-01-01';
const LAST_DAY = '2100-12-31';
/** Ten years, generously. */
const LONGEST_DAYS = 3_660;
const OUTSIDE = 'is outside the years 2000 to 2100';

/** Days in a row, both included, as `YYYY-MM-DD`. */
export interface DayRange {
  startDay: string;
  endDay: string;
}

/** A day, or an instant whose day depends on the user's time zone. */
export type LeaveDate = { day: string } | { instant: string };

/**
 * Reads a date, or an ISO 8601 instant:
 * - midnight in UTC means that date, because a date that a client parsed as an instant looks so;
 * - midnight in the offset of the text means the written date, because its author meant that date, in whatever time
 *   zone the user is;
 * - another instant stays an instant.
 *
 * Undefined for anything else, and for dates that do not exist.
 */
export function readLeaveDate(text: string): LeaveDate | undefined {
  const written = readInstant(PLAIN_DAY.test(text) ? `${text}T00:00:00Z` : text);
  if (!written) return undefined;
  const { instantUs, offsetUs = 0 } = written;
  const midnightUs = [instantUs, instantUs + offsetUs].find((us) => us % DAY_US === 0);
  return midnightUs === undefined
    ? { instant: formatInstant(instantUs) }
    : { day: formatInstant(midnightUs).slice(0, 10) };
}

/** The fault of one date, or of both if it does not depend on a time zone. */
export function leaveDatesFault(dates: { startDate: string; endDate: string }): MemberFault | undefined {
  for (const member of ['startDate', 'endDate'] as const) {
    const date = readLeaveDate(dates[member]);
    if (!date) return { member, fault: 'must be a date (YYYY-MM-DD) or an ISO 8601 instant that exists' };
    // In another time zone it may be a day earlier or later. Days that the database cannot store are much further away.
    const slack = 'instant' in date ? 1 : 0;
    const text = 'instant' in date ? date.instant : date.day;
    if (text < addDays(FIRST_DAY, -slack) || text > addDays(LAST_DAY, 1 + slack))
      return { member, fault: OUTSIDE };
  }
  const [start, end] = [readLeaveDate(dates.startDate), readLeaveDate(dates.endDate)];
  if (!start || !end || !('day' in start && 'day' in end)) return undefined;
  return dayRangeFault({ startDay: start.day, endDay: end.day });
}

/** What is wrong with a member of a request; `fault` is the rest of a sentence. */
export interface MemberFault {
  member: 'startDate' | 'endDate';
  fault: string;
}

/** The fault of the days of a leave. */
export function dayRangeFault({ startDay, endDay }: DayRange): MemberFault | undefined {
  if (startDay < FIRST_DAY || startDay > LAST_DAY) return { member: 'startDate', fault: OUTSIDE };
  if (endDay < FIRST_DAY || endDay > LAST_DAY) return { member: 'endDate', fault: OUTSIDE };
  if (endDay < startDay) return { member: 'endDate', fault: 'is before startDate' };
  const isLong = countDays({ startDay, endDay }) > LONGEST_DAYS;
  const fault = `is more than ${LONGEST_DAYS.toLocaleString('en')} days from startDate`;
  return isLong ? { member: 'endDate', fault } : undefined;
}

/** The number of days; 0 if the end is before the start. */
export function countDays({ startDay, endDay }: DayRange): number {
  return Math.max(0, (Date.parse(endDay) - Date.parse(startDay)) / DAY_MS + 1);
}

/** The later of two days. */
export function laterOf(a: string, b: string): string {
  return a > b ? a : b;
}

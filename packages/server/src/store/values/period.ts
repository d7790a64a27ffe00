import { addDays, DAY_MS, utcDay } from './days.ts';

/** A length of time in whole months or whole days, as an ISO 8601 duration: `P13M`, `P90D`. */
export type Period = `P${number}${'M' | 'D'}`;

/** The form of a period, for schemas. */
export const PERIOD_PATTERN = '^P[1-9][0-9]{0,4}[MD]$';

const PERIOD = new RegExp(PERIOD_PATTERN);
/** The longest month. */
const MONTH_DAYS = 31;

/** Whether a text is a period. */
export function isPeriod(text: string): text is Period {
  return PERIOD.test(text);
}

/** The day that is a period before `day`. Days are `YYYY-MM-DD`. A month that has no such day counts to its last day. */
export function periodBefore(day: string, period: Period): string {
  const { count, isMonths } = partsOf(period);
  if (!isMonths) return addDays(day, -count);
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
  const lastMs = Date.UTC(year, month - count, 1) - DAY_MS;
  return utcDay(Date.UTC(year, month - 1 - count, Math.min(date, new Date(lastMs).getUTCDate())));
}

/** The most days that a period can have. */
export function mostDaysOf(period: Period): number {
  const { count, isMonths } = partsOf(period);
  return isMonths ? count * MONTH_DAYS : count;
}

/** A period in words: `13 months`, `1 day`. */
export function periodWords(period: Period): string {
  const { count, isMonths } = partsOf(period);
  return `${count} ${isMonths ? 'month' : 'day'}${count === 1 ? '' : 's'}`;
}

function partsOf(period: Period): { count: number; isMonths: boolean } {
  return { count: Number(period.slice(1, -1)), isMonths: period.endsWith('M') };
}

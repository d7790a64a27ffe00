import type { DayWindow } from '../store/values/day-window.ts';
import { addDays, DAY_MS, utcDay, weekdayOf } from '../store/values/days.ts';
import type { MetricPeriod } from '../store/warehouse/metrics.ts';

const DAYS_PER_WEEK = 7;

/** The days of one row of metrics: one day, an ISO week, a month or the whole window. */
export interface Period {
  /** The first day of the whole period, `YYYY-MM-DD`. */
  start: string;
  /** The requested part of the period. */
  window: DayWindow;
  /** Whether the whole period is requested. */
  isWhole: boolean;
}

/** The periods that overlap a window, in order. */
export function* periodsOf(window: DayWindow, kind: MetricPeriod): Generator<Period> {
  for (let from = window.from; from < window.before; ) {
    const whole = kind === 'range' ? window : wholePeriod(from, kind);
    const before = whole.before < window.before ? whole.before : window.before;
    yield {
      start: whole.from,
      window: { from, before },
      isWhole: whole.from === from && whole.before === before,
    };
    from = before;
  }
}

/**
 * The part of a window that can have attendance: events may be a day ahead of now, and an office's day may be ahead of
 * the day in UTC. Undefined if there is none.
 */
export function possibleDays({ from, before }: DayWindow, now: Date): DayWindow | undefined {
  const end = addDays(utcDay(now.getTime()), 3);
  const last = before < end ? before : end;
  return from < last ? { from, before: last } : undefined;
}

/** The Monday of a day's ISO week. */
export function mondayOf(day: string): string {
  return addDays(day, 1 - weekdayOf(day));
}

function wholePeriod(day: string, kind: 'day' | 'week' | 'month'): DayWindow {
  if (kind === 'day') return { from: day, before: addDays(day, 1) };
  if (kind === 'week') return { from: mondayOf(day), before: addDays(mondayOf(day), 7) };
  const from = `${day.slice(0, 7)}-01`;
  return { from, before: `${addDays(from, 31).slice(0, 7)}-01` };
}

/**
 * The period with which a period is compared. Weekdays match, except for months.
 *
 * - A day: the same weekday a week before. A week: the week before.
 * - A month: the month before. So is a range of whole months, with as many months before it.
 * - Any other range: so many whole weeks before as the range overlaps.
 *
 * The same part of it is requested, as far as the month has those days.
 */
export function previousPeriod({ start, window, isWhole }: Period, kind: MetricPeriod): Period {
  const back = stepBack(window, kind);
  return { start: back(start), window: { from: back(window.from), before: back(window.before) }, isWhole };
}

function stepBack({ from, before }: DayWindow, kind: MetricPeriod): (day: string) => string {
  if (kind === 'month') return (day) => addMonths(day, -1);
  if (kind !== 'range') return (day) => addDays(day, -DAYS_PER_WEEK);
  if (from.endsWith('-01') && before.endsWith('-01')) return (day) => addMonths(day, -monthsOf(from, before));
  const weeks = Math.ceil((Date.parse(before) - Date.parse(from)) / DAY_MS / DAYS_PER_WEEK);
  return (day) => addDays(day, -DAYS_PER_WEEK * weeks);
}

function monthsOf(from: string, before: string): number {
  const monthOf = (day: string) => 12 * Number(day.slice(0, -6)) + Number(day.slice(-5, -3));
  return monthOf(before) - monthOf(from);
}

/** The same day of another month; the first day after that month if it is shorter. */
function addMonths(day: string, count: number): string {
  const [year = 0, month = 0, ofMonth = 0] = day.split('-').map(Number);
  const sameDay = utcDay(Date.UTC(year, month - 1 + count, ofMonth));
  const next = utcDay(Date.UTC(year, month + count, 1));
  return sameDay < next ? sameDay : next;
}

import type { DayWindow } from '../store/values/day-window.ts';
import { addDays, utcDay, weekdayOf } from '../store/values/days.ts';
import type { MetricPeriod } from '../store/warehouse/metrics.ts';

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

import type { DayWindow } from '../store/values/day-window.ts';
import type { MetricPeriod } from '../store/warehouse/metrics.ts';

const DAY_MS = 86_400_000;

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

/** The Monday of a day's ISO week. */
export function mondayOf(day: string): string {
  return addDays(day, 1 - weekdayOf(day));
}

/** ISO: 1 Monday to 7 Sunday. */
export function weekdayOf(day: string): number {
  return new Date(day).getUTCDay() || 7;
}

export function addDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

function wholePeriod(day: string, kind: 'day' | 'week' | 'month'): DayWindow {
  if (kind === 'day') return { from: day, before: addDays(day, 1) };
  if (kind === 'week') return { from: mondayOf(day), before: addDays(mondayOf(day), 7) };
  const from = `${day.slice(0, 7)}-01`;
  return { from, before: `${addDays(from, 31).slice(0, 7)}-01` };
}

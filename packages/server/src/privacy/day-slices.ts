import type { DayWindow } from '../store/values/day-window.ts';
import { addDays } from '../store/values/days.ts';

/** The rows of one person, or the arrivals of visitors, on these days are few enough for one transaction. */
const SLICE_DAYS = 31;

/** Parts of a window, each within one calendar year. */
export function* slicesOf({ from, before }: DayWindow): Generator<DayWindow> {
  for (let start = from; start < before; ) {
    const nextYear = `${Number(start.slice(0, 4)) + 1}-01-01`;
    const [end = before] = [addDays(start, SLICE_DAYS), nextYear, before].sort();
    yield { from: start, before: end };
    start = end;
  }
}

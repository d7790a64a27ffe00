import { weekdayOf } from '../store/values/days.ts';
import type { AttendedDay } from './attended-day.ts';
import { DayCounter } from './day-counter.ts';
import type { Row } from './format.ts';
import { AttendanceSummary } from './metrics.ts';
import { readerOf } from './metrics-reader.ts';
import type { OfficeCalendar } from './office-calendar.ts';
import type { Summary } from './period-reader.ts';
import type { ReportedUnit } from './units.ts';

const DAYS_PER_WEEK = 7;

/** The attendance of the units of a period by weekday. */
class WeekdaySummary implements Summary {
  /** By weekday, from Monday. */
  readonly #weekdays: readonly AttendanceSummary[];

  constructor(options: { isOneDay: boolean; counter: DayCounter }) {
    this.#weekdays = Array.from({ length: DAYS_PER_WEEK }, () => new AttendanceSummary(options));
  }

  add(day: AttendedDay, unitOf: (number: number) => ReportedUnit): void {
    this.#weekdays[weekdayOf(day.day) - 1]?.add(day, unitOf);
  }

  rowsOf(unit: ReportedUnit, calendar: OfficeCalendar): Row[] {
    if (!unit.inUse && !this.#weekdays.some((summary) => summary.has(unit))) return [];
    return this.#weekdays.flatMap((summary, index) => {
      const weekday = index + 1;
      const days = calendar.statisticsOf(unit.locationId, weekday);
      if (days.counts.officeDays === 0) return [];
      return { weekday, days: days.counts, ...summary.figuresOf(unit, days) };
    });
  }
}

/** Reads attendance by weekday, with a row for each unit and weekday of each period. */
export const readWeekdays = readerOf(({ period }) => {
  const options = { isOneDay: period === 'week', counter: new DayCounter() };
  return () => new WeekdaySummary(options);
});

import type { AttendedDay } from './attended-day.ts';
import { DayCounter } from './day-counter.ts';
import type { Row } from './format.ts';
import { readerOf } from './metrics-reader.ts';
import type { OfficeCalendar, OfficeDayStatistics } from './office-calendar.ts';
import type { Summary } from './period-reader.ts';
import { DayIndexes, type Figures, Tally } from './tally.ts';
import type { ReportedUnit } from './units.ts';

/** The attendance of the units of a period. */
export class AttendanceSummary implements Summary {
  readonly #isOneDay: boolean;
  readonly #counter: DayCounter;
  readonly #tallies = new Map<ReportedUnit, Tally>();
  readonly #nobody: Tally;
  readonly #days = new DayIndexes();

  /** @param counter the one of the call, which all summaries share */
  constructor({ isOneDay, counter }: { isOneDay: boolean; counter: DayCounter }) {
    this.#counter = counter;
    this.#isOneDay = isOneDay;
    this.#nobody = new Tally({ isOneDay });
  }

  add(day: AttendedDay, unitOf: (number: number) => ReportedUnit): void {
    const index = this.#days.of(day.day);
    for (const counts of this.#counter.count(day)) {
      const unit = unitOf(counts.unit);
      let tally = this.#tallies.get(unit);
      if (!tally) {
        tally = new Tally({ isOneDay: this.#isOneDay });
        this.#tallies.set(unit, tally);
      }
      tally.add(index, counts);
    }
  }

  /** Units in use without attendance have a row, too, with 0. */
  rowsOf(unit: ReportedUnit, calendar: OfficeCalendar): Row[] {
    if (!unit.inUse && !this.has(unit)) return [];
    const days = calendar.statisticsOf(unit.locationId);
    const row: Row = this.figuresOf(unit, days);
    row.days = days.counts;
    return [row];
  }

  /** The numbers of a unit, also if nobody was there. */
  figuresOf(unit: ReportedUnit, days: OfficeDayStatistics): Figures {
    const tally = this.#tallies.get(unit) ?? this.#nobody;
    return tally.figures(days, this.#days.reportedOf(days), unit.capacity);
  }

  has(unit: ReportedUnit): boolean {
    return this.#tallies.has(unit);
  }
}

/** Reads attendance and utilisation, with a row for each unit of each period. */
export const readMetrics = readerOf(({ period }) => {
  const options = { isOneDay: period === 'day', counter: new DayCounter() };
  return () => new AttendanceSummary(options);
});

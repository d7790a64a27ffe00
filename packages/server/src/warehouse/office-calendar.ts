import { weekdayOf } from '../store/values/days.ts';
import type { ActiveOfficeDay, OfficeClock } from '../store/warehouse/metrics.ts';
import { reportingWorked } from '../workday/attendance.ts';
import { mondayOf } from './periods.ts';
import { rate } from './statistics.ts';

/** A day that counts at an office. */
export interface OfficeDayState {
  day: string;
  /** Whether presence reporting worked, so that a user who was not detected did not come. */
  reported: boolean;
  ended: boolean;
}

/** The office days of an office in a period, as statistics need them. */
export interface OfficeDayStatistics {
  /** The columns of rows that count these days. All rows of the office in the period share this object. */
  counts: { officeDays: number; reportedDays: number; reportingShare: number | null };
  /** The reported days, and the number of the ISO week of each, counted from 0. */
  reported: readonly string[];
  weeks: readonly number[];
  weekCount: number;
}

/**
 * The office days of a period: days on which a user was detected at the office, or on which a user had planned to
 * come and which have ended. A closed weekend or a future day is not an office day.
 */
export class OfficeCalendar {
  readonly #clocks: ReadonlyMap<string, OfficeClock>;
  readonly #weekdays: ReadonlySet<number> | undefined;
  readonly #offices = new Map<string, Map<string, OfficeDayState>>();
  readonly #statistics = new Map<string, OfficeDayStatistics>();

  /** @param weekdays the only ones that count; ISO, 1 Monday to 7 Sunday */
  constructor(clocks: ReadonlyMap<string, OfficeClock>, weekdays: readonly number[] | undefined) {
    this.#clocks = clocks;
    this.#weekdays = weekdays && new Set(weekdays);
  }

  /** Adds days. If a day occurs several times, one occurrence with an event is enough. */
  add(active: Iterable<ActiveOfficeDay>): void {
    for (const { locationId, day, sawEvent } of active) {
      const clock = this.#clocks.get(locationId);
      if (!clock || (this.#weekdays && !this.#weekdays.has(weekdayOf(day)))) continue;
      const ended = clock.today > day;
      if (!sawEvent && (!ended || this.find(locationId, day))) continue;
      const days = this.#offices.get(locationId) ?? new Map<string, OfficeDayState>();
      this.#offices.set(locationId, days);
      const { presenceReporting } = clock;
      days.set(day, { day, ended, reported: reportingWorked({ presenceReporting, sawEvent }) });
    }
  }

  has(locationId: string): boolean {
    return this.#offices.has(locationId);
  }

  find(locationId: string, day: string): OfficeDayState | undefined {
    return this.#offices.get(locationId)?.get(day);
  }

  /** The office days of an office. Call it after all days were added: it remembers the result. */
  statisticsOf(locationId: string): OfficeDayStatistics {
    const known = this.#statistics.get(locationId);
    if (known) return known;
    const days = [...(this.#offices.get(locationId)?.values() ?? [])];
    const reported = days.filter((day) => day.reported).map(({ day }) => day);
    const numbers = new Map<string, number>();
    const weeks = reported.map((day) => {
      const monday = mondayOf(day);
      const week = numbers.get(monday) ?? numbers.size;
      numbers.set(monday, week);
      return week;
    });
    const statistics = {
      counts: {
        officeDays: days.length,
        reportedDays: reported.length,
        reportingShare: rate(reported.length, days.length),
      },
      reported,
      weeks,
      weekCount: numbers.size,
    };
    this.#statistics.set(locationId, statistics);
    return statistics;
  }
}

import { weekdayOf } from '../store/values/days.ts';
import type { OfficeClock } from '../store/warehouse/metrics.ts';
import { reportingWorked } from '../workday/attendance.ts';
import { mondayOf } from './periods.ts';
import { rate } from './statistics.ts';

/** A day of an office on which somebody was detected there, or planned to come. */
export interface ActiveOfficeDay {
  locationId: string;
  /** `YYYY-MM-DD` */
  day: string;
  sawEvent: boolean;
}

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
  /** By office; under null, those of all offices together. */
  readonly #offices = new Map<string | null, Map<string, OfficeDayState>>();
  readonly #statistics = new Map<string | null, OfficeDayStatistics>();

  /** @param weekdays the only ones that count; ISO, 1 Monday to 7 Sunday */
  constructor(clocks: ReadonlyMap<string, OfficeClock>, weekdays: readonly number[] | undefined) {
    this.#clocks = clocks;
    this.#weekdays = weekdays && new Set(weekdays);
  }

  /** Adds a day, if it is an office day. Returns its state then. */
  add({ locationId, day, sawEvent }: ActiveOfficeDay): OfficeDayState | undefined {
    const clock = this.#clocks.get(locationId);
    if (!clock || (this.#weekdays && !this.#weekdays.has(weekdayOf(day)))) return undefined;
    const ended = clock.today > day;
    if (!sawEvent && !ended) return undefined;
    const { presenceReporting } = clock;
    const state = { day, ended, reported: reportingWorked({ presenceReporting, sawEvent }) };
    this.#daysOf(locationId).set(day, state);
    const all = this.#daysOf(null);
    const known = all.get(day);
    all.set(day, {
      day,
      ended: ended && known?.ended !== false,
      reported: state.reported || known?.reported === true,
    });
    return state;
  }

  #daysOf(locationId: string | null): Map<string, OfficeDayState> {
    let days = this.#offices.get(locationId);
    if (!days) {
      days = new Map();
      this.#offices.set(locationId, days);
    }
    return days;
  }

  /** Whether an office has office days. Null: whether any has. */
  has(locationId: string | null): boolean {
    return this.#offices.has(locationId);
  }

  /**
   * The office days of an office, or of all offices together for null. Call it after all days were added: it remembers
   * the result.
   *
   * @param weekday only these days; ISO, 1 Monday to 7 Sunday
   */
  statisticsOf(locationId: string | null, weekday?: number): OfficeDayStatistics {
    const key = weekday === undefined ? locationId : `${locationId} ${weekday}`;
    const known = this.#statistics.get(key);
    if (known) return known;
    const days = [...(this.#offices.get(locationId)?.values() ?? [])].filter(
      ({ day }) => weekday === undefined || weekdayOf(day) === weekday,
    );
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
    this.#statistics.set(key, statistics);
    return statistics;
  }
}

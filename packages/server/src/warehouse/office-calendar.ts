import type { ActiveOfficeDay, OfficeClock } from '../store/warehouse/metrics.ts';
import { reportingWorked } from '../workday/attendance.ts';
import { weekdayOf } from './periods.ts';

/** A day that counts at an office. */
export interface OfficeDayState {
  day: string;
  /** Whether its presence reporting worked: who was not detected did not come. */
  reported: boolean;
  ended: boolean;
}

/**
 * The office days of a period: those on which somebody was detected at the office, or was to come and the day has
 * ended. So neither a closed weekend nor a day to come is one.
 */
export class OfficeCalendar {
  readonly #clocks: ReadonlyMap<string, OfficeClock>;
  readonly #weekdays: ReadonlySet<number> | undefined;
  readonly #offices = new Map<string, Map<string, OfficeDayState>>();

  /** @param weekdays the only ones that count; ISO, 1 Monday to 7 Sunday */
  constructor(clocks: ReadonlyMap<string, OfficeClock>, weekdays: readonly number[] | undefined) {
    this.#clocks = clocks;
    this.#weekdays = weekdays && new Set(weekdays);
  }

  /** A day may be there several times: it has an event if it has one anywhere. */
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

  /** In no order. */
  daysOf(locationId: string): OfficeDayState[] {
    return [...(this.#offices.get(locationId)?.values() ?? [])];
  }
}

import { addTo } from '../store/values/group-by.ts';
import type { DayCounts } from './day-counter.ts';
import type { OfficeDayState } from './office-calendar.ts';
import { mondayOf } from './periods.ts';
import { mean, median, percentile, rate } from './statistics.ts';
import type { Unit } from './unit.ts';

/** The attendance of a unit over the days of a period. */
export class Tally {
  readonly unit: Unit;
  #confirmed = 0;
  #noShow = 0;
  #unconfirmed = 0;
  #walkIn = 0;
  /** The number of users who came, by day; days without any are left out. */
  readonly #cameOn = new Map<string, number>();

  constructor(unit: Unit) {
    this.unit = unit;
  }

  add(day: string, counts: Pick<DayCounts, 'confirmed' | 'walkIn' | 'silent'>, office: OfficeDayState): void {
    this.#confirmed += counts.confirmed;
    this.#walkIn += counts.walkIn;
    if (office.ended && office.reported) this.#noShow += counts.silent;
    else if (office.ended) this.#unconfirmed += counts.silent;
    const came = counts.confirmed + counts.walkIn;
    if (came > 0) this.#cameOn.set(day, (this.#cameOn.get(day) ?? 0) + came);
  }

  /**
   * The numbers of a row.
   *
   * @param officeDays the office days of the period
   * @param capacity of the unit, in people; null if it has none
   */
  figures(officeDays: readonly OfficeDayState[], capacity: number | null): Record<string, number | null> {
    const reported = officeDays.filter((day) => day.reported).map(({ day }) => day);
    const daily = reported.map((day) => this.#cameOn.get(day) ?? 0);
    const weeks = new Map<string, number[]>();
    for (const [index, day] of reported.entries()) addTo(weeks, mondayOf(day), daily[index] ?? 0);
    const weekly = [...weeks.values()];
    const average = mean(daily);
    const peak = percentile(daily, 1);
    const judged = this.#confirmed + this.#noShow;
    const share = (people: number | null) =>
      people === null || capacity === null ? null : rate(people, capacity);
    return {
      officeDays: officeDays.length,
      reportedDays: reported.length,
      reportingShare: rate(reported.length, officeDays.length),
      attendance: this.#confirmed + this.#walkIn,
      confirmed: this.#confirmed,
      noShow: this.#noShow,
      unconfirmed: this.#unconfirmed,
      walkIn: this.#walkIn,
      confirmedRate: rate(this.#confirmed, judged),
      noShowRate: rate(this.#noShow, judged),
      unconfirmedRate: rate(this.#unconfirmed, judged + this.#unconfirmed),
      walkInRate: rate(this.#walkIn, this.#confirmed + this.#walkIn),
      averageAttendance: average,
      peakAttendance: peak,
      percentile90Attendance: percentile(daily, 0.9),
      medianWeeklyPeak: median(weekly.map((days) => Math.max(...days))),
      medianWeeklyLow: median(weekly.map((days) => Math.min(...days))),
      capacity,
      utilisation: share(average),
      peakUtilisation: share(peak),
    };
  }
}

import type { DayCounts } from './day-counter.ts';
import type { OfficeDayState, OfficeDayStatistics } from './office-calendar.ts';
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
   * @param days the office days of the period
   * @param capacity of the unit, in people; null if it has none
   */
  figures(days: OfficeDayStatistics, capacity: number | null): Record<string, number | null> {
    const { officeDays, reported, weeks, weekCount } = days;
    const daily = new Float64Array(reported.length);
    const peaks = new Float64Array(weekCount).fill(Number.NEGATIVE_INFINITY);
    const lows = new Float64Array(weekCount).fill(Number.POSITIVE_INFINITY);
    for (const [index, day] of reported.entries()) {
      const came = this.#cameOn.get(day) ?? 0;
      const week = weeks[index] as number;
      daily[index] = came;
      peaks[week] = Math.max(peaks[week] as number, came);
      lows[week] = Math.min(lows[week] as number, came);
    }
    const sorted = daily.sort();
    const average = mean(sorted);
    const peak = percentile(sorted, 1);
    const judged = this.#confirmed + this.#noShow;
    const share = (people: number | null) =>
      people === null || capacity === null ? null : rate(people, capacity);
    return {
      officeDays,
      reportedDays: reported.length,
      reportingShare: rate(reported.length, officeDays),
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
      percentile90Attendance: percentile(sorted, 0.9),
      medianWeeklyPeak: median(peaks.sort()),
      medianWeeklyLow: median(lows.sort()),
      capacity,
      utilisation: share(average),
      peakUtilisation: share(peak),
    };
  }
}

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

  add(day: string, counts: DayCounts, office: OfficeDayState): void {
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
    const { officeDays, reported } = days;
    const spread = spreadOf(days, (day) => this.#cameOn.get(day) ?? 0);
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
      averageAttendance: spread.average,
      peakAttendance: spread.peak,
      percentile90Attendance: spread.percentile90,
      medianWeeklyPeak: spread.medianWeeklyPeak,
      medianWeeklyLow: spread.medianWeeklyLow,
      capacity,
      utilisation: share(spread.average),
      peakUtilisation: share(spread.peak),
    };
  }
}

/** How the attendance of the reported days is spread. Null if there is no such day. */
type Spread = Record<
  'average' | 'peak' | 'percentile90' | 'medianWeeklyPeak' | 'medianWeeklyLow',
  number | null
>;

function spreadOf(
  { reported, weeks, weekCount }: OfficeDayStatistics,
  cameOn: (day: string) => number,
): Spread {
  const [first] = reported;
  if (first !== undefined && reported.length === 1) {
    // Most rows by day: all values are that of the day.
    const came = cameOn(first);
    return { average: came, peak: came, percentile90: came, medianWeeklyPeak: came, medianWeeklyLow: came };
  }
  const daily = new Float64Array(reported.length);
  const peaks = new Float64Array(weekCount).fill(Number.NEGATIVE_INFINITY);
  const lows = new Float64Array(weekCount).fill(Number.POSITIVE_INFINITY);
  for (const [index, day] of reported.entries()) {
    const came = cameOn(day);
    const week = weeks[index] as number;
    daily[index] = came;
    peaks[week] = Math.max(peaks[week] as number, came);
    lows[week] = Math.min(lows[week] as number, came);
  }
  const sorted = daily.sort();
  return {
    average: mean(sorted),
    peak: percentile(sorted, 1),
    percentile90: percentile(sorted, 0.9),
    medianWeeklyPeak: median(peaks.sort()),
    medianWeeklyLow: median(lows.sort()),
  };
}

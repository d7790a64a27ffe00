import type { DayCounts } from './day-counter.ts';
import type { OfficeDayStatistics } from './office-calendar.ts';
import { mean, median, percentile, rate } from './statistics.ts';

/** The numbers of a row of metrics. */
export type Figures = ReturnType<Tally['figures']>;

/** Numbers the days of a period, in the order in which they come. A list by such numbers is quicker than a map by days. */
export class DayIndexes {
  readonly #indexes = new Map<string, number>();
  readonly #reported = new Map<OfficeDayStatistics, readonly number[]>();

  of(day: string): number {
    const known = this.#indexes.get(day);
    if (known !== undefined) return known;
    const index = this.#indexes.size;
    this.#indexes.set(day, index);
    return index;
  }

  /** The indexes of the days on which presence reporting worked. */
  reportedOf(days: OfficeDayStatistics): readonly number[] {
    let indexes = this.#reported.get(days);
    if (!indexes) {
      indexes = days.reported.map((day) => this.of(day));
      this.#reported.set(days, indexes);
    }
    return indexes;
  }
}

/** The attendance of a unit over the days of a period. */
export class Tally {
  #confirmed = 0;
  #noShow = 0;
  #unconfirmed = 0;
  #walkIn = 0;
  /** The number of users who came, by the index of the day; absent if there were none. Undefined if the period is one day. */
  readonly #cameOn: number[] | undefined;

  constructor({ isOneDay }: { isOneDay: boolean }) {
    if (!isOneDay) this.#cameOn = [];
  }

  /** `day` is the index of the day: see `DayIndexes`. */
  add(day: number, { confirmed, noShow, unconfirmed, walkIn }: DayCounts): void {
    this.#confirmed += confirmed;
    this.#noShow += noShow;
    this.#unconfirmed += unconfirmed;
    this.#walkIn += walkIn;
    const came = confirmed + walkIn;
    if (this.#cameOn && came > 0) this.#cameOn[day] = (this.#cameOn[day] ?? 0) + came;
  }

  /**
   * The numbers of a row.
   *
   * @param days the office days of the period
   * @param reported the indexes of those on which presence reporting worked
   * @param capacity of the unit, in people; null if it has none
   */
  figures(days: OfficeDayStatistics, reported: readonly number[], capacity: number | null) {
    const attendance = this.#confirmed + this.#walkIn;
    const spread = this.#spreadOver(days, reported);
    const judged = this.#confirmed + this.#noShow;
    const share = (people: number | null) =>
      people === null || capacity === null ? null : rate(people, capacity);
    return {
      attendance,
      confirmed: this.#confirmed,
      noShow: this.#noShow,
      unconfirmed: this.#unconfirmed,
      walkIn: this.#walkIn,
      confirmedRate: rate(this.#confirmed, judged),
      noShowRate: rate(this.#noShow, judged),
      unconfirmedRate: rate(this.#unconfirmed, judged + this.#unconfirmed),
      walkInRate: rate(this.#walkIn, attendance),
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

  #spreadOver({ weeks, weekCount }: OfficeDayStatistics, reported: readonly number[]): Spread {
    if (reported.length === 0) return NO_SPREAD;
    const cameOn = this.#cameOn;
    if (cameOn === undefined) return spreadOfOneDay(this.#confirmed + this.#walkIn);
    const daily = new Float64Array(reported.length);
    const peaks = new Float64Array(weekCount).fill(Number.NEGATIVE_INFINITY);
    const lows = new Float64Array(weekCount).fill(Number.POSITIVE_INFINITY);
    for (let index = 0; index < reported.length; index++) {
      const came = cameOn[reported[index] as number] ?? 0;
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
}

/** How the attendance of the reported days is spread. Null if there is no such day. */
type Spread = Record<
  'average' | 'peak' | 'percentile90' | 'medianWeeklyPeak' | 'medianWeeklyLow',
  number | null
>;

const NO_SPREAD = spreadOfOneDay(null);

function spreadOfOneDay(came: number | null): Spread {
  return { average: came, peak: came, percentile90: came, medianWeeklyPeak: came, medianWeeklyLow: came };
}

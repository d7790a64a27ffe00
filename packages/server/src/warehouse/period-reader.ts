import type { Tx } from '../store/connections/db.ts';
import type { DayWindow } from '../store/values/day-window.ts';
import { addDays } from '../store/values/days.ts';
import { type DayAggregate, DETECTED } from '../store/warehouse/aggregates.ts';
import type { OfficeClock, PeriodQuery } from '../store/warehouse/metrics.ts';
import type { AttendedDay, AttendedDayReader } from './attended-day.ts';
import type { Row } from './format.ts';
import { OfficeCalendar } from './office-calendar.ts';
import { OfficeDays } from './office-days.ts';
import { OrganisationDay } from './organisation-day.ts';
import { mondayOf, type Period } from './periods.ts';
import type { ReportedUnit, ReportedUnits } from './units.ts';

/** The most days that are read at a time, so that their units fit into memory. */
const DAYS_PER_READ = 31;
const DAYS_PER_WEEK = 7;
const ROWS_PER_BATCH = 250;

/** What a dataset counts in a period. */
export interface PeriodCount {
  /** Adds a day. `unitOf` is the unit with a number. */
  add(day: AttendedDay, unitOf: (number: number) => ReportedUnit): void;
  /** All days of an ISO week have been added, as far as they are in the period. */
  endWeek?(): void;
}

/** What a dataset says about the units of a period. */
export interface Summary extends PeriodCount {
  /** The rows of a unit, with the columns of the calendar as `days`. */
  rowsOf(unit: ReportedUnit, calendar: OfficeCalendar): readonly Row[];
}

export interface PeriodReaderOptions {
  tx: Tx;
  tenantId: string;
  /** The days for which aggregates are read. */
  window: DayWindow;
  query: PeriodQuery & { by: string };
  /** The offices that count. */
  officeIds: ReadonlySet<string>;
  clocks: ReadonlyMap<string, OfficeClock>;
  days: AttendedDayReader;
  units: ReportedUnits;
}

interface OpenPeriod<S> {
  period: Period;
  calendar: OfficeCalendar;
  summary: S;
}

/** Sums up attendance by period and unit. */
export class PeriodReader {
  readonly #options: PeriodReaderOptions;
  readonly #officeDays: OfficeDays;
  /** Each user then counts once a day in all offices together, whose users a week at a time fits into memory. */
  readonly #isOfAllOffices: boolean;
  /** The date at the office where it is earliest. */
  readonly #firstToday: string;

  private constructor(options: PeriodReaderOptions, officeDays: OfficeDays) {
    this.#options = options;
    this.#officeDays = officeDays;
    this.#isOfAllOffices = options.query.by === 'organisation';
    const { clocks, officeIds } = options;
    const todays = [...clocks].flatMap(([id, { today }]) => (officeIds.has(id) ? today : []));
    this.#firstToday = todays.sort()[0] ?? '';
  }

  /** `tx` has one snapshot for all statements; call `setPlannerForAggregates` before. */
  static async open(options: PeriodReaderOptions): Promise<PeriodReader> {
    const { tx, tenantId, window, days } = options;
    return new PeriodReader(options, await OfficeDays.open(tx, tenantId, window, days.columns));
  }

  /** The units that it has found so far. */
  get units(): ReportedUnits {
    return this.#options.units;
  }

  /** The rows of periods, in order, in batches. It holds the summaries of few periods in memory. */
  async *rows(periods: readonly Period[], begin: () => Summary): AsyncGenerator<Row[]> {
    let rows: Row[] = [];
    for await (const each of this.summaries(periods, begin)) {
      for (const row of this.#rowsOf(each)) {
        if (rows.push(row) < ROWS_PER_BATCH) continue;
        yield rows;
        rows = [];
      }
    }
    if (rows.length > 0) yield rows;
  }

  /** The summaries of periods, which are in order and do not overlap. */
  async *summaries<S extends PeriodCount>(
    periods: readonly Period[],
    begin: () => S,
  ): AsyncGenerator<OpenPeriod<S>> {
    const { window, query, clocks, units } = this.#options;
    const open = periods
      .filter((period) => period.window.from < window.before)
      .map((period) => ({
        period,
        calendar: new OfficeCalendar(clocks, query.weekdays),
        summary: begin(),
      }));
    const [first, last] = [open[0]?.period.window.from, open.at(-1)?.period.window.before];
    if (first === undefined || last === undefined) return;
    const before = last < window.before ? last : window.before;
    const byWeek = this.#isOfAllOffices || open.some(({ summary }) => summary.endWeek);
    for (const chunk of chunksOf({ from: first, before }, byWeek)) {
      for await (const [current, day] of this.#attendedDays(chunk, open))
        current.summary.add(day, (number) => units.of(day.locationId, number));
      for (const { summary } of open) summary.endWeek?.();
      while (open[0] && (open[0].period.window.before <= chunk.before || chunk.before === before))
        yield open.shift() as OpenPeriod<S>;
    }
  }

  /** The days of a window, each with its period. */
  async *#attendedDays<S>(
    window: DayWindow,
    open: readonly OpenPeriod<S>[],
  ): AsyncGenerator<[OpenPeriod<S>, AttendedDay]> {
    const { officeIds, days } = this.#options;
    const ofAllOffices = new Map<string, [OpenPeriod<S>, OrganisationDay]>();
    for await (const aggregate of this.#officeDays.read(window)) {
      const { day, locationId } = aggregate;
      const current = open.find(({ period }) => day >= period.window.from && day < period.window.before);
      if (!current || !officeIds.has(locationId)) continue;
      // Filters of users do not change which days are office days.
      const office = current.calendar.add({ locationId, day, sawEvent: sawEvent(aggregate) });
      if (!office) continue;
      const attended = days.read(aggregate, office);
      if (!this.#isOfAllOffices) {
        yield [current, attended];
        continue;
      }
      const [, all] = ofAllOffices.get(day) ?? [current, new OrganisationDay(day)];
      all.add(attended);
      ofAllOffices.set(day, [current, all]);
    }
    for (const [current, all] of ofAllOffices.values()) yield [current, all.read()];
  }

  *#rowsOf({ period, calendar, summary }: OpenPeriod<Summary>): Generator<Row> {
    const [incomplete, complete] = [this.spanOf(period, false), this.spanOf(period, true)];
    for (const unit of this.units.inOrder) {
      if (!calendar.has(unit.locationId)) continue;
      const span = this.isComplete(period, unit) ? complete : incomplete;
      for (const row of summary.rowsOf(unit, calendar)) {
        row.span = span;
        row.unit = unit.names;
        yield row;
      }
    }
  }

  /** Whether the window contains the whole period, and all of it is over at the office. */
  isComplete({ isWhole, window }: Period, { locationId }: ReportedUnit): boolean {
    const today =
      locationId === null ? this.#firstToday : (this.#options.clocks.get(locationId)?.today ?? '');
    return isWhole && window.before <= today;
  }

  /** The columns of a row that name its period. */
  spanOf({ start, window }: Period, complete: boolean): Row {
    const { by, period } = this.#options.query;
    return {
      by,
      period,
      periodStart: toInstant(start),
      firstDay: toInstant(window.from),
      lastDay: toInstant(addDays(window.before, -1)),
      complete,
    };
  }
}

/** Parts of a window that fit into memory. By week, each is an ISO week, as far as it is in the window. */
function* chunksOf({ from, before }: DayWindow, byWeek: boolean): Generator<DayWindow> {
  for (let start = from; start < before; ) {
    const end = byWeek ? addDays(mondayOf(start), DAYS_PER_WEEK) : addDays(start, DAYS_PER_READ);
    yield { from: start, before: end < before ? end : before };
    start = end;
  }
}

/** Whether a user was detected at the office on the day. The day has entries only if anybody came or planned to. */
function sawEvent({ columns: { flags } }: DayAggregate): boolean {
  return flags.some((each) => (each & DETECTED) !== 0);
}

/** A day as the value of a column. */
export function toInstant(day: string): string {
  return `${day}T00:00:00.000Z`;
}

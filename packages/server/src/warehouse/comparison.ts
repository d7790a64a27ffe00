import type { DayWindow } from '../store/values/day-window.ts';
import { addDays } from '../store/values/days.ts';
import type { DatasetReader, ExportQuery } from '../store/warehouse/query.ts';
import type { AttendedDay } from './attended-day.ts';
import { DayCounter } from './day-counter.ts';
import type { Row } from './format.ts';
import { AttendanceSummary } from './metrics.ts';
import { metricsOf, openMetricsReader } from './metrics-reader.ts';
import type { OfficeCalendar } from './office-calendar.ts';
import { PeopleSummary } from './people-metrics.ts';
import { type PeriodCount, type PeriodReader, toInstant } from './period-reader.ts';
import { type Period, periodsOf, possibleDays, previousPeriod } from './periods.ts';
import { type PersonIndex, readPersonIndex } from './person-index.ts';
import { rate } from './statistics.ts';
import type { ReportedUnit } from './units.ts';

/** The columns that a row has for both periods: under their names, and under `previousOf` of them. */
export const COMPARED = [
  'officeDays',
  'reportedDays',
  'people',
  'attendance',
  'confirmed',
  'noShow',
  'unconfirmed',
  'walkIn',
  'confirmedRate',
  'noShowRate',
  'walkInRate',
  'averageAttendance',
  'peakAttendance',
  'utilisation',
] as const;

/** Those of which a row also has the relative change. */
export const CHANGING = ['people', 'attendance', 'averageAttendance', 'peakAttendance'] as const;

/** The name of the column of the previous period. */
export function previousOf(name: string): string {
  return `previous${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

const PAIRS = COMPARED.map((name) => [name, previousOf(name)] as const);
const CHANGES = CHANGING.map((name) => [name, `${name}Change`] as const);

/** The days that a comparison reads: those of all periods, and of the periods with which they are compared. */
export function comparedWindow(query: ExportQuery): DayWindow {
  const { period } = metricsOf(query);
  const [first] = periodsOf(query.window, period);
  const from = first ? previousPeriod(first, period).window.from : query.window.from;
  return { from, before: query.window.before };
}

/** The attendance and the different people of the units of a period. */
class ComparedCount implements PeriodCount {
  readonly #attendance: AttendanceSummary;
  readonly #people: PeopleSummary;

  constructor(options: { isOneDay: boolean; counter: DayCounter }, people: PersonIndex) {
    this.#attendance = new AttendanceSummary(options);
    this.#people = new PeopleSummary(people);
  }

  add(day: AttendedDay, unitOf: (number: number) => ReportedUnit): void {
    this.#attendance.add(day, unitOf);
    this.#people.add(day, unitOf);
  }

  has(unit: ReportedUnit): boolean {
    return this.#attendance.has(unit);
  }

  /** Whether the number of people is exact. */
  isExact(unit: ReportedUnit): boolean {
    return this.#people.isExact(unit);
  }

  figuresOf(unit: ReportedUnit, calendar: OfficeCalendar): Figures {
    const days = calendar.statisticsOf(unit.locationId);
    const figures = this.#attendance.figuresOf(unit, days);
    return Object.assign(figures, days.counts, { people: this.#people.peopleOf(unit) });
  }
}

type Figures = Record<(typeof COMPARED)[number], number | null>;

/** A period with its summary. */
interface Side {
  period: Period;
  calendar: OfficeCalendar;
  summary: ComparedCount;
}

/** Reads the metrics of each period beside those of the period before, with a row for each unit. */
export const readComparison: DatasetReader = async function* (tx, query) {
  const { period: kind } = metricsOf(query);
  const window = possibleDays(comparedWindow(query), query.now);
  if (window === undefined) return;
  const reader = await openMetricsReader(tx, query, window, { users: true });
  const people = await readPersonIndex(tx, query.tenantId, window);
  const options = { isOneDay: kind === 'day', counter: new DayCounter() };
  const read = (periods: readonly Period[]) =>
    reader.summaries(periods, () => new ComparedCount(options, people));
  const periods = [...periodsOf(query.window, kind)];
  const compared = new Set(periods.map((period) => keyOf(previousPeriod(period, kind))));
  // Most periods are the period before of a later one. They are read once, and kept until then.
  const kept = new Map<string, Side>();
  for await (const current of read(periods)) {
    const before = previousPeriod(current.period, kind);
    let previous = kept.get(keyOf(before));
    if (previous) kept.delete(keyOf(before));
    else for await (const side of read([before])) previous = side;
    if (compared.has(keyOf(current.period))) kept.set(keyOf(current.period), current);
    if (previous) yield rowsOf(reader, current, previous);
  }
};

/** Periods with the same key have the same days. */
function keyOf({ window, isWhole }: Period): string {
  return `${window.from} ${window.before} ${isWhole}`;
}

/** The rows of a period: of each unit with an office day in one of both, in order. */
function rowsOf(reader: PeriodReader, current: Side, previous: Side): Row[] {
  const [incomplete, complete] = [reader.spanOf(current.period, false), reader.spanOf(current.period, true)];
  const previousFirstDay = toInstant(previous.period.window.from);
  const previousLastDay = toInstant(addDays(previous.period.window.before, -1));
  return reader.units.inOrder.flatMap((unit): Row[] => {
    const isOpen = current.calendar.has(unit.locationId) || previous.calendar.has(unit.locationId);
    const isKnown = unit.inUse || current.summary.has(unit) || previous.summary.has(unit);
    if (!isOpen || !isKnown) return [];
    const now = current.summary.figuresOf(unit, current.calendar);
    const before = previous.summary.figuresOf(unit, previous.calendar);
    const row: Row = {
      span: reader.isComplete(current.period, unit) ? complete : incomplete,
      unit: unit.names,
      previousFirstDay,
      previousLastDay,
      previousComplete: reader.isComplete(previous.period, unit),
      exact: current.summary.isExact(unit),
      previousExact: previous.summary.isExact(unit),
    };
    for (const [name, previousName] of PAIRS) {
      row[name] = now[name];
      row[previousName] = before[name];
    }
    for (const [name, changeName] of CHANGES) row[changeName] = changeOf(now[name], before[name]);
    return [row];
  });
}

/** The relative change; null if there was nothing before. */
function changeOf(now: number | null, before: number | null): number | null {
  return now === null || before === null ? null : rate(now - before, before);
}

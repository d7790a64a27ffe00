import { type AttendedDay, came } from './attended-day.ts';
import { ByUnit } from './by-unit.ts';
import type { Row } from './format.ts';
import { readerOf } from './metrics-reader.ts';
import type { OfficeCalendar } from './office-calendar.ts';
import type { Summary } from './period-reader.ts';
import type { PersonIndex } from './person-index.ts';
import { type Counts, count, rate } from './statistics.ts';
import type { ReportedUnit } from './units.ts';

const DAYS_PER_WEEK = 7;

/** The people who came to a unit. */
interface Came {
  /** A day of a user counts once. */
  attendance: number;
  /** By the numbers of users. */
  people: Set<number>;
}

/** The different people who came to the units of a period. */
export class PeopleSummary implements Summary {
  readonly #came = new ByUnit((): Came => ({ attendance: 0, people: new Set<number>() }));
  readonly #people: PersonIndex;

  constructor(people: PersonIndex) {
    this.#people = people;
  }

  add(day: AttendedDay, unitOf: (number: number) => ReportedUnit): void {
    addPeople(this.#came, day, unitOf, (came, user) => {
      came.attendance++;
      came.people.add(this.#people.personOf(user));
    });
  }

  rowsOf(unit: ReportedUnit, calendar: OfficeCalendar): Row[] {
    const came = this.#came.find(unit);
    if (!came && !unit.inUse) return [];
    const [attendance, people] = [came?.attendance ?? 0, this.peopleOf(unit)];
    return [
      {
        days: calendar.statisticsOf(unit.locationId).counts,
        people,
        exact: this.isExact(unit),
        attendance,
        daysPerPerson: rate(attendance, people),
      },
    ];
  }

  /** How many different people came to a unit. */
  peopleOf(unit: ReportedUnit): number {
    return this.#came.find(unit)?.people.size ?? 0;
  }

  /** Whether `peopleOf` is the number of people. Otherwise there may be fewer. */
  isExact(unit: ReportedUnit): boolean {
    return this.#people.areDifferent(this.#came.find(unit)?.people ?? []);
  }
}

/** How many people came to a unit on how many days of a week. */
class DaysPerWeekSummary implements Summary {
  /** On how many days of the week each user came, by the user's number. */
  #ofWeek = new ByUnit((): Counts => new Map());
  /** By number of days. */
  readonly #personWeeks = new ByUnit(() => new Array<number>(1 + DAYS_PER_WEEK).fill(0));
  /** Units with a week in which two users may be one person. */
  readonly #inexact = new Set<ReportedUnit>();
  readonly #people: PersonIndex;

  constructor(people: PersonIndex) {
    this.#people = people;
  }

  add(day: AttendedDay, unitOf: (number: number) => ReportedUnit): void {
    addPeople(this.#ofWeek, day, unitOf, (days, user) => count(days, this.#people.personOf(user)));
  }

  endWeek(): void {
    for (const [unit, days] of this.#ofWeek.entries()) {
      const personWeeks = this.#personWeeks.of(unit);
      for (const each of days.values()) personWeeks[each] = (personWeeks[each] ?? 0) + 1;
      if (!this.#people.areDifferent(days.keys())) this.#inexact.add(unit);
    }
    this.#ofWeek = new ByUnit((): Counts => new Map());
  }

  rowsOf(unit: ReportedUnit, calendar: OfficeCalendar): Row[] {
    const found = this.#personWeeks.find(unit);
    if (!found && !unit.inUse) return [];
    const { counts, weekCount } = calendar.statisticsOf(unit.locationId);
    const all = found?.reduce((sum, each) => sum + each, 0) ?? 0;
    return Array.from({ length: DAYS_PER_WEEK }, (_, index) => {
      const personWeeks = found?.[index + 1] ?? 0;
      return {
        days: counts,
        daysPerWeek: index + 1,
        personWeeks,
        exact: !this.#inexact.has(unit),
        share: rate(personWeeks, all),
        averagePeople: rate(personWeeks, weekCount),
      };
    });
  }
}

/** Adds each user who came, once for each unit. A unit where nobody came, although somebody had planned to, gets a value. */
function addPeople<T>(
  values: ByUnit<T>,
  { pairs, units, entries, kinds, users }: AttendedDay,
  unitOf: (number: number) => ReportedUnit,
  add: (value: T, user: number) => void,
): void {
  const ofUnit = values.onDay(unitOf);
  for (let pair = 0; pair < pairs; pair++) {
    const entry = entries[pair] as number;
    const value = ofUnit(units[pair] as number);
    if (came(kinds[entry] as number)) add(value, users[entry] as number);
  }
}

/** Reads how many different people came, with a row for each unit of each period. */
export const readPeopleMetrics = readerOf((_, people) => () => new PeopleSummary(people), { users: true });

/** Reads how many people came on one day of a week, on two, and so on, with seven rows for each unit of each period. */
export const readDaysPerWeek = readerOf((_, people) => () => new DaysPerWeekSummary(people), { users: true });

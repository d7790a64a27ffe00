import type { Tx } from '../store/connections/db.ts';
import type { DayWindow } from '../store/values/day-window.ts';
import { addDays } from '../store/values/days.ts';
import { findPseudonymsOfUsers, listPseudonyms } from '../store/warehouse/numbers.ts';

const NOBODY: ReadonlyMap<number, number> = new Map();

/**
 * Which users are one person. A person whose name has ended, or who was erased, has a pseudonym for each calendar year, which is a
 * user by itself. As long as the database knows the user of a pseudonym, both count once.
 */
export class PersonIndex {
  readonly #persons: ReadonlyMap<number, number>;
  readonly #years: ReadonlyMap<number, number>;
  readonly #mayBeNamed: boolean;

  /**
   * All users by their numbers.
   *
   * @param persons the users of pseudonyms
   * @param years the years of pseudonyms without a known user, if the days are of several years
   * @param mayBeNamed whether a user with a name may be the person of such a pseudonym
   */
  constructor(persons = NOBODY, years = NOBODY, mayBeNamed = false) {
    this.#persons = persons;
    this.#years = years;
    this.#mayBeNamed = mayBeNamed;
  }

  /** The user who stands for the person. */
  personOf(user: number): number {
    return this.#persons.size === 0 ? user : (this.#persons.get(user) ?? user);
  }

  /** Whether each of these persons is another one. Otherwise two of them may be one. */
  areDifferent(persons: Iterable<number>): boolean {
    if (this.#years.size === 0) return true;
    let first: number | undefined;
    let hasPseudonym = false;
    let isFirst = true;
    for (const person of persons) {
      const year = this.#years.get(person);
      hasPseudonym ||= year !== undefined;
      if (year === undefined && !this.#mayBeNamed) continue;
      if (isFirst) first = year;
      else if (year !== first && hasPseudonym) return false;
      isFirst = false;
    }
    return true;
  }
}

/** The people of the days of `window`. `tx` has one snapshot for all statements. */
export async function readPersonIndex(
  tx: Tx,
  tenantId: string,
  { from, before }: DayWindow,
): Promise<PersonIndex> {
  const [first, last] = [from, addDays(before, -1)].map((day) => Number(day.slice(0, 4))) as [number, number];
  const ofUsers = await findPseudonymsOfUsers(tx, tenantId, [first, last]);
  const isOneYear = first === last;
  if (isOneYear && !ofUsers.known) return new PersonIndex();
  const persons = new Map<number, number>();
  const years = new Map<number, number>();
  const pseudonyms = await listPseudonyms(tx, tenantId, { years: [first, last], hasUsers: ofUsers.known });
  for (const { number, year, userNumber } of pseudonyms) {
    if (userNumber !== null) persons.set(number, userNumber);
    else if (!isOneYear) years.set(number, year);
  }
  return new PersonIndex(persons, years, ofUsers.unknown);
}

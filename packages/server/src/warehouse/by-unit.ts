import type { ReportedUnit } from './units.ts';

/** A value for each unit of a period. Each is made when it is first needed. */
export class ByUnit<T> {
  readonly #make: () => T;
  readonly #values = new Map<ReportedUnit, T>();

  constructor(make: () => T) {
    this.#make = make;
  }

  find(unit: ReportedUnit): T | undefined {
    return this.#values.get(unit);
  }

  of(unit: ReportedUnit): T {
    let value = this.#values.get(unit);
    if (value === undefined) {
      value = this.#make();
      this.#values.set(unit, value);
    }
    return value;
  }

  /** The value of a unit by its number, which is the same for all pairs of a day. */
  onDay(unitOf: (number: number) => ReportedUnit): (number: number) => T {
    const known: T[] = [];
    return (number) => {
      let value = known[number];
      if (value === undefined) {
        value = this.of(unitOf(number));
        known[number] = value;
      }
      return value;
    };
  }

  entries(): Iterable<[ReportedUnit, T]> {
    return this.#values;
  }
}

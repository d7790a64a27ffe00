import { type AttendedDay, CONFIRMED, NO_SHOW, UNCONFIRMED, WALK_IN } from './attended-day.ts';

/** How many users of a unit came to an office on a day, or had planned to come. */
export interface DayCounts {
  /** The number of the unit. */
  unit: number;
  confirmed: number;
  noShow: number;
  unconfirmed: number;
  walkIn: number;
}

/** The number of kinds, and 0. */
const KINDS = 1 + CONFIRMED;

/** Counts the users of a day by unit. */
export class DayCounter {
  /** By unit and kind. */
  #counts = new Int32Array(0);
  readonly #units: number[] = [];

  /** The counts of the units that have users. */
  count({ pairs, units, entries, kinds }: AttendedDay): DayCounts[] {
    for (let pair = 0; pair < pairs; pair++) {
      const unit = units[pair] as number;
      const at = KINDS * unit;
      if (at + KINDS > this.#counts.length) this.#makeRoomFor(at + KINDS);
      const counts = this.#counts;
      // The place of kind 0 tells whether the unit is known.
      if (counts[at] === 0) this.#units.push(unit);
      counts[at] = 1;
      const kind = at + (kinds[entries[pair] as number] as number);
      counts[kind] = (counts[kind] as number) + 1;
    }
    return this.#take();
  }

  #makeRoomFor(size: number): void {
    const counts = new Int32Array(2 * size);
    counts.set(this.#counts);
    this.#counts = counts;
  }

  /** The counts, and sets them to 0. */
  #take(): DayCounts[] {
    const counts = this.#counts;
    const taken = this.#units.map((unit) => {
      const at = KINDS * unit;
      const day: DayCounts = {
        unit,
        confirmed: counts[at + CONFIRMED] as number,
        noShow: counts[at + NO_SHOW] as number,
        unconfirmed: counts[at + UNCONFIRMED] as number,
        walkIn: counts[at + WALK_IN] as number,
      };
      counts.fill(0, at, at + KINDS);
      return day;
    });
    this.#units.length = 0;
    return taken;
  }
}

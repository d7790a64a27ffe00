import type { Row } from './format.ts';
import { type Unit, unitKey } from './unit.ts';

/** A unit, and what its rows show of it. */
export interface ReportedUnit {
  locationId: string;
  /** The columns that name the unit. All of its rows share this object. */
  names: Row;
  /** In people; null if it has none. */
  capacity: number | null;
  /** It has rows even if nobody was there. */
  inUse: boolean;
}

/** The units of one answer. Each is made once. */
export class Units {
  readonly #describe: (unit: Unit) => Pick<ReportedUnit, 'names' | 'capacity'>;
  readonly #byKey = new Map<string, ReportedUnit>();
  readonly #ofOffices = new Map<string, Map<number, ReportedUnit>>();
  #inOrder: ReportedUnit[] | undefined;

  constructor(inUse: readonly Unit[], describe: (unit: Unit) => Pick<ReportedUnit, 'names' | 'capacity'>) {
    this.#describe = describe;
    for (const unit of inUse) this.#find(unit, true);
  }

  /** All units made so far, by office, level, zone and group. */
  get inOrder(): readonly ReportedUnit[] {
    this.#inOrder ??= [...this.#byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, unit]) => unit);
    return this.#inOrder;
  }

  /**
   * The unit with a number at an office.
   *
   * @param idsOf the ids of the unit with this number
   */
  of(locationId: string, number: number, idsOf: (number: number) => Omit<Unit, 'locationId'>): ReportedUnit {
    let ofOffice = this.#ofOffices.get(locationId);
    if (!ofOffice) {
      ofOffice = new Map();
      this.#ofOffices.set(locationId, ofOffice);
    }
    let unit = ofOffice.get(number);
    if (!unit) {
      unit = this.#find({ locationId, ...idsOf(number) }, false);
      ofOffice.set(number, unit);
    }
    return unit;
  }

  #find(unit: Unit, inUse: boolean): ReportedUnit {
    const key = unitKey(unit);
    let found = this.#byKey.get(key);
    if (!found) {
      found = { locationId: unit.locationId, ...this.#describe(unit), inUse };
      this.#byKey.set(key, found);
      this.#inOrder = undefined;
    }
    return found;
  }
}

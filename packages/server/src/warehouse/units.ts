import type { Row } from './format.ts';
import { type Unit, unitKey } from './unit.ts';

/** A unit, and what its rows show of it. */
export interface ReportedUnit {
  /** Null if it is not of one office. */
  locationId: string | null;
  /** The columns that name the unit. All of its rows share this object. */
  names: Row;
  /** In people; null if it has none. */
  capacity: number | null;
  /** It has rows even if nobody was there. */
  inUse: boolean;
}

/** The units of one answer. */
export interface ReportedUnits {
  /** All units so far, by office, level, zone and group or desk. */
  readonly inOrder: readonly ReportedUnit[];
  /** The unit with a number at an office. */
  of(locationId: string | null, number: number): ReportedUnit;
}

/** Offices, levels, zones and groups. Each unit is made once. */
export class Units implements ReportedUnits {
  readonly #idsOf: (number: number) => Omit<Unit, 'locationId'>;
  readonly #describe: (unit: Unit) => Pick<ReportedUnit, 'names' | 'capacity'>;
  readonly #byKey = new Map<string, ReportedUnit>();
  readonly #ofOffices = new Map<string | null, Map<number, ReportedUnit>>();
  #inOrder: ReportedUnit[] | undefined;

  /** @param idsOf the ids of the unit with a number */
  constructor(
    inUse: readonly Unit[],
    idsOf: (number: number) => Omit<Unit, 'locationId'>,
    describe: (unit: Unit) => Pick<ReportedUnit, 'names' | 'capacity'>,
  ) {
    this.#idsOf = idsOf;
    this.#describe = describe;
    for (const unit of inUse) this.#find(unit, true);
  }

  get inOrder(): readonly ReportedUnit[] {
    this.#inOrder ??= [...this.#byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, unit]) => unit);
    return this.#inOrder;
  }

  of(locationId: string | null, number: number): ReportedUnit {
    let ofOffice = this.#ofOffices.get(locationId);
    if (!ofOffice) {
      ofOffice = new Map();
      this.#ofOffices.set(locationId, ofOffice);
    }
    let unit = ofOffice.get(number);
    if (!unit) {
      unit = this.#find({ locationId, ...this.#idsOf(number) }, false);
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

import type { Tx } from '../store/connections/db.ts';
import { isoDay } from '../store/values/iso.ts';
import type { OfficeDayRow, PersonDayRow } from '../store/warehouse/attendance.ts';
import {
  loadNodePaths,
  loadUserDimension,
  type NodePathRow,
  type UserDimensionRow,
} from '../store/warehouse/dimensions.ts';
import { type AttendancePlan, attendanceOf } from '../workday/attendance.ts';
import type { Row } from './format.ts';

/** A row as it goes out, and what it is told apart by. */
export interface AttendanceRow extends Row {
  person: Pick<UserDimensionRow, 'userId'> & Partial<UserDimensionRow>;
  day: string;
  /** The office where the person was or was to be. */
  locationId: string | null;
}

/** Makes rows of people's days. */
export class AttendanceRows {
  readonly #people: PeopleInOrder;
  readonly #parts: SharedParts;

  private constructor(
    people: ReadonlyMap<string, UserDimensionRow>,
    places: ReadonlyMap<string, NodePathRow>,
  ) {
    this.#people = new PeopleInOrder(people);
    this.#parts = new SharedParts(places);
  }

  static async load(tx: Tx, tenantId: string): Promise<AttendanceRows> {
    return new AttendanceRows(await loadUserDimension(tx, tenantId), await loadNodePaths(tx, tenantId));
  }

  /**
   * What a person's day goes out as, in the order of the offices.
   *
   * @param day as it goes out
   */
  of(personDay: PersonDayRow, day: string, offices: ReadonlyMap<string, OfficeDayRow>): AttendanceRow[] {
    const person = this.#people.get(personDay.userId);
    if (!person) return [];
    const rows = attendanceOf(planOf(personDay), personDay.seenAt, offices);
    // Nobody knows when the day of an office without a known time zone has ended.
    const known = rows.filter(({ locationId }) => locationId === null || offices.has(locationId));
    return known.map((row) => ({
      person,
      day,
      plan: row.plan,
      attendanceType: row.type,
      // The booking goes out once, with the plan that it belongs to.
      booking: row.isPlan ? this.#parts.bookingOf(personDay) : NOTHING,
      office: this.#parts.officeOf(row.locationId),
      locationId: row.locationId,
    }));
  }
}

/** The key of a row that is not there any more. */
export function deletedRow(userId: string, day: string, locationId: string | null): AttendanceRow {
  return {
    person: { userId },
    day: isoDay(day),
    booking: NOTHING,
    office: locationId === null ? NOTHING : { attendanceLocationId: locationId },
    locationId,
    deleted: true,
  };
}

function planOf({ plan, planLocationId, planSetBy }: PersonDayRow): AttendancePlan | null {
  if (plan === null) return null;
  return { plan, locationId: planLocationId, madeByPresence: planSetBy === 'presence' };
}

const NOTHING = {};
const DEPTHS: Partial<Record<NodePathRow['locationType'], number>> = { location: 1, zone: 2, place: 3 };

/** An office as rows show it, and what is booked there. */
interface Office {
  shown: object;
  bookings: Map<string, object>;
}

/** What rows share with one another, each made once. */
class SharedParts {
  readonly #places: ReadonlyMap<string, NodePathRow>;
  readonly #offices = new Map<string, Office>();

  constructor(places: ReadonlyMap<string, NodePathRow>) {
    this.#places = places;
  }

  officeOf(locationId: string | null): object {
    return locationId === null ? NOTHING : this.#office(locationId).shown;
  }

  bookingOf({ planLocationId, bookedNodeId }: PersonDayRow): object {
    if (planLocationId === null || bookedNodeId === null) return NOTHING;
    return getOrMake(this.#office(planLocationId).bookings, bookedNodeId, () => {
      const place = this.#places.get(bookedNodeId);
      return {
        bookingDepth: place && DEPTHS[place.locationType],
        // Of the plan, which a booking shares with it, and not of the tree, where a desk may have moved since.
        bookingLocationId: planLocationId,
        bookingLocationName: this.#places.get(planLocationId)?.locationName,
        bookingLevelId: place?.levelId,
        bookingLevelName: place?.levelName,
        bookingZoneId: place?.zoneId,
        bookingZoneName: place?.zoneName,
        bookingPlaceId: place?.placeId,
        bookingPlaceName: place?.placeName,
      };
    });
  }

  #office(locationId: string): Office {
    return getOrMake(this.#offices, locationId, () => ({
      shown: {
        attendanceLocationId: locationId,
        attendanceLocationName: this.#places.get(locationId)?.locationName,
      },
      bookings: new Map(),
    }));
  }
}

function getOrMake<T>(made: Map<string, T>, key: string, make: () => T): T {
  let found = made.get(key);
  if (found === undefined) {
    found = make();
    made.set(key, found);
  }
  return found;
}

/** Finds people who are asked for in the order of their ids, over and over: a step each, which is less than a look-up. */
class PeopleInOrder {
  readonly #people: readonly UserDimensionRow[];
  #next = 0;

  /** @param people by their ids, in the order of these */
  constructor(people: ReadonlyMap<string, UserDimensionRow>) {
    this.#people = [...people.values()];
  }

  get(userId: string): UserDimensionRow | undefined {
    let person = this.#people[this.#next];
    if (!person || person.userId > userId) {
      // Another day has begun.
      this.#next = 0;
      person = this.#people[0];
    }
    while (person && person.userId < userId) person = this.#people[++this.#next];
    return person?.userId === userId ? person : undefined;
  }
}

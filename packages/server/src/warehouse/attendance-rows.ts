import type { Tx } from '../store/connections/db.ts';
import { isoDay } from '../store/values/iso.ts';
import type { OfficeDayRow, PersonDayRow } from '../store/warehouse/attendance.ts';
import {
  loadNodePaths,
  loadUserDimension,
  type NodePathRow,
  type UserDimensionRow,
} from '../store/warehouse/dimensions.ts';
import type { ExportQuery } from '../store/warehouse/query.ts';
import { type AttendancePlan, attendanceOf } from '../workday/attendance.ts';
import type { Row } from './format.ts';

/** A row of the dataset, with the values of its key. */
export interface AttendanceRow extends Row {
  person: Pick<UserDimensionRow, 'userId'> & Partial<UserDimensionRow>;
  day: string;
  /** The office where the user was detected, else the office of the plan. */
  locationId: string | null;
}

/** Makes rows from users' days. */
export class AttendanceRows {
  readonly #people: PeopleInOrder;
  readonly #parts: SharedParts;

  private constructor(
    people: ReadonlyMap<string, UserDimensionRow>,
    nodes: ReadonlyMap<string, NodePathRow>,
  ) {
    this.#people = new PeopleInOrder(people);
    this.#parts = new SharedParts(nodes);
  }

  static async load(tx: Tx, tenantId: string): Promise<AttendanceRows> {
    return new AttendanceRows(await loadUserDimension(tx, tenantId), await loadNodePaths(tx, tenantId));
  }

  /**
   * The rows of a user's day, in the order of the offices.
   *
   * @param day in the format of the dataset
   */
  of(personDay: PersonDayRow, day: string, offices: ReadonlyMap<string, OfficeDayRow>): AttendanceRow[] {
    const person = this.#people.get(personDay.userId);
    if (!person) return [];
    const rows = attendanceOf(planOf(personDay), personDay.seenAt, offices);
    // Without a known time zone, the server cannot know whether the office's day has ended.
    const known = rows.filter(({ locationId }) => locationId === null || offices.has(locationId));
    return known.map((row) => ({
      person,
      day,
      plan: row.plan,
      attendanceType: row.type,
      // Only the row of the plan has the booking.
      booking: row.isPlan ? this.#parts.bookingOf(personDay) : NOTHING,
      office: this.#parts.officeOf(row.locationId),
      locationId: row.locationId,
    }));
  }
}

/** Whether a query selects the rows of a location: the requested one, and one to which the caller is bound. */
export function locationFilter({
  locationId,
  officeIds,
}: Pick<ExportQuery, 'locationId' | 'officeIds'>): (id: string | null | undefined) => boolean {
  const offices = officeIds && new Set<string | null | undefined>(officeIds);
  return (id) => (locationId === undefined || id === locationId) && (offices?.has(id) ?? true);
}

/** The key of a deleted row. */
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

/** An office as rows show it, and its booked nodes as rows show them. */
interface Office {
  shown: object;
  bookings: Map<string, object>;
}

/** The objects that rows share. Each is made once. */
class SharedParts {
  readonly #nodes: ReadonlyMap<string, NodePathRow>;
  readonly #offices = new Map<string, Office>();

  constructor(nodes: ReadonlyMap<string, NodePathRow>) {
    this.#nodes = nodes;
  }

  officeOf(locationId: string | null): object {
    return locationId === null ? NOTHING : this.#office(locationId).shown;
  }

  bookingOf({ planLocationId, bookedNodeId }: PersonDayRow): object {
    if (planLocationId === null || bookedNodeId === null) return NOTHING;
    return getOrMake(this.#office(planLocationId).bookings, bookedNodeId, () => {
      const node = this.#nodes.get(bookedNodeId);
      return {
        bookingDepth: node && DEPTHS[node.locationType],
        // From the plan, which has the office of the booking. In the tree, the desk may have moved since.
        bookingLocationId: planLocationId,
        bookingLocationName: this.#nodes.get(planLocationId)?.locationName,
        bookingLevelId: node?.levelId,
        bookingLevelName: node?.levelName,
        bookingZoneId: node?.zoneId,
        bookingZoneName: node?.zoneName,
        bookingPlaceId: node?.placeId,
        bookingPlaceName: node?.placeName,
      };
    });
  }

  #office(locationId: string): Office {
    return getOrMake(this.#offices, locationId, () => ({
      shown: {
        attendanceLocationId: locationId,
        attendanceLocationName: this.#nodes.get(locationId)?.locationName,
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

/**
 * Finds users when callers ask for them in the order of their ids, again for each day. Each takes one step, which is
 * cheaper than a look-up in a map.
 */
class PeopleInOrder {
  readonly #people: readonly UserDimensionRow[];
  #next = 0;

  /** @param people by id, in the order of the ids */
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

import { daysOf } from '../http/window.ts';
import { listOfficeDays, type PersonDayRow, readPersonDays } from '../store/attendance.ts';
import type { DatasetReader } from '../store/datasets.ts';
import { loadPeople, loadPlaces, type Place } from '../store/dimensions.ts';
import { isoDay } from '../store/iso.ts';
import { attendanceOf, type DayPlan } from '../workday/attendance.ts';
import type { Row } from './format.ts';

/**
 * Day by day: the offices of the day, then its people, typed as they come. People and places, a day's offices and one
 * batch of people's days are all that is held. With a location, the rows whose place it is: the place of a row is
 * where the person was or was to be, else their primary location, so that every row with a place is of exactly one.
 */
export const readUserBookingAttendance: DatasetReader = async function* (tx, query) {
  const { tenantId, window, locationId, now } = query;
  if (locationId === null) return;
  const people = await loadPeople(tx, tenantId);
  const parts = new SharedParts(await loadPlaces(tx, tenantId));
  for (const day of daysOf(window)) {
    const officeDays = await listOfficeDays(tx, tenantId, day, now);
    const offices = new Map(officeDays.map((office) => [office.locationId, office]));
    for await (const personDays of readPersonDays(tx, tenantId, day, locationId)) {
      const rows: Row[] = [];
      for (const personDay of personDays) {
        const person = people.get(personDay.userId);
        if (!person) continue;
        for (const row of attendanceOf(planOf(personDay), personDay.seenAt, offices)) {
          if (locationId !== undefined && (row.locationId ?? person.primaryLocationId) !== locationId)
            continue;
          rows.push({
            person,
            day: isoDay(day),
            plan: row.plan,
            attendanceType: row.type,
            // The booking goes out once, with the plan that it belongs to.
            booking: row.isPlan ? parts.bookingOf(personDay) : NOTHING,
            office: parts.officeOf(row.locationId),
          });
        }
      }
      yield rows;
    }
  }
};

function planOf({ plan, planLocationId, planSetBy }: PersonDayRow): DayPlan | null {
  if (plan === null) return null;
  return { plan, locationId: planLocationId, madeByPresence: planSetBy === 'presence' };
}

const NOTHING = {};
const DEPTHS: Partial<Record<Place['locationType'], number>> = { location: 1, zone: 2, place: 3 };

/** What rows share with one another, each made once. */
class SharedParts {
  readonly #places: ReadonlyMap<string, Place>;
  readonly #bookings = new Map<string, object>();
  readonly #offices = new Map<string, object>();

  constructor(places: ReadonlyMap<string, Place>) {
    this.#places = places;
  }

  officeOf(locationId: string | null): object {
    if (locationId === null) return NOTHING;
    return getOrMake(this.#offices, locationId, () => ({
      attendanceLocationId: locationId,
      attendanceLocationName: this.#places.get(locationId)?.locationName,
    }));
  }

  bookingOf({ planLocationId, bookedNodeId }: PersonDayRow): object {
    if (planLocationId === null || bookedNodeId === null) return NOTHING;
    return getOrMake(this.#bookings, planLocationId + bookedNodeId, () => {
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
}

function getOrMake(parts: Map<string, object>, key: string, make: () => object): object {
  let part = parts.get(key);
  if (part === undefined) {
    part = make();
    parts.set(key, part);
  }
  return part;
}

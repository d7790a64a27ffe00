import { daysOf } from '../http/window.ts';
import { listOfficeDays, type OfficeDayRow, type PersonDayRow, readPersonDays } from '../store/attendance.ts';
import type { DatasetReader } from '../store/datasets.ts';
import { type Attendance, attendanceOf, type DayPlan } from '../workday/attendance.ts';

/**
 * Day by day: the offices of the day, then its people, typed as they come. A day's offices and one batch of
 * people are all that is held. With a location, the rows whose place it is: the place of a row is where the
 * person was or was to be, else their primary location, so that every row with a place is of exactly one.
 */
export const readUserBookingAttendance: DatasetReader = async function* (tx, query) {
  const { tenantId, window, locationId, now } = query;
  if (locationId === null) return;
  for (const day of daysOf(window)) {
    const officeDays = await listOfficeDays(tx, tenantId, day, now);
    const offices = new Map(officeDays.map((office) => [office.locationId, office]));
    for await (const people of readPersonDays(tx, tenantId, day, locationId)) {
      const rows = people
        .flatMap((person) =>
          attendanceOf(planOf(person), person.seenAt, offices).map((row) => ({ person, row })),
        )
        .filter(
          ({ person, row }) =>
            locationId === undefined || (row.locationId ?? person.primaryLocationId) === locationId,
        )
        .map(({ person, row }) => toRow(person, row, offices));
      if (rows.length > 0) yield rows;
    }
  }
};

function planOf({ plan, planLocationId, planSetBy }: PersonDayRow): DayPlan | null {
  if (plan === null) return null;
  return { plan, locationId: planLocationId, madeByPresence: planSetBy === 'presence' };
}

function toRow(
  person: PersonDayRow,
  { plan, type, locationId, isPlan }: Attendance,
  offices: ReadonlyMap<string, OfficeDayRow>,
): Record<string, unknown> {
  const nameOf = (id: string | null) => (id === null ? null : (offices.get(id)?.name ?? null));
  return {
    userId: person.userId,
    primaryLocationId: person.primaryLocationId,
    primaryLocationName: nameOf(person.primaryLocationId),
    day: person.day,
    plan,
    ...(isPlan ? bookingOf(person, nameOf) : {}),
    attendanceType: type,
    primaryGroupId: person.primaryGroupId,
    primaryGroupName: person.primaryGroupName,
    attendanceLocationId: locationId,
    attendanceLocationName: nameOf(locationId),
  };
}

/** The booking goes out once, with the plan that it belongs to. */
function bookingOf(person: PersonDayRow, nameOf: (id: string | null) => string | null) {
  return {
    bookingDepth: person.bookingDepth,
    // Of the plan, which a booking shares with it, and not of the tree, where a desk may have moved since.
    bookingLocationId: person.planLocationId,
    bookingLocationName: nameOf(person.planLocationId),
    bookingLevelId: person.bookingLevelId,
    bookingLevelName: person.bookingLevelName,
    bookingZoneId: person.bookingZoneId,
    bookingZoneName: person.bookingZoneName,
    bookingPlaceId: person.bookingPlaceId,
    bookingPlaceName: person.bookingPlaceName,
  };
}

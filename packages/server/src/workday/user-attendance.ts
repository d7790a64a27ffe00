import { type Static, Type } from 'typebox';
import type { Tx } from '../store/connections/db.ts';
import type { DayWindow } from '../store/values/day-window.ts';
import { daysOf } from '../store/values/days.ts';
import { groupBy } from '../store/values/group-by.ts';
import { listUserDays, type UserDayRow } from '../store/workday/user-days.ts';
import {
  listOfficesOnDays,
  listUserPresence,
  type OfficeOnDayRow,
  type UserPresenceRow,
} from '../store/workday/user-presence.ts';
import { ATTENDANCE_TYPES, attendanceOf } from './attendance.ts';
import { DayView, viewDay, viewEmptyDay } from './day-view.ts';

const Instant = Type.String({ format: 'date-time' });

const Presence = Type.Object({
  firstSeenAt: Instant,
  lastSeenAt: Instant,
  firstSourceId: Type.String({ description: 'the source of the first event' }),
  lastSourceId: Type.String({ description: 'the source of the last event' }),
  events: Type.Integer({ description: 'presence events' }),
});

const OfficeAttendance = Type.Object({
  locationId: Type.String(),
  locationName: Type.String(),
  timeZone: Type.String({ description: 'IANA name; the day is a day of this zone' }),
  attendanceType: Type.Union([Type.Enum(ATTENDANCE_TYPES), Type.Null()], {
    description: 'as in user-booking-attendance; null: the user was not detected, and the day has not ended',
  }),
  presence: Type.Optional(Presence),
});

/** A day of a user with presence and attendance, as answers show it. */
export const AttendedDayView = Type.Object({
  ...DayView.properties,
  attendance: Type.Array(OfficeAttendance, {
    description: 'the office of the plan, and each office where the user was detected',
  }),
});
export type AttendedDayView = Static<typeof AttendedDayView>;

/** Every day of the window of one user, in order. Reads rows of this user, and of offices of these days. */
export async function readUserAttendance(
  tx: Tx,
  tenantId: string,
  userId: string,
  { window, now }: { window: DayWindow; now: Date },
): Promise<AttendedDayView[]> {
  const plans = await listUserDays(tx, tenantId, userId, window);
  const presence = await listUserPresence(tx, tenantId, userId, window);
  const visited = plans.flatMap(({ day, locationId }) => (locationId === null ? [] : [{ day, locationId }]));
  const offices = await listOfficesOnDays(tx, tenantId, distinct([...visited, ...presence]), now);
  const officesOf = groupBy(offices, ({ day }) => day);
  const presenceOf = groupBy(presence, ({ day }) => day);
  const planOf = new Map(plans.map((plan) => [plan.day, plan]));
  return [...daysOf(window)].map((day) => {
    const plan = planOf.get(day);
    const facts = { offices: officesOf.get(day) ?? [], presence: presenceOf.get(day) ?? [] };
    return { ...(plan ? viewDay(plan) : viewEmptyDay(day)), attendance: attendanceOn(plan, facts) };
  });
}

function attendanceOn(
  plan: UserDayRow | undefined,
  { offices, presence }: { offices: OfficeOnDayRow[]; presence: UserPresenceRow[] },
): AttendedDayView['attendance'] {
  const officeOf = new Map(offices.map((office) => [office.locationId, office]));
  const seenAt = new Map(presence.map((each) => [each.locationId, each]));
  const stored = plan && { ...plan, madeByPresence: plan.setBy === 'presence' };
  return attendanceOf(stored ?? null, [...seenAt.keys()], officeOf).flatMap(({ locationId, type }) => {
    // Without a known time zone, the server cannot know whether the office's day has ended.
    const office = officeOf.get(locationId ?? '');
    if (!office) return [];
    const seen = seenAt.get(office.locationId);
    const { locationName, timeZone } = office;
    return [
      {
        locationId: office.locationId,
        locationName,
        timeZone,
        attendanceType: type,
        ...(seen ? { presence: viewPresence(seen) } : {}),
      },
    ];
  });
}

function viewPresence({
  firstSeenAt,
  lastSeenAt,
  firstSourceId,
  lastSourceId,
  events,
}: UserPresenceRow): Static<typeof Presence> {
  return {
    firstSeenAt: firstSeenAt.toISOString(),
    lastSeenAt: lastSeenAt.toISOString(),
    firstSourceId,
    lastSourceId,
    events,
  };
}

function distinct(days: { day: string; locationId: string }[]): { day: string; locationId: string }[] {
  return [...new Map(days.map((each) => [`${each.day} ${each.locationId}`, each])).values()];
}

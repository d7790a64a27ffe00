import { type Static, Type } from 'typebox';
import type { DayWindow } from '../store/values/day-window.ts';
import { daysOf } from '../store/values/days.ts';
import { digest } from '../store/values/digest.ts';
import type { UserDayRow } from '../store/workday/user-days.ts';

const OrNull = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

const BookingView = Type.Object({
  depth: Type.Integer({ description: '1 the location, 2 a zone, 3 a desk' }),
  nodeId: Type.String({ description: 'the booked node' }),
  setBy: Type.String({
    description: 'person: a caller chose it; engine: the server chose it; presence: a presence event made it',
  }),
  levelId: Type.Optional(Type.String()),
  levelName: Type.Optional(Type.String()),
  zoneId: Type.Optional(Type.String()),
  zoneName: Type.Optional(Type.String()),
  placeId: Type.Optional(Type.String({ description: 'the desk' })),
  placeName: Type.Optional(Type.String()),
});

/** A day of a user, as answers show it. */
export const DayView = Type.Object({
  day: Type.String({ description: 'YYYY-MM-DD' }),
  plan: OrNull('o office, r remote, a away; null: no plan'),
  setBy: OrNull('what made the plan: week, day, leave or presence; null without one'),
  locationId: OrNull('the office of an office plan'),
  locationName: OrNull('its name'),
  booking: Type.Optional(BookingView),
  version: Type.String({
    description: 'changes with the plan, its office and the booked node; a change of the day may require it',
  }),
});
export type DayView = Static<typeof DayView>;

/** A day in a list of users. */
export const PersonDayView = Type.Object({
  userId: Type.String(),
  userName: Type.String(),
  ...DayView.properties,
});

/** Every day of the window in order, those without a plan included. */
export function viewDays(rows: UserDayRow[], window: DayWindow): DayView[] {
  const byDay = new Map(rows.map((row) => [row.day, row]));
  return [...daysOf(window)].map((day) => {
    const row = byDay.get(day);
    return row ? viewDay(row) : viewEmptyDay(day);
  });
}

/** A day without a plan. */
export function viewEmptyDay(day: string): DayView {
  return { day, plan: null, setBy: null, locationId: null, locationName: null, version: dayVersion(null) };
}

/** The version of a day with this plan and this booked node; null: without a plan. */
export function dayVersion(
  plan: { plan: string; locationId: string | null; nodeId: string | null } | null,
): string {
  return digest(plan ? [plan.plan, plan.locationId, plan.nodeId] : []).slice(0, 8);
}

export function viewDay(row: UserDayRow): DayView {
  const { day, plan, setBy, locationId, locationName } = row;
  const booking = viewBooking(row);
  const version = dayVersion(row);
  return { day, plan, setBy, locationId, locationName, ...(booking ? { booking } : {}), version };
}

function viewBooking(row: UserDayRow): DayView['booking'] {
  const { bookingDepth: depth, bookingSetBy: setBy, nodeId } = row;
  if (depth === null || setBy === null || nodeId === null) return undefined;
  const { levelId, levelName, zoneId, zoneName, placeId, placeName } = row;
  const around = { levelId, levelName, zoneId, zoneName, placeId, placeName };
  const known = Object.entries(around).filter(([, value]) => value !== null);
  return { depth, nodeId, setBy, ...Object.fromEntries(known) };
}

import type { Tx } from '../store/connections/db.ts';
import { noteNamesWritten } from '../store/privacy/ended-names.ts';
import { hasSameMembers } from '../store/values/same-members.ts';
import { type DayAuthor, insertActionLog } from '../store/workday/action-log.ts';
import {
  type BookingRow,
  deleteBookings,
  insertBookings,
  updateBookingSources,
} from '../store/workday/bookings.ts';
import {
  type DayPlanRow,
  deleteDayPlans,
  insertDayPlans,
  type UserDay,
  updateDayPlans,
} from '../store/workday/day-plans.ts';
import type { Booking } from './model.ts';
import type { Workday } from './workday.ts';

/** Writes the days that differ from the loaded ones, and the action log. */
export async function saveWorkday(
  tx: Tx,
  tenantId: string,
  workday: Workday,
  { actor, at }: DayAuthor,
): Promise<void> {
  const plansMade: DayPlanRow[] = [];
  const plansChanged: DayPlanRow[] = [];
  const plansGone: UserDay[] = [];
  const bookings: BookingRow[] = [];
  const bookingsGone: UserDay[] = [];
  const bookingsWithNewSource: BookingRow[] = [];
  for (const { userId, day, loaded, now } of workday.days) {
    if (now.plan && !hasSameMembers(loaded.plan, now.plan)) {
      (loaded.plan ? plansChanged : plansMade).push({ userId, day, ...now.plan });
    }
    if (loaded.plan && !now.plan) plansGone.push({ userId, day });
    if (hasSameMembers(loaded.booking, now.booking)) continue;
    if (now.booking && isOfSameNode(loaded.booking, now.booking)) {
      bookingsWithNewSource.push({ userId, day, ...now.booking });
      continue;
    }
    if (loaded.booking) bookingsGone.push({ userId, day });
    if (now.booking) bookings.push({ userId, day, ...now.booking });
  }
  // Deletes first: a desk that one user gives up is then free for the next.
  await deleteBookings(tx, tenantId, bookingsGone);
  await deleteDayPlans(tx, tenantId, plansGone);
  await updateDayPlans(tx, tenantId, plansChanged);
  await insertDayPlans(tx, tenantId, plansMade);
  await insertBookings(tx, tenantId, bookings);
  await updateBookingSources(tx, tenantId, bookingsWithNewSource);
  await insertActionLog(tx, tenantId, { actor, at, rows: workday.entries });
  await noteNamesWritten(
    tx,
    tenantId,
    plansMade.map(({ day }) => day),
    at,
  );
}

/** False also if the desk is in another zone now: the booking must then count in that zone. */
function isOfSameNode(a: Booking | null, b: Booking): boolean {
  return a?.nodeId === b.nodeId && a.zoneId === b.zoneId && a.locationId === b.locationId;
}

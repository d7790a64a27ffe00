import type { Tx } from '../store/connections/db.ts';
import { insertActionLog } from '../store/workday/action-log.ts';
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
import type { Booking, DayAuthor } from './model.ts';
import type { Workday } from './workday.ts';

/** Writes what differs from what was loaded, and the log. */
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
  const bookingsClaimed: BookingRow[] = [];
  for (const { userId, day, loaded, now } of workday.days) {
    if (now.plan && !same(loaded.plan, now.plan)) {
      (loaded.plan ? plansChanged : plansMade).push({ userId, day, ...now.plan });
    }
    if (loaded.plan && !now.plan) plansGone.push({ userId, day });
    if (same(loaded.booking, now.booking)) continue;
    if (now.booking && isOfSameSeat(loaded.booking, now.booking)) {
      bookingsClaimed.push({ userId, day, ...now.booking });
      continue;
    }
    if (loaded.booking) bookingsGone.push({ userId, day });
    if (now.booking) bookings.push({ userId, day, ...now.booking });
  }
  // What is given up goes first, so that a desk or seat that one person leaves is free for the next.
  await deleteBookings(tx, tenantId, bookingsGone);
  await deleteDayPlans(tx, tenantId, plansGone);
  await updateDayPlans(tx, tenantId, plansChanged);
  await insertDayPlans(tx, tenantId, plansMade);
  await insertBookings(tx, tenantId, bookings);
  await updateBookingSources(tx, tenantId, bookingsClaimed);
  await insertActionLog(tx, tenantId, { actor, at, rows: workday.entries });
}

/** Not so where a desk is in another zone now: it is then that zone's bookings that count. */
function isOfSameSeat(a: Booking | null, b: Booking): boolean {
  return a?.nodeId === b.nodeId && a.zoneId === b.zoneId && a.locationId === b.locationId;
}

function same<Row extends object>(a: Row | null, b: Row | null): boolean {
  if (a === null || b === null || a === b) return a === b;
  return (Object.keys(a) as (keyof Row)[]).every((member) => a[member] === b[member]);
}

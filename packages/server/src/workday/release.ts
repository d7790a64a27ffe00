import { listOfficeDaysFrom } from '../store/day-plans.ts';
import type { Tx } from '../store/db.ts';
import { lockUsers } from '../store/users.ts';
import type { DayChange } from './plan.ts';

/**
 * The changes that free what these people have booked from `at` on: today counts, by the clock of their primary
 * location, else of the organisation. Locks them first, so that none of them books again before it is written.
 */
export async function findOfficeDays(
  tx: Tx,
  tenantId: string,
  userIds: string[],
  at: Date,
): Promise<DayChange[]> {
  await lockUsers(tx, tenantId, userIds);
  const days = await listOfficeDaysFrom(tx, tenantId, userIds, at);
  return days.map((day) => ({ ...day, plan: null, setBy: 'day' }));
}

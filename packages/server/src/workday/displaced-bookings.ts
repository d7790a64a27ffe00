import type { Tx } from '../store/connections/db.ts';
import { listNodesBelow } from '../store/directory/nodes.ts';
import { lockUsers } from '../store/directory/users.ts';
import { listBookingsFrom } from '../store/workday/bookings.ts';
import { listOfficeDaysFrom, type PlanSource, type UserDay } from '../store/workday/day-plans.ts';
import { listOfficeNodes } from '../store/workday/offices.ts';
import type { DayChange, Plan } from './model.ts';

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

/** A day whose booking is no longer of what it was. */
export interface Rebooking extends UserDay {
  /** What set the plan, which goes on doing so. */
  setBy: PlanSource;
  /** What the day may become instead, best first; the last of them always can be. */
  choices: (Plan | null)[];
}

/**
 * The bookings of these nodes, and of all beneath, that the tree as it is now does not bear out, of days that are
 * not over at `at` at the office booked.
 */
export async function findDisplaced(
  tx: Tx,
  tenantId: string,
  nodeIds: string[],
  at: Date,
): Promise<Rebooking[]> {
  if (nodeIds.length === 0) return [];
  const bookings = await listBookingsFrom(tx, tenantId, await listNodesBelow(tx, tenantId, nodeIds), at);
  const ids = bookings.flatMap(({ nodeId, locationId }) => [nodeId, locationId]);
  const nodes = new Map(
    (await listOfficeNodes(tx, tenantId, [...new Set(ids)])).map((node) => [node.nodeId, node]),
  );
  return bookings.flatMap(({ userId, day, locationId, nodeId, zoneId, planSetBy }) => {
    const node = nodes.get(nodeId);
    const usable = node?.active && node.locationId === locationId;
    if (usable && node.zoneId === zoneId) return [];
    const atOffice = (booked: string): Plan => ({ kind: 'o', locationId, booking: { nodeId: booked } });
    const choices = [
      ...(usable ? [atOffice(nodeId)] : []),
      ...(nodes.get(locationId)?.active ? [atOffice(locationId)] : []),
      null,
    ];
    return [{ userId, day, setBy: planSetBy, choices }];
  });
}

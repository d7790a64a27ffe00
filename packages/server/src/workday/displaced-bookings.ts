import type { Tx } from '../store/connections/db.ts';
import { listNodesBelow } from '../store/directory/nodes.ts';
import { lockUsers } from '../store/directory/users.ts';
import { listBookingsFrom } from '../store/workday/bookings.ts';
import { listOfficeDaysFrom, type PlanSource, type UserDay } from '../store/workday/day-plans.ts';
import { listOfficeNodes } from '../store/workday/offices.ts';
import type { DayChange, Plan } from './model.ts';

/**
 * The changes that free the bookings of these users from `at` on. Today is included, in the time zone of the user's
 * primary location, else of the organisation. Locks the users first, so that none of them books again in between.
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

/** A day whose booking no longer matches the tree. */
export interface Rebooking extends UserDay {
  /** The source of the plan, which stays the same. */
  setBy: PlanSource;
  /** The plans that can replace it, best first. The last one is always possible. */
  choices: (Plan | null)[];
}

/**
 * The bookings of these nodes, and of all nodes beneath them, that no longer match the tree. Only days that are not
 * over at `at` count, in the time zone of the booked office.
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

import type { Tx } from '../store/connections/db.ts';
import { addTo } from '../store/values/group-by.ts';
import {
  type BookingRow,
  listBookings,
  listDeskBookings,
  lockZoneDays,
  type NodeDay,
} from '../store/workday/bookings.ts';
import { type DayPlanRow, listDayPlans, type UserDay } from '../store/workday/day-plans.ts';
import {
  listDeskAssignments,
  listOfficeNodes,
  lockDesks,
  type OfficeNode,
} from '../store/workday/offices.ts';
import { BookingState, nodeDayKey } from './booking-state.ts';
import { lockUserDays } from './lock-user-days.ts';
import { ActionLog } from './log.ts';
import type { DayChange, LoadedDay, LockedUsers } from './model.ts';
import { userDayKey, Workday } from './workday.ts';

/**
 * Locks everything that `changes` can touch. After each lock it looks up the rows that the lock guards: under READ
 * COMMITTED each statement sees the commits of earlier writers. The order of locks is always the same: tree, users,
 * desks, days of zones. `locked` is as in `writeDays`.
 */
export async function loadWorkday(
  tx: Tx,
  tenantId: string,
  changes: DayChange[],
  {
    at,
    locked,
    recordedUntil,
  }: {
    at: Date;
    locked?: LockedUsers | undefined;
    recordedUntil?: string | undefined;
  },
): Promise<Workday> {
  const userIds = unique(changes.map(({ userId }) => userId));
  const users = locked?.statuses ?? (await lockUserDays(tx, tenantId, userIds));
  const known = changes.filter(({ userId }) => users.has(userId));
  const changing = locked?.areUnplanned ? daysOf(known, [], []) : await loadDays(tx, tenantId, known);

  const officeChanges = await listOfficePlanChanges(tx, tenantId, known);
  const candidates = unique(officeChanges.flatMap((change) => change.candidates));
  await lockDesks(tx, tenantId, candidates);
  const current = [...changing.values()].flatMap(({ loaded: { plan, booking } }) => [
    plan?.locationId ?? [],
    booking?.nodeId ?? [],
  ]);
  const offices = officeChanges.map(({ locationId }) => locationId);
  const nodes = await listOfficeNodes(tx, tenantId, unique([...candidates, ...offices, ...current.flat()]));

  const seats = seatsOf(officeChanges, nodes);
  const desks = seats.filter(({ node }) => node.kind === 'place');
  const deskIds = unique(desks.map(({ node }) => node.nodeId));
  const assignments = await listDeskAssignments(tx, tenantId, { deskIds });
  const owners = new Map(assignments.map(({ deskId, userId }) => [deskId, userId]));
  const ownersDays = desks.flatMap(({ node, day }) => {
    const userId = owners.get(node.nodeId);
    return userId === undefined || changing.has(userDayKey(userId, day)) ? [] : [{ userId, day }];
  });
  const days = new Map([...changing, ...(await loadDays(tx, tenantId, ownersDays))]);
  const wanted = distinct(desks.map(({ node, day }) => ({ nodeId: node.nodeId, day })));
  const deskBookings = await listDeskBookings(tx, tenantId, wanted);

  const zonesLeft = [...changing.values()].map(({ loaded, day }) => ({
    nodeId: loaded.booking?.zoneId,
    day,
  }));
  const zonesEntered = seats.map(({ node, day }) => ({ nodeId: node.zoneId, day }));
  const zones = [...zonesLeft, ...zonesEntered].flatMap(({ nodeId, day }) =>
    nodeId ? [{ nodeId, day }] : [],
  );
  const zoneDays = await lockZoneDays(tx, tenantId, distinct(zones));

  const bookings = new BookingState({ nodes, assignments, deskBookings, zoneDays }, (userId, day) => {
    const plan = days.get(userDayKey(userId, day))?.now.plan;
    return plan ? plan.locationId : undefined;
  });
  const log = new ActionLog(at, (nodeId) => bookings.node(nodeId));
  return new Workday({ users, days, bookings, log, recordedUntil });
}

/** A change to an office plan. */
interface OfficePlanChange {
  day: string;
  locationId: string;
  /** The nodes to try before the office itself: the requested one, else the desks assigned to the user. */
  candidates: string[];
}

async function listOfficePlanChanges(
  tx: Tx,
  tenantId: string,
  changes: DayChange[],
): Promise<OfficePlanChange[]> {
  const officeChanges = changes.flatMap(({ userId, day, plan }) =>
    plan?.kind === 'o'
      ? [{ userId, day, locationId: plan.locationId, requestedId: plan.booking?.nodeId }]
      : [],
  );
  const undecided = officeChanges.filter(({ requestedId }) => requestedId === undefined);
  const own = new Map<string, string[]>();
  for (const { userId, deskId } of await listDeskAssignments(tx, tenantId, {
    userIds: unique(undecided.map(({ userId }) => userId)),
  })) {
    addTo(own, userId, deskId);
  }
  return officeChanges.map(({ userId, day, locationId, requestedId }) => ({
    day,
    locationId,
    candidates: requestedId === undefined ? (own.get(userId) ?? []) : [requestedId],
  }));
}

function seatsOf(
  officeChanges: OfficePlanChange[],
  nodes: OfficeNode[],
): { node: OfficeNode; day: string }[] {
  const nodeOf = new Map(nodes.map((node) => [node.nodeId, node]));
  return officeChanges.flatMap(({ day, locationId, candidates }) =>
    candidates.flatMap((nodeId) => {
      const node = nodeOf.get(nodeId);
      return node?.locationId === locationId ? [{ node, day }] : [];
    }),
  );
}

async function loadDays(tx: Tx, tenantId: string, wanted: UserDay[]): Promise<Map<string, LoadedDay>> {
  const days = [...daysOf(wanted, [], []).values()];
  const plans = await listDayPlans(tx, tenantId, days);
  return daysOf(days, plans, await listBookings(tx, tenantId, days));
}

function daysOf(days: UserDay[], plans: DayPlanRow[], bookings: BookingRow[]): Map<string, LoadedDay> {
  const keyOf = ({ userId, day }: UserDay) => userDayKey(userId, day);
  const planOfDay = new Map(plans.map((row) => [keyOf(row), row]));
  const bookingOfDay = new Map(bookings.map((row) => [keyOf(row), row]));
  return new Map(
    days.map(({ userId, day }) => {
      const key = userDayKey(userId, day);
      const state = { plan: planOf(planOfDay.get(key)), booking: bookingOf(bookingOfDay.get(key)) };
      return [key, { userId, day, loaded: state, now: state }];
    }),
  );
}

function planOf(row: DayPlanRow | undefined) {
  return row ? { plan: row.plan, locationId: row.locationId, setBy: row.setBy } : null;
}

function bookingOf(row: BookingRow | undefined) {
  if (!row) return null;
  const { locationId, nodeId, nodeKind, zoneId, setBy } = row;
  return { locationId, nodeId, nodeKind, zoneId, setBy };
}

function unique(ids: string[]): string[] {
  return [...new Set(ids)];
}

function distinct(nodeDays: NodeDay[]): NodeDay[] {
  return [...new Map(nodeDays.map((each) => [nodeDayKey(each.nodeId, each.day), each])).values()];
}

import type { Tx } from '../store/connections/db.ts';
import type { DayAuthor } from '../store/workday/action-log.ts';
import { type BookableKind, type BookingRow, listBookingsAt } from '../store/workday/bookings.ts';
import { listDayPlans } from '../store/workday/day-plans.ts';
import { listPlansToMake, type PersonToPlan, type PlanToMake } from '../store/workday/horizon.ts';
import {
  type DeskAssignment,
  listBookableNodes,
  listDeskAssignments,
  type OfficeNode,
} from '../store/workday/offices.ts';
import { lockUserDays } from './lock-user-days.ts';
import type { DayChange, DayOutcome, Plan } from './model.ts';
import { writeDays } from './plan.ts';
import { SeatChoice, type Seeker } from './seat-choice.ts';

/** After so many refused choices the user gets a booking of the office, which is always free. */
const MOST_CHOICES = 2;

/** An organisation's offices, read once for a day. A choice that no longer fits is refused when it is written. */
export interface Offices {
  /** In the order of their names, in which free desks are given away. */
  nodes: Map<string, OfficeNode>;
  assignments: DeskAssignment[];
}

/** All bookable nodes of an organisation, and the assignments of desks. */
export async function loadOffices(tx: Tx, tenantId: string): Promise<Offices> {
  const nodes = await listBookableNodes(tx, tenantId);
  const deskIds = nodes.filter(({ kind }) => kind === 'place').map(({ nodeId }) => nodeId);
  const assignments = await listDeskAssignments(tx, tenantId, { deskIds });
  return { nodes: new Map(nodes.map((node) => [node.nodeId, node])), assignments };
}

/** A day that was made for a user. */
export interface MadeDay {
  /** The user's primary location. */
  locationId: string | null;
  /** The kind of node that was booked for an office day. */
  booked: BookableKind | null;
}

type Person = PersonToPlan & Seeker;

interface PlannedChange {
  person: Person;
  change: DayChange;
}

/**
 * Makes one day of these users, one after the other: the plan of the week plan, or away if there is leave. A user
 * who has a plan by now keeps it. Throws as `writeDays`; the caller must then run it again.
 */
export async function makeDay(
  tx: Tx,
  tenantId: string,
  { day, people, offices }: { day: string; people: Person[]; offices: Offices },
  author: DayAuthor,
): Promise<MadeDay[]> {
  const made: MadeDay[] = [];
  const statuses = await lockUserDays(
    tx,
    tenantId,
    people.map(({ userId }) => userId),
  );
  let wanted = await listWanted(tx, tenantId, { day, people, at: author.at });
  for (let choices = 0; wanted.length > 0 && choices <= MOST_CHOICES; choices++) {
    const choice =
      choices < MOST_CHOICES ? await loadChoice(tx, tenantId, { day, wanted, offices }) : undefined;
    const changes = wanted.map((each) => withBooking(each, choice));
    const outcomes = await writeDays(tx, tenantId, changes, author, { statuses, areUnplanned: true });
    for (const [index, { person }] of wanted.entries()) {
      if (isRefused(outcomes[index])) continue;
      made.push({ locationId: person.primaryLocationId, booked: bookedBy(changes[index], offices) });
    }
    wanted = wanted.filter((_, index) => isRefused(outcomes[index]));
  }
  return made;
}

/** The plans to make for these users. They are locked. Users who have a plan for the day get none. */
async function listWanted(
  tx: Tx,
  tenantId: string,
  { day, people, at }: { day: string; people: Person[]; at: Date },
): Promise<PlannedChange[]> {
  const userIds = people.map(({ userId }) => userId);
  const plans = new Map(
    (await listPlansToMake(tx, tenantId, { day, at, userIds })).map((row) => [row.userId, row]),
  );
  return people.flatMap((person): PlannedChange[] => {
    const { userId } = person;
    const toMake = plans.get(userId);
    if (!toMake) return [];
    if (toMake.onLeave) return [{ person, change: { userId, day, plan: { kind: 'a' }, setBy: 'leave' } }];
    const plan = planOf(toMake);
    return plan ? [{ person, change: { userId, day, plan, setBy: 'week' } }] : [];
  });
}

function planOf({ plan, locationId }: PlanToMake): Plan | null {
  if (plan !== 'o') return { kind: plan };
  return locationId === null ? null : { kind: plan, locationId };
}

/** The seat choice for that day at the offices of these plans. */
async function loadChoice(
  tx: Tx,
  tenantId: string,
  { day, wanted, offices }: { day: string; wanted: PlannedChange[]; offices: Offices },
): Promise<SeatChoice> {
  const locationIds = new Set(
    wanted.flatMap(({ change: { plan } }) => (plan?.kind === 'o' ? plan.locationId : [])),
  );
  const nodes = [...offices.nodes.values()].filter((node) => locationIds.has(node.locationId));
  const assignments = offices.assignments.filter(({ deskId }) =>
    locationIds.has(offices.nodes.get(deskId)?.locationId ?? ''),
  );
  const bookings = await listBookingsAt(tx, tenantId, { locationIds: [...locationIds], day });
  const owners = new Set(assignments.map(({ userId }) => userId));
  const ownersPlans = await listDayPlans(
    tx,
    tenantId,
    [...owners].map((userId) => ({ userId, day })),
  );
  return new SeatChoice({
    day,
    nodes,
    assignments,
    bookings,
    deskBookings: bookings.filter(({ nodeKind }) => nodeKind === 'place'),
    zoneDays: countZones(bookings),
    officeOfOwner: new Map(ownersPlans.map(({ userId, locationId }) => [userId, locationId])),
  });
}

function countZones(bookings: BookingRow[]) {
  const booked = new Map<string, { nodeId: string; day: string; booked: number }>();
  for (const { zoneId, day } of bookings) {
    if (zoneId === null) continue;
    const zone = booked.get(zoneId);
    if (zone) zone.booked++;
    else booked.set(zoneId, { nodeId: zoneId, day, booked: 1 });
  }
  return [...booked.values()];
}

function withBooking({ person, change }: PlannedChange, choice: SeatChoice | undefined): DayChange {
  const { userId, plan } = change;
  if (plan?.kind !== 'o') {
    choice?.passOver(userId);
    return change;
  }
  const nodeId = choice ? choice.choose(person, plan.locationId) : plan.locationId;
  return { ...change, plan: { ...plan, booking: { nodeId } } };
}

function isRefused(outcome: DayOutcome | undefined): boolean {
  return typeof outcome === 'object';
}

function bookedBy(change: DayChange | undefined, { nodes }: Offices): BookableKind | null {
  if (change?.plan?.kind !== 'o') return null;
  const kind = nodes.get(change.plan.booking?.nodeId ?? '')?.kind;
  return kind === 'zone' || kind === 'place' ? kind : 'location';
}

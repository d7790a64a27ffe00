import type { Tx } from '../store/connections/db.ts';
import { planForAnyOrganisation } from '../store/connections/planner.ts';
import type { DayAuthor } from '../store/workday/action-log.ts';
import type { BookableKind } from '../store/workday/bookings.ts';
import { listPlansToMake, type PersonToPlan, type PlanToMake } from '../store/workday/horizon.ts';
import { REASONS } from '../store/workday/reasons.ts';
import type { DaySeats } from './day-seats.ts';
import { lockUserDays } from './lock-user-days.ts';
import type { DayChange, DayOutcome, Plan } from './model.ts';
import { writeDays } from './plan.ts';

/**
 * After so many refused choices the user gets a booking of the office, which is always free. Only the first choice may
 * rest on seats that were read in an earlier transaction.
 */
const MOST_CHOICES = 3;

/** A day that was made for a user. */
export interface MadeDay {
  /** The user's primary location. */
  locationId: string | null;
  /** The kind of node that was booked for an office day. */
  booked: BookableKind | null;
}

interface PlannedChange {
  person: PersonToPlan;
  change: DayChange;
}

/**
 * Makes one day of these users, one after the other: the plan of the week plan, or away if there is leave. A user
 * who has a plan by now keeps it. `seats` keeps the choices for the next users. Throws as `writeDays`; the caller must
 * then run it again.
 */
export async function makeDay(
  tx: Tx,
  tenantId: string,
  { day, people, seats }: { day: string; people: PersonToPlan[]; seats: DaySeats },
  author: DayAuthor,
): Promise<MadeDay[]> {
  await planForAnyOrganisation(tx);
  try {
    return await makeLocked(tx, tenantId, { day, people, seats }, author);
  } catch (error) {
    seats.forget();
    throw error;
  }
}

async function makeLocked(
  tx: Tx,
  tenantId: string,
  { day, people, seats }: { day: string; people: PersonToPlan[]; seats: DaySeats },
  author: DayAuthor,
): Promise<MadeDay[]> {
  const made: MadeDay[] = [];
  const userIds = people.map(({ userId }) => userId);
  const statuses = await lockUserDays(tx, tenantId, userIds);
  let wanted = await listWanted(tx, tenantId, { day, people, at: author.at });
  for (let choices = 0; wanted.length > 0 && choices <= MOST_CHOICES; choices++) {
    const chooses = choices < MOST_CHOICES;
    if (chooses) await seats.load(tx, tenantId, { day, locationIds: officesOf(wanted) });
    const planned = wanted.map(({ person, change }) =>
      withBooking(person, change, chooses ? seats : undefined),
    );
    const changes = planned.map(({ change }) => change);
    const outcomes = await writeDays(tx, tenantId, changes, author, { statuses, areUnplanned: true });
    for (const [index, { person, booked }] of planned.entries()) {
      if (!isRefused(outcomes[index])) made.push({ locationId: person.primaryLocationId, booked });
    }
    wanted = wanted.filter((_, index) => isRefused(outcomes[index]));
    // Others have booked seats that are free in memory.
    if (wanted.length > 0) seats.forget();
  }
  return made;
}

/** The plans to make for these users. They are locked. Users who have a plan for the day get none. */
async function listWanted(
  tx: Tx,
  tenantId: string,
  { day, people, at }: { day: string; people: PersonToPlan[]; at: Date },
): Promise<PlannedChange[]> {
  const userIds = people.map(({ userId }) => userId);
  const plans = new Map(
    (await listPlansToMake(tx, tenantId, { day, at, userIds })).map((row) => [row.userId, row]),
  );
  return people.flatMap((person): PlannedChange[] => {
    const { userId } = person;
    const toMake = plans.get(userId);
    if (!toMake) return [];
    if (toMake.onLeave) {
      const reason = REASONS.horizonLeave;
      return [{ person, change: { userId, day, plan: { kind: 'a' }, setBy: 'leave', reason } }];
    }
    const plan = planOf(toMake);
    return plan ? [{ person, change: { userId, day, plan, setBy: 'week' } }] : [];
  });
}

function planOf({ plan, locationId }: PlanToMake): Plan | null {
  if (plan !== 'o') return { kind: plan };
  return locationId === null ? null : { kind: plan, locationId };
}

/** The offices of these plans. */
function officesOf(wanted: PlannedChange[]): string[] {
  return [...new Set(wanted.flatMap(({ change: { plan } }) => (plan?.kind === 'o' ? plan.locationId : [])))];
}

/** Without `seats` the office itself is booked. */
function withBooking(
  person: PersonToPlan,
  change: DayChange,
  seats: DaySeats | undefined,
): PlannedChange & { booked: BookableKind | null } {
  const { plan } = change;
  if (plan?.kind !== 'o') {
    seats?.passOver(person);
    return { person, change, booked: null };
  }
  const { locationId } = plan;
  if (!seats) {
    const booking = { nodeId: locationId };
    return { person, change: { ...change, plan: { ...plan, booking } }, booked: 'location' };
  }
  const { nodeId, nodeKind, reason } = seats.choose(person, locationId);
  return { person, change: { ...change, plan: { ...plan, booking: { nodeId } }, reason }, booked: nodeKind };
}

function isRefused(outcome: DayOutcome | undefined): boolean {
  return typeof outcome === 'object';
}

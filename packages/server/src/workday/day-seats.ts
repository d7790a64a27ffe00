import type { Tx } from '../store/connections/db.ts';
import { groupBy } from '../store/values/group-by.ts';
import { countSeated, listDeskBookings } from '../store/workday/bookings.ts';
import { listDayPlans } from '../store/workday/day-plans.ts';
import { listBookableNodes, listDeskAssignments } from '../store/workday/offices.ts';
import { type ChosenSeat, SeatChoice, type Seeker } from './seat-choice.ts';

/**
 * The seat choices of one day at the offices that are in use now. They stay in memory from one transaction to the next,
 * and so include what the transactions before have booked. What others book meanwhile is refused when it is written.
 * The memory depends on the desks of these offices only.
 */
export class DaySeats {
  #offices = new Map<string, SeatChoice>();

  /** Reads the offices that are not in memory, and forgets those that are not among `locationIds`. */
  async load(
    tx: Tx,
    tenantId: string,
    { day, locationIds }: { day: string; locationIds: string[] },
  ): Promise<void> {
    const missing = locationIds.filter((locationId) => !this.#offices.has(locationId));
    const loaded = await loadOffices(tx, tenantId, { day, locationIds: missing });
    this.#offices = new Map(
      locationIds.flatMap((locationId) => {
        const office = this.#offices.get(locationId) ?? loaded.get(locationId);
        return office ? [[locationId, office]] : [];
      }),
    );
  }

  /** Forgets all offices: their choices were not written, or others came first. */
  forget(): void {
    this.#offices.clear();
  }

  /** Records that a user's day has a plan without a booking. The user's own desks are then released. */
  passOver({ userId }: Seeker): void {
    for (const office of this.#offices.values()) office.notePlan(userId, null);
  }

  /** Chooses a booking of the user at an office that is in memory. */
  choose(seeker: Seeker, locationId: string): ChosenSeat {
    const seat = this.#offices.get(locationId)?.choose(seeker);
    if (!seat) throw new Error('An office of a plan was not loaded.');
    if (seeker.ownDeskIds.length > 0) {
      for (const office of this.#offices.values()) office.notePlan(seeker.userId, locationId);
    }
    return seat;
  }
}

async function loadOffices(
  tx: Tx,
  tenantId: string,
  { day, locationIds }: { day: string; locationIds: string[] },
): Promise<Map<string, SeatChoice>> {
  if (locationIds.length === 0) return new Map();
  const nodes = await listBookableNodes(tx, tenantId, locationIds);
  const deskIds = nodes.filter(({ kind }) => kind === 'place').map(({ nodeId }) => nodeId);
  const assignments = await listDeskAssignments(tx, tenantId, { deskIds });
  const deskBookings = await listDeskBookings(
    tx,
    tenantId,
    deskIds.map((nodeId) => ({ nodeId, day })),
  );
  const seated = await countSeated(tx, tenantId, { locationIds, day });
  const owners = [...new Set(assignments.map(({ userId }) => userId))];
  const plans = await listDayPlans(
    tx,
    tenantId,
    owners.map((userId) => ({ userId, day })),
  );
  const officeOfOwner = new Map(plans.map(({ userId, locationId }) => [userId, locationId]));
  const officeOf = new Map(nodes.map(({ nodeId, locationId }) => [nodeId, locationId]));
  const nodesAt = groupBy(nodes, ({ locationId }) => locationId);
  const assignmentsAt = groupBy(assignments, ({ deskId }) => officeOf.get(deskId));
  const bookingsAt = groupBy(deskBookings, ({ nodeId }) => officeOf.get(nodeId));
  const seatedAt = groupBy(seated, ({ zoneId }) => officeOf.get(zoneId));
  return new Map(
    locationIds.map((locationId) => {
      const facts = {
        locationId,
        day,
        nodes: nodesAt.get(locationId) ?? [],
        assignments: assignmentsAt.get(locationId) ?? [],
        deskBookings: bookingsAt.get(locationId) ?? [],
        seated: seatedAt.get(locationId) ?? [],
      };
      return [
        locationId,
        new SeatChoice({ ...facts, officeOfOwner: planned(facts.assignments, officeOfOwner) }),
      ];
    }),
  );
}

/** The plans of the owners of these desks only. */
function planned(
  assignments: { userId: string }[],
  officeOfOwner: ReadonlyMap<string, string | null>,
): Map<string, string | null> {
  return new Map(
    assignments.flatMap(({ userId }) => {
      const locationId = officeOfOwner.get(userId);
      return locationId === undefined ? [] : [[userId, locationId] as const];
    }),
  );
}

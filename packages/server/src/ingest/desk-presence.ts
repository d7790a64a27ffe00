import type { Caller } from '../auth/guard.ts';
import { listBookings } from '../store/bookings.ts';
import { inTenantWithRetries } from '../store/conflict.ts';
import { listDayPlans, type UserDay } from '../store/day-plans.ts';
import type { Database, Tx } from '../store/db.ts';
import { listEventsOfToday, type PresenceEventRow } from '../store/presence-events.ts';
import { type DayAuthor, type DayChange, lockPeople, writeDays } from '../workday/plan.ts';

/** Presence at a desk, the node of the event. */
type DeskEvent = Pick<PresenceEventRow, 'userId' | 'locationId' | 'nodeId' | 'observedAtUs'>;

/**
 * Books the desks at which people are, for today by the office's clock: for those who have no plan or planned to be
 * remote, together with a plan of the office that presence made; for those who have booked the office or a zone of
 * it, in place of that. Every other plan and booking stays, and a desk that is not free is not booked. The same
 * events again change nothing. Throws `StoreUnavailableError`: then nothing was booked.
 */
export async function bookDesks(
  database: Database,
  events: DeskEvent[],
  { caller, receivedAt }: { caller: Caller; receivedAt: Date },
): Promise<void> {
  const { tenantId, apiKey } = caller;
  const author: DayAuthor = {
    actor: { changedBy: 'integration', name: apiKey, reason: 'Presence at the desk' },
    at: receivedAt,
  };
  const list = (tx: Tx) => listWishes(tx, tenantId, events, receivedAt);
  // Mostly everybody sits where they are booked, and nobody needs to be locked to see that.
  if ((await database.inTenant(tenantId, list)).length === 0) return;
  const userIds = [...new Set(events.map(({ userId }) => userId))];
  await inTenantWithRetries(database, tenantId, async (tx) => {
    await lockPeople(tx, tenantId, userIds);
    let wishes = await list(tx);
    while (wishes.length > 0) {
      const first = wishes.flatMap((ofOne) => ofOne.slice(0, 1));
      const outcomes = await writeDays(tx, tenantId, first, author);
      // Whose desk was refused may have been at another one, too.
      wishes = wishes.flatMap((ofOne, index) =>
        typeof outcomes[index] === 'object' && ofOne.length > 1 ? [ofOne.slice(1)] : [],
      );
    }
  });
}

/** The changes that events ask for: a list for each person and day, in the order in which they were seen. */
async function listWishes(tx: Tx, tenantId: string, events: DeskEvent[], at: Date): Promise<DayChange[][]> {
  const today = await listEventsOfToday(tx, tenantId, events, at);
  const plans = new Map((await listDayPlans(tx, tenantId, today)).map((row) => [keyOf(row), row]));
  const bookings = new Map((await listBookings(tx, tenantId, today)).map((row) => [keyOf(row), row]));
  const wishes = new Map<string, DayChange[]>();
  for (const { userId, day, locationId, nodeId } of today) {
    const key = keyOf({ userId, day });
    const plan = plans.get(key);
    const isPlannedHere = plan?.locationId === locationId;
    const isFree = plan === undefined || plan.plan === 'r';
    if (!isFree && !isPlannedHere) continue;
    if (isPlannedHere && bookings.get(key)?.nodeKind === 'place') continue;
    const change: DayChange = {
      userId,
      day,
      plan: { kind: 'o', locationId, booking: { nodeId } },
      setBy: 'presence',
    };
    wishes.set(key, [...(wishes.get(key) ?? []), change]);
  }
  return [...wishes.values()];
}

function keyOf({ userId, day }: UserDay): string {
  return `${userId} ${day}`;
}

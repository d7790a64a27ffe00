import type { Caller } from '../auth/guard.ts';
import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Database } from '../store/connections/db.ts';
import { TenantQueues } from '../store/connections/merging-queue.ts';
import { enterTenantIfVersion } from '../store/directory/directory-versions.ts';
import {
  type DeskPresenceEvent,
  deskPresenceToBook,
  listDeskPresenceToBook,
  readDeskPresenceToBook,
} from '../store/events/desk-presence.ts';
import type { PresenceEventRow } from '../store/events/presence-events.ts';
import { addTo } from '../store/values/group-by.ts';
import { REASONS } from '../store/workday/reasons.ts';
import { type DayAuthor, type DayChange, lockUserDays, writeDays } from '../workday/plan.ts';

/** Presence at a desk, which is the node of the event. */
type DeskEvent = DeskPresenceEvent & Pick<PresenceEventRow, 'nodeId'>;
/** The same, with the key that submitted it. */
type SubmittedDeskEvent = DeskEvent & { apiKey: string };

/**
 * One transaction takes up to this many waiting requests of an organisation or, with the last one, a bit more than
 * this many events.
 */
const MERGED = { jobs: 64, weight: 500 };

/**
 * Books the desks at which users are detected, for today by the office's clock. There are two cases:
 * * A user has no plan, or plans to be remote. The user gets a plan of the office, set by presence, and the desk.
 * * A user has booked the office or a zone of it. The desk replaces that booking.
 *
 * Every other plan and booking stays. A desk that is not free is not booked. The same events again change nothing.
 *
 * Requests of one organisation would wait for each other's desks and zones. So they wait in one queue, and those that
 * wait together run together.
 */
export class DeskPresence {
  readonly #queues: TenantQueues<SubmittedDeskEvent[], void>;

  constructor(database: Database) {
    this.#queues = new TenantQueues({
      run: async (tenantId, requests) => {
        await bookDesks(database, tenantId, requests.flat());
        return requests.map(() => undefined);
      },
      weigh: (events) => events.length,
      most: MERGED,
    });
  }

  /**
   * Books the desks of these events. Throws `StoreUnavailableError`: then nothing was booked, or all of it was, and
   * the caller can repeat it.
   */
  book({ tenantId, name: apiKey }: Caller, events: DeskEvent[]): Promise<void> {
    return this.#queues.add(
      tenantId,
      events.map((event) => ({ ...event, apiKey })),
    );
  }
}

async function bookDesks(database: Database, tenantId: string, events: SubmittedDeskEvent[]): Promise<void> {
  // Most users sit at the desk that they have booked. This check needs no locks.
  const [, answer] = await database.runRequestPipeline(tenantId, [
    enterTenantIfVersion(tenantId, undefined),
    deskPresenceToBook(tenantId, events),
  ]);
  const toBook = readDeskPresenceToBook(answer, events);
  if (toBook.length === 0) return;
  const latestMs = Math.max(...toBook.map(({ receivedAtMs }) => receivedAtMs));
  const author: DayAuthor = {
    actor: { changedBy: 'integration', name: null, reason: REASONS.presenceAtDesk },
    at: new Date(latestMs),
  };
  const userIds = [...new Set(toBook.map(({ userId }) => userId))];
  await inTenantWithRetries(database, tenantId, async (tx) => {
    const statuses = await lockUserDays(tx, tenantId, userIds);
    let changes = dayChangesOf(await listDeskPresenceToBook(tx, tenantId, toBook));
    while (changes.length > 0) {
      const first = changes.flatMap((ofOne) => ofOne.slice(0, 1));
      const outcomes = await writeDays(tx, tenantId, first, author, { statuses });
      // A user whose first desk was refused may have been at another one, too.
      changes = changes.flatMap((ofOne, index) =>
        typeof outcomes[index] === 'object' && ofOne.length > 1 ? [ofOne.slice(1)] : [],
      );
    }
  });
}

/** The changes of days that events ask for: a list for each user and day, in the order of the events. */
function dayChangesOf(toBook: (SubmittedDeskEvent & { day: string })[]): DayChange[][] {
  const changes = new Map<string, DayChange[]>();
  for (const { userId, day, locationId, nodeId, apiKey } of toBook) {
    const key = `${userId} ${day}`;
    const change: DayChange = {
      userId,
      day,
      plan: { kind: 'o', locationId, booking: { nodeId } },
      setBy: 'presence',
      name: apiKey,
    };
    addTo(changes, key, change);
  }
  return [...changes.values()];
}

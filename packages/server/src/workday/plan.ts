import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import type { Status } from '../store/directory/nodes.ts';
import { findDisplaced, findOfficeDays, type Rebooking } from './displaced-bookings.ts';
import { loadWorkday } from './load.ts';
import type { DayAuthor, DayChange, DayOutcome } from './model.ts';
import { saveWorkday } from './save.ts';

export type { Actor } from '../store/workday/action-log.ts';
export type { PlanKind, PlanSource } from '../store/workday/day-plans.ts';
export { lockUserDays } from './lock-user-days.ts';
export type { DayAuthor, DayChange, DayOutcome, Plan } from './model.ts';
export { loadWeeks, type WeekPlan } from './week-plan.ts';

/**
 * Makes users' days what `changes` say, one after the other: plan, booking and action log together. This is the
 * only writer of any of them. Outcomes are in the order of `changes`; a change that is refused leaves its day as
 * it was and stops no other. A later change of the same day sees what an earlier one made of it. However many
 * changes there are, it takes at most twenty statements.
 *
 * A plan that is the same already stays; but where the week plan or a one-day change says it again, it counts
 * from then on as set by that, so that what presence or leave did to a day is not undone by them later.
 *
 * The tree, users, desks and zones' days are locked in this order, each kind in the order of its keys, so that
 * two calls never wait for each other in a circle. A transaction with further locks, or several calls, must be
 * ready to be run again: throws a write conflict (`isWriteConflict`) then. See `changeDays`.
 *
 * `unplanned` spares a caller who has just seen to it the looking up of what there is: the statuses of everybody, all of
 * them locked by `lockUserDays`, of whose days that are to change none has a plan since.
 */
export async function writeDays(
  tx: Tx,
  tenantId: string,
  changes: DayChange[],
  author: DayAuthor,
  unplanned?: ReadonlyMap<string, Status>,
): Promise<DayOutcome[]> {
  if (changes.length === 0) return [];
  const workday = await loadWorkday(tx, tenantId, changes, { at: author.at, unplanned });
  const outcomes = changes.map((change) => workday.apply(change));
  await saveWorkday(tx, tenantId, workday, author);
  return outcomes;
}

/** `kept`: the day is planned otherwise here, and stays so. */
export type RecordOutcome = DayOutcome | 'kept';

/**
 * As `writeDays`, for days as the records of another system have them, past ones included, in which people and places take
 * part that are inactive now. What is recorded of a day that has no plan here is not logged: nobody changed anything then. A day
 * that is planned otherwise here is kept, or, with `replace`, changed, which is logged.
 */
export async function recordDays(
  tx: Tx,
  tenantId: string,
  changes: DayChange[],
  { replace, ...author }: DayAuthor & { replace: boolean },
): Promise<RecordOutcome[]> {
  if (changes.length === 0) return [];
  // No office is more than a day ahead of UTC, and who leaves gives up the office's today.
  const recordedUntil = author.at.toISOString().slice(0, 10);
  const workday = await loadWorkday(tx, tenantId, changes, { at: author.at, recordedUntil });
  const outcomes = changes.map((change): RecordOutcome => {
    const before = workday.compare(change);
    if (before === 'same') return 'unchanged';
    return before === 'other' && !replace ? 'kept' : workday.apply(change);
  });
  await saveWorkday(tx, tenantId, workday, author);
  return outcomes;
}

/**
 * `writeDays` in a transaction of its own, again where other writers came first. Throws `ContentionError` when
 * they did so every time, and `StoreUnavailableError`.
 */
export function changeDays(
  database: Database,
  tenantId: string,
  changes: DayChange[],
  author: DayAuthor,
): Promise<DayOutcome[]> {
  return inTenantWithRetries(database, tenantId, (tx) => writeDays(tx, tenantId, changes, author));
}

/** Days whose changes are held in memory, and in one statement, at a time. */
const REBOOKED_AT_ONCE = 10_000;

/**
 * Sees to whoever has booked one of these nodes, or what is in them, for a day that is not over at `author.at` at
 * that office: to be called in the transaction that retired or moved the nodes, after it did. A desk that is
 * still of the same office stays booked, and counts in the zone that it is in now. Where that zone is full, or the
 * node is retired or of another office, the office itself is booked instead; where the office is retired,
 * the plan goes. Throws as `writeDays`.
 */
export async function rebookNodes(
  tx: Tx,
  tenantId: string,
  nodeIds: string[],
  author: DayAuthor,
): Promise<void> {
  const displaced = await findDisplaced(tx, tenantId, nodeIds, author.at);
  for (let start = 0; start < displaced.length; start += REBOOKED_AT_ONCE) {
    await rebook(tx, tenantId, displaced.slice(start, start + REBOOKED_AT_ONCE), author);
  }
}

/** Makes of each day the first of its choices that can be. */
async function rebook(tx: Tx, tenantId: string, days: Rebooking[], author: DayAuthor): Promise<void> {
  const tried = days.filter(({ choices }) => choices.length > 0);
  if (tried.length === 0) return;
  const changes = tried.map(({ userId, day, setBy, choices: [plan = null] }) => ({
    userId,
    day,
    setBy,
    plan,
  }));
  const outcomes = await writeDays(tx, tenantId, changes, author);
  const refused = tried.filter((_, index) => typeof outcomes[index] === 'object');
  await rebook(
    tx,
    tenantId,
    refused.map((each) => ({ ...each, choices: each.choices.slice(1) })),
    author,
  );
}

/**
 * Frees what people who leave have booked: their office plans, and so their bookings, of every day that is not
 * over at `author.at`, in the time zone of their primary location, else of the organisation. To be called in the
 * transaction that deactivates them, after it did; days away or remote stay. Throws as `writeDays`.
 */
export async function freeFutureBookings(
  tx: Tx,
  tenantId: string,
  userIds: string[],
  author: DayAuthor,
): Promise<void> {
  await writeDays(tx, tenantId, await findOfficeDays(tx, tenantId, userIds, author.at), author);
}

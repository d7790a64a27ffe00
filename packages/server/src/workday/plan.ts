import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { utcDay } from '../store/values/days.ts';
import type { DayAuthor } from '../store/workday/action-log.ts';
import { findDisplaced, findOfficeDays, type Rebooking } from './displaced-bookings.ts';
import { loadWorkday } from './load.ts';
import type { DayChange, DayOutcome, LockedUsers } from './model.ts';
import { saveWorkday } from './save.ts';

export type { Actor, DayAuthor } from '../store/workday/action-log.ts';
export type { PlanKind, PlanSource } from '../store/workday/day-plans.ts';
export { lockUserDays } from './lock-user-days.ts';
export type { DayChange, DayOutcome, Plan } from './model.ts';
export type { WeekPlan } from './week-plan.ts';

/**
 * Applies `changes` to users' days, one after the other: plan, booking and action log together. No other code writes
 * these. Outcomes are in the order of `changes`. A refused change leaves its day as it was and stops no other. A later
 * change of the same day sees the result of an earlier one. It takes at most twenty statements, whatever the number
 * of changes.
 *
 * A plan that stays the same keeps its source, with one exception. If the week plan or a one-day change sets it again,
 * that becomes its source. Presence or leave then cannot undo the plan later.
 *
 * It locks the tree, users, desks and days of zones in this order, and each kind in the order of its keys. So two
 * calls never deadlock. A transaction with further locks, or with several calls, must be ready to run again: this then
 * throws a write conflict (`isWriteConflict`). See `changeDays`.
 *
 * `locked` saves the lock of users whom the caller has locked already, and the look-up of days that have no plan.
 */
export async function writeDays(
  tx: Tx,
  tenantId: string,
  changes: DayChange[],
  author: DayAuthor,
  locked?: LockedUsers,
): Promise<DayOutcome[]> {
  if (changes.length === 0) return [];
  const workday = await loadWorkday(tx, tenantId, changes, { at: author.at, locked });
  const outcomes = changes.map((change) => workday.apply(change));
  await saveWorkday(tx, tenantId, workday, author);
  return outcomes;
}

/** `kept`: the day has another plan here, and keeps it. */
export type RecordOutcome = DayOutcome | 'kept';

/**
 * As `writeDays`, for days from the records of another system. They may be past, and may name users and nodes that
 * are inactive now. A day without a plan here gets the recorded one, and the action log gets no entry, since nobody
 * changed a plan. A day with another plan here keeps it. With `replace` it is changed, and the change is logged.
 */
export async function recordDays(
  tx: Tx,
  tenantId: string,
  changes: DayChange[],
  { replace, ...author }: DayAuthor & { replace: boolean },
): Promise<RecordOutcome[]> {
  if (changes.length === 0) return [];
  // An office's today is at most one day ahead of UTC, and deactivation frees days from the office's today on.
  // So an inactive user has no plan after today in UTC.
  const recordedUntil = utcDay(author.at.getTime());
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
 * `writeDays` in a transaction of its own, and again after a write conflict. Throws `ContentionError` if every try
 * ended in one, and `StoreUnavailableError`.
 */
export function changeDays(
  database: Database,
  tenantId: string,
  changes: DayChange[],
  author: DayAuthor,
): Promise<DayOutcome[]> {
  return inTenantWithRetries(database, tenantId, (tx) => writeDays(tx, tenantId, changes, author));
}

/** The most days to change in memory, and in one statement, at a time. */
const REBOOKED_AT_ONCE = 10_000;

/**
 * Rebooks the bookings of these nodes and of all nodes beneath them, for days that are not over at `author.at` at
 * their office. The transaction that retires or moves the nodes calls this afterwards.
 * - A desk that is still in the same office stays booked, and counts in its present zone.
 * - If that zone is full, or the node is retired or in another office, the office itself is booked instead.
 * - If the office is retired, the plan is deleted.
 *
 * Throws as `writeDays`.
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

/** Gives each day the first of its choices that is not refused. */
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
 * Frees the bookings of users who are deactivated. It deletes their office plans, and so their bookings, of every day
 * that is not over at `author.at`, in the time zone of the primary location, else of the organisation. Days away or
 * remote stay. The transaction that deactivates the users calls this afterwards. Throws as `writeDays`.
 */
export async function freeFutureBookings(
  tx: Tx,
  tenantId: string,
  userIds: string[],
  author: DayAuthor,
): Promise<void> {
  await writeDays(tx, tenantId, await findOfficeDays(tx, tenantId, userIds, author.at), author);
}

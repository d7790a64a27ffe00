import type { Tx } from '../store/connections/db.ts';
import { listDays } from '../store/values/days.ts';
import type { DayAuthor } from '../store/workday/action-log.ts';
import { listDayPlans } from '../store/workday/day-plans.ts';
import { deleteLeaves, insertLeaves, type LeaveType } from '../store/workday/leaves.ts';
import { leaveReason } from '../store/workday/reasons.ts';
import { type FullCalendar, loadCalendars } from './default-days.ts';
import { LeaveBook } from './leave-book.ts';
import { type DayRange, laterOf } from './leave-dates.ts';
import { type Changes, LeaveDays } from './leave-days.ts';
import { writeDays } from './plan.ts';

/** A leave to schedule, or days whose leave is cancelled. */
export interface LeaveChange extends DayRange {
  /** An active user. */
  userId: string;
  kind: 'scheduled' | 'cancelled';
  leaveType: LeaveType | null;
}

/**
 * Applies changes of leave in order, and changes plans and bookings with them. The users must be locked
 * (`lockUserDays`). The number of statements has a bound, whatever the length of the leaves. Throws as `writeDays`.
 */
export async function writeLeaves(
  tx: Tx,
  tenantId: string,
  changes: LeaveChange[],
  author: DayAuthor,
): Promise<void> {
  if (changes.length === 0) return;
  const people = await loadPeople(tx, tenantId, changes, author.at);
  const concerned = new Map(
    changes.flatMap((change) =>
      daysAhead(change, people.get(change.userId)).map((day) => [
        `${change.userId} ${day}`,
        { userId: change.userId, day },
      ]),
    ),
  );
  const days = new LeaveDays(await listDayPlans(tx, tenantId, [...concerned.values()]));
  for (const change of changes) {
    const person = people.get(change.userId);
    if (person) apply(change, person, days);
  }
  const books = [...people.values()].map(({ book }) => book);
  await deleteLeaves(
    tx,
    tenantId,
    books.flatMap((book) => book.gone),
  );
  await insertLeaves(
    tx,
    tenantId,
    books.flatMap((book) => book.added),
  );
  for (const each of days.changes) await writeChanges(tx, tenantId, each, author);
}

interface UserLeave extends FullCalendar {
  book: LeaveBook;
}

async function loadPeople(
  tx: Tx,
  tenantId: string,
  changes: LeaveChange[],
  at: Date,
): Promise<Map<string, UserLeave>> {
  const userIds = distinct(changes.map(({ userId }) => userId));
  const withWeek = changes.flatMap(({ kind, userId }) => (kind === 'cancelled' ? [userId] : []));
  const people = await loadCalendars(tx, tenantId, userIds, { at, withWeek });
  return new Map(
    people.map((person) => [person.userId, { ...person, book: new LeaveBook(person.userId, person.leaves) }]),
  );
}

/** The days of a change from the user's today on. */
function daysAhead({ startDay, endDay }: DayRange, person: UserLeave | undefined): string[] {
  return person ? listDays(laterOf(startDay, person.today), endDay) : [];
}

function apply(change: LeaveChange, person: UserLeave, days: LeaveDays): void {
  const { userId, kind, leaveType } = change;
  const ahead = daysAhead(change, person);
  const reason = leaveReason(kind, leaveType);
  if (kind === 'scheduled') {
    person.book.schedule(change, leaveType);
    for (const day of ahead) days.setAway({ userId, day }, reason);
    return;
  }
  person.book.cancel(change);
  // No leave contains these days now, so every day that leave had made away gets its default again.
  const over = ahead.filter((day) => days.isLeave({ userId, day }));
  const near = over.filter((day) => day <= person.horizon);
  for (const { day, plan } of person.weekOf(near)) days.reset({ userId, day }, plan, reason);
  for (const day of over.slice(near.length)) days.reset({ userId, day }, null, reason);
}

async function writeChanges(
  tx: Tx,
  tenantId: string,
  { round, reason, changes }: Changes,
  { actor, at }: DayAuthor,
): Promise<void> {
  const author = {
    // A reason that the author gives takes the place of that of the leave.
    actor: { ...actor, reason: actor.reason ?? reason },
    // A later round is a millisecond later, so that the log has the two changes of a day in their order.
    at: new Date(at.getTime() + round),
  };
  const outcomes = await writeDays(tx, tenantId, changes, author);
  // An office can be retired between the look-up and here. The day must not stay away for a leave that is gone.
  const closed = changes.filter((_, index) => typeof outcomes[index] === 'object');
  await writeDays(
    tx,
    tenantId,
    closed.map((change) => ({ ...change, plan: null })),
    author,
  );
}

function distinct(texts: string[]): string[] {
  return [...new Set(texts)];
}

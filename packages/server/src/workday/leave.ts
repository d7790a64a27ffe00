import type { Tx } from '../store/connections/db.ts';
import { listDayPlans } from '../store/workday/day-plans.ts';
import {
  deleteLeaves,
  insertLeaves,
  type LeaveRow,
  type LeaveType,
  listCalendars,
  listLeaves,
  type UserCalendar,
} from '../store/workday/leaves.ts';
import { LeaveBook } from './leave-book.ts';
import { type DayRange, laterOf, listDays } from './leave-dates.ts';
import { type Changes, LeaveDays } from './leave-days.ts';
import type { Plan } from './model.ts';
import { loadWeeks, writeDays } from './plan.ts';

/** A leave that is scheduled, or days that are leave no more. */
export interface LeaveChange extends DayRange {
  /** An active person. */
  userId: string;
  kind: 'scheduled' | 'cancelled';
  leaveType: LeaveType | null;
}

/**
 * Applies changes of leave in order, and makes plans and bookings follow. People must be locked (`lockUserDays`).
 * However long the leaves are, it takes a bounded number of statements. Throws as `writeDays`.
 */
export async function writeLeaves(
  tx: Tx,
  tenantId: string,
  changes: LeaveChange[],
  { apiKey, at }: { apiKey: string; at: Date },
): Promise<void> {
  if (changes.length === 0) return;
  const people = await loadPeople(tx, tenantId, changes, at);
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
  for (const each of days.changes) await writeChanges(tx, tenantId, each, { apiKey, at });
}

interface UserLeave extends UserCalendar {
  book: LeaveBook;
  /** What the week plan makes of these days. */
  weekOf(days: string[]): { day: string; plan: Plan | null }[];
}

async function loadPeople(
  tx: Tx,
  tenantId: string,
  changes: LeaveChange[],
  at: Date,
): Promise<Map<string, UserLeave>> {
  const userIds = distinct(changes.map(({ userId }) => userId));
  const cancelledUserIds = new Set(
    changes.flatMap(({ kind, userId }) => (kind === 'cancelled' ? [userId] : [])),
  );
  const calendars = await listCalendars(tx, tenantId, userIds, at);
  const leaves = new Map<string, LeaveRow[]>(userIds.map((userId) => [userId, []]));
  for (const leave of await listLeaves(tx, tenantId, userIds)) leaves.get(leave.userId)?.push(leave);
  const plansOf = await loadWeeks(
    tx,
    tenantId,
    calendars.filter(({ userId }) => cancelledUserIds.has(userId)),
  );
  return new Map(
    calendars.map((calendar) => {
      const { userId } = calendar;
      const person: UserLeave = {
        ...calendar,
        book: new LeaveBook(userId, leaves.get(userId) ?? []),
        weekOf: (days) => plansOf(calendar, days),
      };
      return [userId, person];
    }),
  );
}

/** The days of a change that are not past where the person is. */
function daysAhead({ startDay, endDay }: DayRange, person: UserLeave | undefined): string[] {
  return person ? listDays({ startDay: laterOf(startDay, person.today), endDay }) : [];
}

function apply(change: LeaveChange, person: UserLeave, days: LeaveDays): void {
  const { userId, kind, leaveType } = change;
  const ahead = daysAhead(change, person);
  const reason = `Leave ${kind}${leaveType === null ? '' : ` (${leaveType})`}`;
  if (kind === 'scheduled') {
    person.book.schedule(change, leaveType);
    for (const day of ahead) days.setAway({ userId, day }, reason);
    return;
  }
  person.book.cancel(change);
  // No leave has any of these days now, so all that one had made away are given back.
  const over = ahead.filter((day) => days.isLeave({ userId, day }));
  const near = over.filter((day) => day <= person.horizon);
  for (const { day, plan } of person.weekOf(near)) days.reset({ userId, day }, plan, reason);
  for (const day of over.slice(near.length)) days.reset({ userId, day }, null, reason);
}

async function writeChanges(
  tx: Tx,
  tenantId: string,
  { round, reason, changes }: Changes,
  { apiKey, at }: { apiKey: string; at: Date },
): Promise<void> {
  const author = {
    actor: { changedBy: 'integration' as const, name: apiKey, reason },
    // A millisecond later, so that the log has the two changes of a day in their order.
    at: new Date(at.getTime() + round),
  };
  const outcomes = await writeDays(tx, tenantId, changes, author);
  // An office can close between the look-up and here; leave that nobody has any more must not stay for it.
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

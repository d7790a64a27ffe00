import type { Tx } from '../store/connections/db.ts';
import { listDays } from '../store/values/days.ts';
import type { DayAuthor } from '../store/workday/action-log.ts';
import { listPlansAhead } from '../store/workday/day-plans.ts';
import { loadDefaultDays } from './default-days.ts';
import type { DayChange } from './model.ts';
import { writeDays } from './plan.ts';

/** The first day (`YYYY-MM-DD`) from which a user's days are to follow the week plan. */
export interface WeekStart {
  userId: string;
  fromDay: string;
}

/**
 * Makes the days of these users anew from their week plans: from `fromDay`, but not before the user's today, up to
 * the user's horizon. The users must be locked. Days that a one-day change, leave or presence made stay as they are.
 * Plans that the week plan made beyond the horizon, when the horizon was further, are deleted. Returns the users of
 * whom a day changed. Throws as `writeDays`.
 */
export async function applyWeekPlans(
  tx: Tx,
  tenantId: string,
  starts: WeekStart[],
  author: DayAuthor,
): Promise<Set<string>> {
  const userIds = starts.map(({ userId }) => userId);
  const people = await loadDefaultDays(tx, tenantId, userIds, author.at);
  const ranges = starts.flatMap(({ userId, fromDay }) => {
    const person = people.get(userId);
    if (!person) return [];
    const { today, horizon, on } = person;
    return [{ userId, from: fromDay > today ? fromDay : today, horizon, on }];
  });
  const days = new Map(ranges.map(({ userId, from, horizon }) => [userId, new Set(listDays(from, horizon))]));
  for (const { userId, day, setBy } of await listPlansAhead(tx, tenantId, ranges)) {
    if (setBy === 'week') days.get(userId)?.add(day);
    else days.get(userId)?.delete(day);
  }
  const changes = ranges.flatMap(({ userId, on }) =>
    on([...(days.get(userId) ?? [])]).map((day): DayChange => ({ userId, ...day })),
  );
  const outcomes = await writeDays(tx, tenantId, changes, author);
  return new Set(changes.flatMap(({ userId }, n) => (outcomes[n] === 'changed' ? [userId] : [])));
}

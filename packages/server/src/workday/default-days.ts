import type { Tx } from '../store/connections/db.ts';
import { groupBy } from '../store/values/group-by.ts';
import { type LeaveRow, listCalendars, listLeaves, type UserCalendar } from '../store/workday/leaves.ts';
import type { Plan } from './model.ts';
import type { PlanSource } from './plan.ts';
import { loadWeeks } from './week-plan.ts';

/** The default of a day: its plan if nobody changes it. */
export interface DefaultDay {
  day: string;
  plan: Plan | null;
  setBy: PlanSource;
}

/** A user's calendar, and the defaults of the user's days. */
export interface DefaultDays extends UserCalendar {
  /**
   * Leave if there is any, else the week plan up to the horizon. Beyond the horizon there is no plan: the horizon
   * engine makes it when the horizon reaches the day.
   */
  on(days: string[]): DefaultDay[];
}

/** The default days of these users at `at`; users who do not exist are left out. The users should be locked. */
export async function loadDefaultDays(
  tx: Tx,
  tenantId: string,
  userIds: string[],
  at: Date,
): Promise<Map<string, DefaultDays>> {
  const people = await loadCalendars(tx, tenantId, userIds, { at, withWeek: userIds });
  return new Map(
    people.map(({ leaves, weekOf, ...calendar }) => [
      calendar.userId,
      { ...calendar, on: (days) => defaultDays(days, calendar, weekOf, leaves) },
    ]),
  );
}

/** A user's calendar, and what the default of the user's days depends on. */
export interface FullCalendar extends UserCalendar {
  leaves: LeaveRow[];
  /** The plans of the week plan for these days, in their order. */
  weekOf(days: string[]): { day: string; plan: Plan | null }[];
}

/**
 * The calendars and leaves of these users at `at`; users who do not exist are left out. Only the users `withWeek` have
 * their week plans; the others have none. The users should be locked.
 */
export async function loadCalendars(
  tx: Tx,
  tenantId: string,
  userIds: string[],
  { at, withWeek }: { at: Date; withWeek: string[] },
): Promise<FullCalendar[]> {
  const calendars = await listCalendars(tx, tenantId, userIds, at);
  const leaves = groupBy(await listLeaves(tx, tenantId, userIds), ({ userId }) => userId);
  const haveWeek = new Set(withWeek);
  const plansOf = await loadWeeks(
    tx,
    tenantId,
    calendars.filter(({ userId }) => haveWeek.has(userId)),
  );
  return calendars.map((calendar) => ({
    ...calendar,
    leaves: leaves.get(calendar.userId) ?? [],
    weekOf: (days) => plansOf(calendar, days),
  }));
}

function defaultDays(
  days: string[],
  { horizon }: UserCalendar,
  weekOf: FullCalendar['weekOf'],
  leaves: LeaveRow[],
): DefaultDay[] {
  const near = days.filter((day) => day <= horizon);
  const byWeek = new Map(weekOf(near).map(({ day, plan }) => [day, plan]));
  return days.map((day) =>
    leaves.some(({ startDay, endDay }) => startDay <= day && day <= endDay)
      ? { day, plan: { kind: 'a' }, setBy: 'leave' }
      : { day, plan: byWeek.get(day) ?? null, setBy: 'week' },
  );
}

import type { Tx } from '../store/connections/db.ts';
import { groupBy } from '../store/values/group-by.ts';
import { type LeaveRow, listCalendars, listLeaves, type UserCalendar } from '../store/workday/leaves.ts';
import type { Plan } from './model.ts';
import type { PlanSource } from './plan.ts';
import { loadWeeks, type PlansOf } from './week-plan.ts';

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
  const calendars = await listCalendars(tx, tenantId, userIds, at);
  const plansOf = await loadWeeks(tx, tenantId, calendars);
  const leaves = groupBy(await listLeaves(tx, tenantId, userIds), ({ userId }) => userId);
  return new Map(
    calendars.map((calendar) => {
      const own = leaves.get(calendar.userId) ?? [];
      return [calendar.userId, { ...calendar, on: (days) => defaultDays(days, calendar, plansOf, own) }];
    }),
  );
}

function defaultDays(
  days: string[],
  calendar: UserCalendar,
  plansOf: PlansOf,
  leaves: LeaveRow[],
): DefaultDay[] {
  const near = days.filter((day) => day <= calendar.horizon);
  const byWeek = new Map(plansOf(calendar, near).map(({ day, plan }) => [day, plan]));
  return days.map((day) =>
    leaves.some(({ startDay, endDay }) => startDay <= day && day <= endDay)
      ? { day, plan: { kind: 'a' }, setBy: 'leave' }
      : { day, plan: byWeek.get(day) ?? null, setBy: 'week' },
  );
}

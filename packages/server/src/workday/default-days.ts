import type { Tx } from '../store/connections/db.ts';
import { type LeaveRow, listCalendars, listLeaves, type UserCalendar } from '../store/workday/leaves.ts';
import type { Plan } from './model.ts';
import type { PlanSource } from './plan.ts';
import { loadWeeks, type PlansOf } from './week-plan.ts';

/** What a day is where nobody says anything of it. */
export interface DefaultDay {
  day: string;
  plan: Plan | null;
  setBy: PlanSource;
}

/** Where in time a person is, and what their days are where nobody says anything of them. */
export interface DefaultDays extends UserCalendar {
  /**
   * Leave where they have it, else what the week plan says up to the horizon; beyond it no plan, which is made
   * when the horizon gets there.
   */
  on(days: string[]): DefaultDay[];
}

/** The default days of those of these users who exist, at `at`. They should be locked. */
export async function loadDefaultDays(
  tx: Tx,
  tenantId: string,
  userIds: string[],
  at: Date,
): Promise<Map<string, DefaultDays>> {
  const calendars = await listCalendars(tx, tenantId, userIds, at);
  const plansOf = await loadWeeks(tx, tenantId, calendars);
  const leaves = new Map<string, LeaveRow[]>(userIds.map((userId) => [userId, []]));
  for (const leave of await listLeaves(tx, tenantId, userIds)) leaves.get(leave.userId)?.push(leave);
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

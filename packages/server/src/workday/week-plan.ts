import type { PlanKind } from '../store/day-plans.ts';
import type { Tx } from '../store/db.ts';
import { listOfficeNodes } from '../store/offices.ts';
import { lockUsers } from '../store/users.ts';
import { listWeekPlans, replaceWeekPlan, type WeekPlanRow } from '../store/week-plans.ts';
import type { Plan } from './plan.ts';

/** Where an office day of the week is spent; null: at the person's primary location, whichever it is then. */
export type WeekdayPlan = { kind: 'o'; locationId: string | null } | { kind: 'r' } | { kind: 'a' };

/** From Monday to Sunday; null: no plan on that weekday. */
export type WeekPlan = [
  WeekdayPlan | null,
  WeekdayPlan | null,
  WeekdayPlan | null,
  WeekdayPlan | null,
  WeekdayPlan | null,
  WeekdayPlan | null,
  WeekdayPlan | null,
];

/** `unchanged`: it was so already. `message` is one English sentence for whoever asked. */
export type WeekPlanOutcome =
  | 'changed'
  | 'unchanged'
  | { refused: 'unknown-user' | 'unknown-location' | 'not-a-week'; message: string };

/** The week plans of these people, who need not exist; a week without any plan for those who have none. */
export async function readWeekPlans(
  tx: Tx,
  tenantId: string,
  userIds: string[],
): Promise<Map<string, WeekPlan>> {
  const weeks = new Map(userIds.map((userId) => [userId, emptyWeek()]));
  for (const row of await listWeekPlans(tx, tenantId, userIds)) {
    const week = weeks.get(row.userId);
    if (week) week[row.weekday - 1] = weekdayPlan(row);
  }
  return weeks;
}

export async function readWeekPlan(tx: Tx, tenantId: string, userId: string): Promise<WeekPlan> {
  return (await readWeekPlans(tx, tenantId, [userId])).get(userId) ?? emptyWeek();
}

/**
 * Sets the week plan of an active user, whole. Offices must be active locations; ids are in lower case. Days
 * that have a plan already stay as they are.
 */
export async function setWeekPlan(
  tx: Tx,
  tenantId: string,
  userId: string,
  week: WeekPlan,
): Promise<WeekPlanOutcome> {
  if (week.length !== 7) {
    return { refused: 'not-a-week', message: 'A week plan has seven days, from Monday to Sunday.' };
  }
  const status = (await lockUsers(tx, tenantId, [userId])).get(userId);
  if (status !== 'active') {
    return { refused: 'unknown-user', message: `User ${userId} is not known, or not active.` };
  }
  const rows = week.flatMap((plan, index) => (plan ? [{ weekday: index + 1, ...weekdayRow(plan) }] : []));
  const locationIds = [...new Set(rows.flatMap(({ locationId }) => locationId ?? []))];
  const nodes = await listOfficeNodes(tx, tenantId, locationIds);
  const offices = new Set(
    nodes.filter(({ kind, active }) => kind === 'location' && active).map((node) => node.nodeId),
  );
  const unknown = locationIds.find((locationId) => !offices.has(locationId));
  if (unknown !== undefined) {
    return { refused: 'unknown-location', message: `Office ${unknown} is not known, or not active.` };
  }
  return (await replaceWeekPlan(tx, tenantId, userId, rows)) ? 'changed' : 'unchanged';
}

/** What somebody's week plan makes of days, as `plansFromWeek` says. */
export type PlansOf = (
  person: { userId: string; primaryLocationId: string | null },
  days: string[],
) => { day: string; plan: Plan | null }[];

/** Looks up the week plans of these people, and which of their offices are active. */
export async function loadWeeks(
  tx: Tx,
  tenantId: string,
  people: { userId: string; primaryLocationId: string | null }[],
): Promise<PlansOf> {
  const userIds = people.map(({ userId }) => userId);
  const weeks = await readWeekPlans(tx, tenantId, userIds);
  const named = [...weeks.values()].flat().map((plan) => (plan?.kind === 'o' ? plan.locationId : null));
  const primary = people.map(({ primaryLocationId }) => primaryLocationId);
  const locationIds = new Set([...named, ...primary].filter((id) => id !== null));
  const nodes = await listOfficeNodes(tx, tenantId, [...locationIds]);
  const activeLocationIds = new Set(
    nodes.filter(({ kind, active }) => kind === 'location' && active).map(({ nodeId }) => nodeId),
  );
  return ({ userId, primaryLocationId }, days) =>
    plansFromWeek(weeks.get(userId) ?? emptyWeek(), days, { primaryLocationId, activeLocationIds });
}

/**
 * What a person's week plan makes of `days` (`YYYY-MM-DD`), in their order; null: no plan. Pure.
 *
 * An office plan whose office is missing, or is not among `activeLocationIds`, is no plan.
 */
export function plansFromWeek(
  week: WeekPlan,
  days: string[],
  offices: { primaryLocationId: string | null; activeLocationIds: ReadonlySet<string> },
): { day: string; plan: Plan | null }[] {
  return days.map((day) => ({ day, plan: planFor(week[weekdayOf(day) - 1] ?? null, offices) }));
}

function planFor(
  plan: WeekdayPlan | null,
  {
    primaryLocationId,
    activeLocationIds,
  }: { primaryLocationId: string | null; activeLocationIds: ReadonlySet<string> },
): Plan | null {
  if (plan?.kind !== 'o') return plan;
  const locationId = plan.locationId ?? primaryLocationId;
  return locationId !== null && activeLocationIds.has(locationId) ? { kind: 'o', locationId } : null;
}

/** ISO: 1 Monday to 7 Sunday. */
function weekdayOf(day: string): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay() || 7;
}

function weekdayPlan({ plan, locationId }: WeekPlanRow): WeekdayPlan {
  return plan === 'o' ? { kind: plan, locationId } : { kind: plan };
}

function weekdayRow(plan: WeekdayPlan): { plan: PlanKind; locationId: string | null } {
  return { plan: plan.kind, locationId: plan.kind === 'o' ? plan.locationId : null };
}

function emptyWeek(): WeekPlan {
  return [null, null, null, null, null, null, null];
}

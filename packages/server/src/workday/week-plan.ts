import type { Tx } from '../store/connections/db.ts';
import { weekdayOf } from '../store/values/days.ts';
import { digest } from '../store/values/digest.ts';
import type { PlanKind } from '../store/workday/day-plans.ts';
import { listOfficeNodes } from '../store/workday/offices.ts';
import { listWeekPlans, replaceWeekPlans, type WeekPlanRow } from '../store/workday/week-plans.ts';
import { lockUserDays } from './lock-user-days.ts';
import type { Plan } from './model.ts';

/** The plan of a weekday. A `locationId` of null means the user's primary location at that time. */
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

/** `unchanged`: the week plan was the same already. `message` is one English sentence for the caller. */
export type WeekPlanOutcome = 'changed' | 'unchanged' | WeekPlanRefusal;

export interface WeekPlanRefusal {
  refused: 'unknown-user' | 'unknown-location' | 'not-a-week' | 'changed-meanwhile';
  message: string;
  /** The day at fault, if there is one; 0 is Monday. */
  weekday?: number;
}

/** The week plans of these users, who need not exist. A user without one gets an empty week. */
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

/** As `readWeekPlans`, for one user. */
export async function readWeekPlan(tx: Tx, tenantId: string, userId: string): Promise<WeekPlan> {
  return (await readWeekPlans(tx, tenantId, [userId])).get(userId) ?? emptyWeek();
}

/** A week plan to set for a user. */
export interface WeekPlanChange {
  userId: string;
  week: WeekPlan;
  /** The version that the present week plan must have; undefined: any. */
  version?: string | undefined;
}

/** A text that changes with a week plan. */
export function weekVersion(week: WeekPlan): string {
  const words = week.map((plan) => plan && `${plan.kind} ${officeOf(plan)[0] ?? ''}`);
  return digest(words).slice(0, 8);
}

/**
 * Sets whole week plans of active users; `changes` has each user once. Offices must be active locations. Ids are in
 * lower case. Outcomes are in the order of `changes`; a refused week plan stops no other. Days that have a plan
 * already stay as they are.
 */
export async function setWeekPlans(
  tx: Tx,
  tenantId: string,
  changes: WeekPlanChange[],
): Promise<WeekPlanOutcome[]> {
  const statuses = await lockUserDays(
    tx,
    tenantId,
    changes.map(({ userId }) => userId),
  );
  const named = changes.flatMap(({ week }) => week.flatMap(officeOf));
  const offices = await listActiveOffices(tx, tenantId, named);
  const present = await readWeekPlans(tx, tenantId, usersWithVersion(changes));
  const refusals = changes.map((change) => whyNot(change, statuses, offices) ?? whyChanged(change, present));
  const accepted = changes.filter((_, index) => !refusals[index]);
  const changed = await replaceWeekPlans(
    tx,
    tenantId,
    accepted.map(({ userId }) => userId),
    accepted.flatMap(rowsOf),
  );
  return changes.map(({ userId }, n) => refusals[n] ?? (changed.has(userId) ? 'changed' : 'unchanged'));
}

/** As `setWeekPlans`, for one user. */
export async function setWeekPlan(
  tx: Tx,
  tenantId: string,
  userId: string,
  week: WeekPlan,
): Promise<WeekPlanOutcome> {
  const [outcome] = await setWeekPlans(tx, tenantId, [{ userId, week }]);
  return outcome ?? 'unchanged';
}

function whyNot(
  { userId, week }: WeekPlanChange,
  statuses: ReadonlyMap<string, string>,
  offices: ReadonlySet<string>,
): WeekPlanRefusal | undefined {
  if (week.length !== 7) {
    return { refused: 'not-a-week', message: 'A week plan has seven days, from Monday to Sunday.' };
  }
  if (statuses.get(userId) !== 'active') {
    return { refused: 'unknown-user', message: `User ${userId} is not known, or not active.` };
  }
  const weekday = week.findIndex((plan) => officeOf(plan).some((id) => !offices.has(id)));
  const unknown = officeOf(week[weekday] ?? null)[0];
  if (unknown === undefined) return undefined;
  const message = `Office ${unknown} is not known, or not active.`;
  return { refused: 'unknown-location', message, weekday };
}

function usersWithVersion(changes: WeekPlanChange[]): string[] {
  return changes.flatMap(({ userId, version }) => (version === undefined ? [] : [userId]));
}

function whyChanged(
  { userId, version }: WeekPlanChange,
  present: ReadonlyMap<string, WeekPlan>,
): WeekPlanRefusal | undefined {
  if (version === undefined || version === weekVersion(present.get(userId) ?? emptyWeek())) return undefined;
  const message = 'The week plan has changed since it was read. Read it again.';
  return { refused: 'changed-meanwhile', message };
}

function rowsOf({ userId, week }: WeekPlanChange): WeekPlanRow[] {
  return week.flatMap((plan, index) => (plan ? [{ userId, weekday: index + 1, ...weekdayRow(plan) }] : []));
}

/** The plans of a user's week plan for days, as in `plansFromWeek`. */
export type PlansOf = (
  person: { userId: string; primaryLocationId: string | null },
  days: string[],
) => { day: string; plan: Plan | null }[];

/** Looks up the week plans of these users, and which of their offices are active. */
export async function loadWeeks(
  tx: Tx,
  tenantId: string,
  people: { userId: string; primaryLocationId: string | null }[],
): Promise<PlansOf> {
  const userIds = people.map(({ userId }) => userId);
  const weeks = await readWeekPlans(tx, tenantId, userIds);
  const named = [...weeks.values()].flatMap((week) => week.flatMap(officeOf));
  const primary = people.flatMap(({ primaryLocationId }) => primaryLocationId ?? []);
  const activeLocationIds = await listActiveOffices(tx, tenantId, [...named, ...primary]);
  return ({ userId, primaryLocationId }, days) =>
    plansFromWeek(weeks.get(userId) ?? emptyWeek(), days, { primaryLocationId, activeLocationIds });
}

/**
 * The plans of a week plan for `days` (`YYYY-MM-DD`), in their order; null: no plan. Does no I/O.
 *
 * An office plan without an office, or with an office that is not in `activeLocationIds`, counts as no plan.
 */
export function plansFromWeek(
  week: WeekPlan,
  days: string[],
  offices: { primaryLocationId: string | null; activeLocationIds: ReadonlySet<string> },
): { day: string; plan: Plan | null }[] {
  return days.map((day) => ({ day, plan: planFor(week[weekdayOf(day) - 1] ?? null, offices) }));
}

function officeOf(plan: WeekdayPlan | null): string[] {
  return plan?.kind === 'o' && plan.locationId !== null ? [plan.locationId] : [];
}

async function listActiveOffices(tx: Tx, tenantId: string, locationIds: string[]): Promise<Set<string>> {
  const nodes = await listOfficeNodes(tx, tenantId, [...new Set(locationIds)]);
  return new Set(
    nodes.filter(({ kind, active }) => kind === 'location' && active).map((node) => node.nodeId),
  );
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

function weekdayPlan({ plan, locationId }: WeekPlanRow): WeekdayPlan {
  return plan === 'o' ? { kind: plan, locationId } : { kind: plan };
}

function weekdayRow(plan: WeekdayPlan): { plan: PlanKind; locationId: string | null } {
  return { plan: plan.kind, locationId: plan.kind === 'o' ? plan.locationId : null };
}

/** A week plan without a plan on any weekday. */
export function emptyWeek(): WeekPlan {
  return [null, null, null, null, null, null, null];
}

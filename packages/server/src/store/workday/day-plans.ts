import { dayArray, textArray, uuidArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import { disableNestedLoops } from '../connections/planner.ts';

export const PLAN_KINDS = ['o', 'r', 'a'] as const;
/** o office, r remote, a away. */
export type PlanKind = (typeof PLAN_KINDS)[number];
/** What made the plan: the week plan, a change of the day, leave, or presence. */
export type PlanSource = 'week' | 'day' | 'leave' | 'presence';

export interface UserDay {
  /** In lower case. */
  userId: string;
  /** `YYYY-MM-DD`. */
  day: string;
}

export interface DayPlanRow extends UserDay {
  plan: PlanKind;
  /** The office of an office plan. Null for other plans. */
  locationId: string | null;
  setBy: PlanSource;
}

/** The existing plans of these days, in no order. */
export async function listDayPlans(tx: Tx, tenantId: string, days: UserDay[]): Promise<DayPlanRow[]> {
  if (days.length === 0) return [];
  const { rows } = await tx.query<DayPlanRow>(
    `SELECT p.user_id AS "userId", p.day, p.plan, p.location_id AS "locationId", p.set_by AS "setBy"
     FROM unnest($2::uuid[], $3::date[]) AS w (user_id, day)
     JOIN day_plans p ON p.tenant_id = $1 AND p.user_id = w.user_id AND p.day = w.day AND p.day BETWEEN $4 AND $5`,
    [tenantId, ...userDayColumns(days), ...daySpan(days)],
  );
  return rows;
}

/** The days of a user from a day up to the horizon, as `YYYY-MM-DD`. */
export interface DaysAhead {
  userId: string;
  from: string;
  horizon: string;
}

/** The existing plans of these days, and the plans after the horizon that the week plan made. In no order. */
export async function listPlansAhead(tx: Tx, tenantId: string, ranges: DaysAhead[]): Promise<DayPlanRow[]> {
  if (ranges.length === 0) return [];
  const { rows } = await tx.query<DayPlanRow>(
    `SELECT p.user_id AS "userId", p.day, p.plan, p.location_id AS "locationId", p.set_by AS "setBy"
     FROM unnest($2::uuid[], $3::date[], $4::date[]) AS w (user_id, first_day, horizon)
     JOIN day_plans p ON p.tenant_id = $1 AND p.user_id = w.user_id AND p.day >= w.first_day
       AND (p.day <= w.horizon OR p.set_by = 'week')`,
    [
      tenantId,
      ranges.map(({ userId }) => userId),
      ranges.map(({ from }) => from),
      ranges.map(({ horizon }) => horizon),
    ],
  );
  return rows;
}

/**
 * Inserts plans for days without a plan. The database refuses a second plan of a user's day (23505). The
 * transaction must also insert the bookings: at the commit, the database refuses an office plan without a
 * booking at that office.
 */
export async function insertDayPlans(tx: Tx, tenantId: string, plans: DayPlanRow[]): Promise<void> {
  if (plans.length === 0) return;
  await tx.query(
    `INSERT INTO day_plans (tenant_id, user_id, day, plan, location_id, set_by)
     SELECT $1, w.* FROM unnest($2::uuid[], $3::date[], $4::text[], $5::uuid[], $6::text[]) AS w`,
    [tenantId, ...dayPlanColumns(plans)],
  );
}

/** Updates existing plans to the values in `plans`. The rule for bookings of `insertDayPlans` applies. */
export async function updateDayPlans(tx: Tx, tenantId: string, plans: DayPlanRow[]): Promise<void> {
  if (plans.length === 0) return;
  await tx.query(
    `UPDATE day_plans p SET plan = w.plan, location_id = w.location_id, set_by = w.set_by
     FROM unnest($2::uuid[], $3::date[], $4::text[], $5::uuid[], $6::text[])
       AS w (user_id, day, plan, location_id, set_by)
     WHERE p.tenant_id = $1 AND p.user_id = w.user_id AND p.day = w.day`,
    [tenantId, ...dayPlanColumns(plans)],
  );
}

function dayPlanColumns(plans: DayPlanRow[]): Buffer[] {
  return [
    ...userDayColumns(plans),
    textArray(plans.map((row) => row.plan)),
    uuidArray(plans.map((row) => row.locationId)),
    textArray(plans.map((row) => row.setBy)),
  ];
}

/** Deletes the plans of these days. A day without a plan has no effect. */
export async function deleteDayPlans(tx: Tx, tenantId: string, days: UserDay[]): Promise<void> {
  if (days.length === 0) return;
  await tx.query(
    `DELETE FROM day_plans p USING unnest($2::uuid[], $3::date[]) AS w (user_id, day)
     WHERE p.tenant_id = $1 AND p.user_id = w.user_id AND p.day = w.day`,
    [tenantId, ...userDayColumns(days)],
  );
}

/**
 * The days with an office plan of these users that have not ended at `at`, ordered by user and day. The time
 * zone is that of the user's primary location, else the organisation's.
 */
export async function listOfficeDaysFrom(
  tx: Tx,
  tenantId: string,
  userIds: string[],
  at: Date,
): Promise<UserDay[]> {
  if (userIds.length === 0) return [];
  const { rows } = await tx.query<UserDay>(
    `SELECT p.user_id AS "userId", p.day
     FROM users u
     CROSS JOIN current_organisation() AS organisation
     LEFT JOIN nodes o ON o.tenant_id = u.tenant_id AND o.node_id = u.primary_location_id
     JOIN day_plans p ON p.tenant_id = u.tenant_id AND p.user_id = u.user_id
     WHERE u.tenant_id = $1 AND u.user_id = ANY ($2::uuid[]) AND p.plan = 'o'
       AND p.day >= ($3::timestamptz AT TIME ZONE coalesce(o.time_zone, organisation.time_zone))::date
     ORDER BY p.user_id, p.day`,
    [tenantId, userIds, at],
  );
  return rows;
}

/** A user's plan of a day, and the desk that is booked for it. */
export interface PlannedDayRow {
  userId: string;
  plan: PlanKind;
  locationId: string | null;
  deskId: string | null;
}

/** The plans of all users for one day (`YYYY-MM-DD`), in no order. */
export async function listPlannedDays(tx: Tx, tenantId: string, day: string): Promise<PlannedDayRow[]> {
  await disableNestedLoops(tx);
  const { rows } = await tx.query<PlannedDayRow>(
    `SELECT p.user_id AS "userId", p.plan, p.location_id AS "locationId",
            CASE WHEN b.node_kind = 'place' THEN b.node_id END AS "deskId"
     FROM day_plans p
     LEFT JOIN bookings b ON b.tenant_id = p.tenant_id AND b.user_id = p.user_id AND b.day = p.day
     WHERE p.tenant_id = $1 AND p.day = $2`,
    [tenantId, day],
  );
  return rows;
}

/** The two parameters of `unnest($::uuid[], $::date[])`. */
export function userDayColumns(days: UserDay[]): [Buffer, Buffer] {
  return [uuidArray(days.map((row) => row.userId)), dayArray(days.map((row) => row.day))];
}

/**
 * The first and the last of `days`. Without these bounds, the planner would read the whole table to join it
 * with many days.
 */
export function daySpan(days: { day: string }[]): [string | undefined, string | undefined] {
  const sorted = days.map(({ day }) => day).sort();
  return [sorted[0], sorted.at(-1)];
}

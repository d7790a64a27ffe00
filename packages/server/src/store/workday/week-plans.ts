import type { Tx } from '../connections/db.ts';
import type { PageWindow } from '../values/page.ts';
import type { PlanKind } from './day-plans.ts';

export interface WeekPlanRow {
  userId: string;
  /** ISO: 1 Monday to 7 Sunday. */
  weekday: number;
  plan: PlanKind;
  /** The office of an office plan. Null means the user's primary location. */
  locationId: string | null;
}

/** The weekdays for which these users have a plan, ordered by user and weekday. */
export async function listWeekPlans(tx: Tx, tenantId: string, userIds: string[]): Promise<WeekPlanRow[]> {
  if (userIds.length === 0) return [];
  const { rows } = await tx.query<WeekPlanRow>(
    `SELECT user_id AS "userId", weekday, plan, location_id AS "locationId" FROM week_plans
     WHERE tenant_id = $1 AND user_id = ANY ($2::uuid[]) ORDER BY user_id, weekday`,
    [tenantId, userIds],
  );
  return rows;
}

/**
 * Makes `rows` the whole week plans of these users. Writes only the differences. Returns the users whose week
 * plan has changed.
 */
export async function replaceWeekPlans(
  tx: Tx,
  tenantId: string,
  userIds: string[],
  rows: WeekPlanRow[],
): Promise<Set<string>> {
  const [owners, weekdays] = [rows.map((row) => row.userId), rows.map((row) => row.weekday)];
  const deleted = await tx.query<{ userId: string }>(
    `DELETE FROM week_plans p WHERE p.tenant_id = $1 AND p.user_id = ANY ($2::uuid[])
       AND NOT EXISTS (SELECT FROM unnest($3::uuid[], $4::smallint[]) AS w (user_id, weekday)
                       WHERE w.user_id = p.user_id AND w.weekday = p.weekday)
     RETURNING p.user_id AS "userId"`,
    [tenantId, userIds, owners, weekdays],
  );
  const written = await tx.query<{ userId: string }>(
    `INSERT INTO week_plans AS p (tenant_id, user_id, weekday, plan, location_id)
     SELECT $1, w.* FROM unnest($2::uuid[], $3::smallint[], $4::text[], $5::uuid[]) AS w
     ON CONFLICT (tenant_id, user_id, weekday) DO UPDATE SET plan = excluded.plan, location_id = excluded.location_id
     WHERE (p.plan, p.location_id) IS DISTINCT FROM (excluded.plan, excluded.location_id)
     RETURNING p.user_id AS "userId"`,
    [tenantId, owners, weekdays, rows.map((row) => row.plan), rows.map((row) => row.locationId)],
  );
  return new Set([...deleted.rows, ...written.rows].map(({ userId }) => userId));
}

/**
 * The active users of one primary location, or of all, ordered by id: one page, and one more user if there is
 * one. The caller reads their week plans by id.
 */
export async function listWeekPlanOwners(
  tx: Tx,
  tenantId: string,
  primaryLocationId: string | undefined,
  { limit, after }: PageWindow,
): Promise<{ userId: string; userName: string }[]> {
  const { rows } = await tx.query<{ userId: string; userName: string }>(
    `SELECT user_id AS "userId", user_name AS "userName" FROM users
     WHERE tenant_id = $1 AND status = 'active' AND ($2::uuid IS NULL OR primary_location_id = $2)
       AND ($3::uuid IS NULL OR user_id > $3)
     ORDER BY user_id LIMIT $4`,
    [tenantId, primaryLocationId ?? null, after, limit + 1],
  );
  return rows;
}

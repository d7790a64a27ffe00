import type { PlanKind } from './day-plans.ts';
import type { Tx } from './db.ts';

export interface WeekPlanRow {
  userId: string;
  /** ISO: 1 Monday to 7 Sunday. */
  weekday: number;
  plan: PlanKind;
  /** Of an office plan; null: the person's primary location. */
  locationId: string | null;
}

/** The weekdays that these people have a plan for, by user and weekday. */
export async function listWeekPlans(tx: Tx, tenantId: string, userIds: string[]): Promise<WeekPlanRow[]> {
  if (userIds.length === 0) return [];
  const { rows } = await tx.query<WeekPlanRow>(
    `SELECT user_id AS "userId", weekday, plan, location_id AS "locationId" FROM week_plans
     WHERE tenant_id = $1 AND user_id = ANY ($2::uuid[]) ORDER BY user_id, weekday`,
    [tenantId, userIds],
  );
  return rows;
}

/** Makes `rows` the whole week of one user, writing only what differs; whether anything did. */
export async function replaceWeekPlan(
  tx: Tx,
  tenantId: string,
  userId: string,
  rows: Omit<WeekPlanRow, 'userId'>[],
): Promise<boolean> {
  const weekdays = rows.map((row) => row.weekday);
  const deleted = await tx.query(
    'DELETE FROM week_plans WHERE tenant_id = $1 AND user_id = $2 AND weekday <> ALL ($3::smallint[])',
    [tenantId, userId, weekdays],
  );
  const written = await tx.query(
    `INSERT INTO week_plans AS p (tenant_id, user_id, weekday, plan, location_id)
     SELECT $1, $2, w.* FROM unnest($3::smallint[], $4::text[], $5::uuid[]) AS w
     ON CONFLICT (tenant_id, user_id, weekday) DO UPDATE SET plan = excluded.plan, location_id = excluded.location_id
     WHERE (p.plan, p.location_id) IS DISTINCT FROM (excluded.plan, excluded.location_id)`,
    [tenantId, userId, weekdays, rows.map((row) => row.plan), rows.map((row) => row.locationId)],
  );
  return (deleted.rowCount ?? 0) + (written.rowCount ?? 0) > 0;
}

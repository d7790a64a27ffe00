import type { Tx } from '../connections/db.ts';
import { disableNestedLoops } from '../connections/planner.ts';
import type { PlanKind } from './day-plans.ts';

/** The horizon, in days, of users without a primary location, because no office setting applies to them. */
const HORIZON_DAYS_WITHOUT_OFFICE = 14;

/**
 * SQL of the calendars of the organisation `$1` at the instant `parameter`. Each office whose time zone the
 * database knows has a row with these columns:
 *
 * - `calendar_id`: equals `CALENDAR_OF_USER` for the users of the office.
 * - `today`: the date by the office's clock.
 * - `horizon`: the last day for which the server makes plans from week plans.
 *
 * One more row is the calendar of users without an office. It follows the organisation's clock.
 */
export function calendarsAt(parameter: string): string {
  return `(SELECT c.calendar_id, c.today, c.today + c.horizon_days AS horizon
    FROM (SELECT z.calendar_id, z.horizon_days, (${parameter}::timestamptz AT TIME ZONE z.time_zone)::date AS today
          FROM (SELECT location_id AS calendar_id, time_zone, horizon_days FROM offices
                WHERE tenant_id = $1 AND unknown_time_zone IS NULL
                UNION ALL
                SELECT tenant_id, time_zone, ${HORIZON_DAYS_WITHOUT_OFFICE} FROM current_organisation()) AS z) AS c)`;
}

/** SQL of the `calendar_id` of a row `u` of `users`. */
export const CALENDAR_OF_USER = 'coalesce(u.primary_location_id, u.tenant_id)';

/**
 * SQL of the users and days without a plan, from the user's today to the horizon, for which the week plan has
 * one. `days` has the days of each calendar (calendar_id, day, weekday). `span` limits the days. Office days
 * without an active office are left out: otherwise every run of the job would look at them again.
 */
function missing(days: string, span: string): string {
  return `FROM users u
    JOIN ${days} AS d ON d.calendar_id = ${CALENDAR_OF_USER}
    JOIN week_plans w ON w.tenant_id = u.tenant_id AND w.user_id = u.user_id AND w.weekday = d.weekday
    LEFT JOIN nodes o ON o.tenant_id = u.tenant_id AND o.kind = 'location'
      AND o.node_id = coalesce(w.location_id, u.primary_location_id)
    WHERE u.tenant_id = $1 AND u.status = 'active' AND (w.plan <> 'o' OR o.status = 'active' AND o.unknown_time_zone IS NULL)
      AND NOT EXISTS (SELECT FROM day_plans p
                      WHERE p.tenant_id = u.tenant_id AND p.user_id = u.user_id AND p.day = d.day AND ${span})`;
}

/** The users without a plan for the day `$3`. */
const MISSING_THEN = missing(
  `(SELECT calendar_id, $3::date AS day, extract(isodow FROM $3::date)::smallint AS weekday
    FROM ${calendarsAt('$2')} AS c WHERE $3::date BETWEEN c.today AND c.horizon)`,
  'p.day = $3::date',
);

/** The days on which plans are missing at `at`, in order. If there are none, the job runs no other statement. */
export async function listDaysToPlan(tx: Tx, tenantId: string, at: Date): Promise<string[]> {
  await disableNestedLoops(tx);
  const { rows } = await tx.query<{ day: string }>(
    `WITH days AS MATERIALIZED (
       SELECT c.calendar_id, d.day, extract(isodow FROM d.day)::smallint AS weekday
       FROM ${calendarsAt('$2')} AS c
       CROSS JOIN LATERAL (SELECT c.today + ahead AS day FROM generate_series(0, c.horizon - c.today) AS ahead) AS d
     )
     SELECT DISTINCT d.day
     ${missing('days', 'p.day BETWEEN (SELECT min(day) FROM days) AND (SELECT max(day) FROM days)')}
     ORDER BY d.day`,
    [tenantId, at],
  );
  return rows.map(({ day }) => day);
}

/** The active offices without a horizon, because the database does not know their time zone. */
export async function listSkippedOffices(
  tx: Tx,
  tenantId: string,
): Promise<{ locationId: string; timeZone: string }[]> {
  const { rows } = await tx.query<{ locationId: string; timeZone: string }>(
    `SELECT location_id AS "locationId", unknown_time_zone AS "timeZone" FROM offices
     WHERE tenant_id = $1 AND status = 'active' AND unknown_time_zone IS NOT NULL ORDER BY location_id`,
    [tenantId],
  );
  return rows;
}

/** A user without a plan for a day. */
export interface PersonToPlan {
  userId: string;
  /** The office whose horizon applies. Null: the organisation's. */
  primaryLocationId: string | null;
  primaryGroupId: string | null;
  /** The user's assigned desks at all offices, ordered by id. */
  ownDeskIds: string[];
}

/** The users whose plan of `day` is missing at `at`, ordered by primary location and id. */
export async function listPeopleToPlan(
  tx: Tx,
  tenantId: string,
  { day, at }: { day: string; at: Date },
): Promise<PersonToPlan[]> {
  await disableNestedLoops(tx);
  const { rows } = await tx.query<PersonToPlan>(
    `SELECT m.user_id AS "userId", m.primary_location_id AS "primaryLocationId",
            m.primary_group_id AS "primaryGroupId", coalesce(own.desk_ids, '{}') AS "ownDeskIds"
     FROM (SELECT u.user_id, u.primary_location_id, u.primary_group_id ${MISSING_THEN}) AS m
     LEFT JOIN (SELECT user_id, array_agg(place_id::text ORDER BY place_id) AS desk_ids
                FROM desk_assignments WHERE tenant_id = $1 GROUP BY user_id) AS own ON own.user_id = m.user_id
     ORDER BY m.primary_location_id, m.user_id`,
    [tenantId, at, day],
  );
  return rows;
}

/** A missing plan: the plan of the week plan, and whether the user has leave, which takes precedence. */
export interface PlanToMake {
  userId: string;
  plan: PlanKind;
  /** The office of an office plan, null of any other. */
  locationId: string | null;
  onLeave: boolean;
}

/**
 * Those of `userIds` whose plan of `day` is missing at `at`, in no order. The caller should lock these users
 * before.
 */
export async function listPlansToMake(
  tx: Tx,
  tenantId: string,
  { day, at, userIds }: { day: string; at: Date; userIds: string[] },
): Promise<PlanToMake[]> {
  const { rows } = await tx.query<PlanToMake>(
    `SELECT u.user_id AS "userId", w.plan, CASE WHEN w.plan = 'o' THEN o.node_id END AS "locationId",
            EXISTS (SELECT FROM leaves l WHERE l.tenant_id = u.tenant_id AND l.user_id = u.user_id
                    AND $3::date BETWEEN l.start_day AND l.end_day) AS "onLeave"
     ${MISSING_THEN} AND u.user_id = ANY ($4::uuid[])`,
    [tenantId, at, day, userIds],
  );
  return rows;
}

/**
 * Stores that all plans up to `day` are made, as far as each office's horizon reaches. Null means up to the
 * horizon. Shortening a horizon does not change the stored day. Unchanged rows are not written.
 */
export async function advanceHorizons(
  tx: Tx,
  tenantId: string,
  { day, at }: { day: string | null; at: Date },
): Promise<void> {
  // least() ignores nulls.
  await tx.query(
    `INSERT INTO office_settings AS s (tenant_id, location_id, horizon_reached)
     SELECT o.tenant_id, o.location_id, o.reached
     FROM (SELECT tenant_id, location_id, horizon_reached, today, least(today + horizon_days, $3::date) AS reached
           FROM (SELECT *, ($2::timestamptz AT TIME ZONE time_zone)::date AS today FROM offices
                 WHERE tenant_id = $1 AND status = 'active' AND unknown_time_zone IS NULL) AS dated) AS o
     WHERE o.today <= o.reached AND (o.horizon_reached < o.reached OR o.horizon_reached IS NULL)
     ORDER BY o.location_id
     ON CONFLICT (tenant_id, location_id) DO UPDATE SET horizon_reached = excluded.horizon_reached
     WHERE s.horizon_reached < excluded.horizon_reached OR s.horizon_reached IS NULL`,
    [tenantId, at, day],
  );
}

import type { Tx } from './db.ts';

/** Days ahead of people who have no primary location, and so no office that sets them. */
const HORIZON_DAYS_WITHOUT_OFFICE = 14;

/**
 * SQL of everybody's calendar at the instant `parameter`: `tenant_id`, `user_id`, `status`, `primary_location_id`,
 * `today` by the clock of the primary location, else of the organisation, and `horizon`, the last day that plans
 * are made for from the week plan.
 */
export function calendarsAt(parameter: string): string {
  return `(SELECT c.tenant_id, c.user_id, c.status, c.primary_location_id, c.today, c.today + c.horizon_days AS horizon
    FROM (SELECT u.tenant_id, u.user_id, u.status, u.primary_location_id,
                 coalesce(o.horizon_days, ${HORIZON_DAYS_WITHOUT_OFFICE}) AS horizon_days,
                 (${parameter}::timestamptz AT TIME ZONE coalesce(o.time_zone, organisation.time_zone))::date AS today
          FROM users u
          CROSS JOIN current_organisation() AS organisation
          LEFT JOIN offices o ON o.tenant_id = u.tenant_id AND o.location_id = u.primary_location_id) AS c)`;
}

/** Who has no plan for a day between their today and their horizon, though their week plan makes one of it. */
const MISSING = `FROM ${calendarsAt('$2')} AS c
  CROSS JOIN LATERAL generate_series(0, c.horizon - c.today) AS ahead
  CROSS JOIN LATERAL (SELECT c.today + ahead AS day) AS d
  JOIN week_plans w ON w.tenant_id = c.tenant_id AND w.user_id = c.user_id
    AND w.weekday = extract(isodow FROM d.day)
  LEFT JOIN nodes o ON o.tenant_id = c.tenant_id AND o.node_id = coalesce(w.location_id, c.primary_location_id)
  WHERE c.tenant_id = $1 AND c.status = 'active' AND (w.plan <> 'o' OR o.status = 'active')
    AND NOT EXISTS (SELECT FROM day_plans p
                    WHERE p.tenant_id = c.tenant_id AND p.user_id = c.user_id AND p.day = d.day)`;

/** The days on which plans are missing at `at`, in order. Days without a missing plan cost this one statement. */
export async function listDaysToPlan(tx: Tx, tenantId: string, at: Date): Promise<string[]> {
  const { rows } = await tx.query<{ day: string }>(`SELECT DISTINCT d.day ${MISSING} ORDER BY d.day`, [
    tenantId,
    at,
  ]);
  return rows.map(({ day }) => day);
}

/** Somebody whose plan of a day is missing. */
export interface PersonToPlan {
  userId: string;
  /** Whose horizon it is; null: the organisation's. */
  primaryLocationId: string | null;
  primaryGroupId: string | null;
  /** The desks assigned to them, anywhere, in the order of their ids. */
  ownDeskIds: string[];
}

/** Whose plan of `day` is missing at `at`, by primary location and id. */
export async function listPeopleToPlan(
  tx: Tx,
  tenantId: string,
  { day, at }: { day: string; at: Date },
): Promise<PersonToPlan[]> {
  const { rows } = await tx.query<PersonToPlan>(
    `SELECT u.user_id AS "userId", u.primary_location_id AS "primaryLocationId",
            u.primary_group_id AS "primaryGroupId", coalesce(own.desk_ids, '{}') AS "ownDeskIds"
     FROM (SELECT c.user_id ${MISSING} AND d.day = $3) AS missing
     JOIN users u ON u.tenant_id = $1 AND u.user_id = missing.user_id
     LEFT JOIN (SELECT user_id, array_agg(place_id::text ORDER BY place_id) AS desk_ids
                FROM desk_assignments WHERE tenant_id = $1 GROUP BY user_id) AS own ON own.user_id = u.user_id
     ORDER BY u.primary_location_id, u.user_id`,
    [tenantId, at, day],
  );
  return rows;
}

/**
 * Notes that every plan up to `day` is made that its office's horizon reaches; null: all of them. What was reached
 * before an office drew its horizon in stays; where nothing is new, nothing is written.
 */
export async function advanceHorizons(
  tx: Tx,
  tenantId: string,
  { day, at }: { day: string | null; at: Date },
): Promise<void> {
  // least() passes over null.
  await tx.query(
    `INSERT INTO office_settings AS s (tenant_id, location_id, horizon_reached)
     SELECT o.tenant_id, o.location_id, o.reached
     FROM (SELECT tenant_id, location_id, horizon_reached, today, least(today + horizon_days, $3::date) AS reached
           FROM (SELECT *, ($2::timestamptz AT TIME ZONE time_zone)::date AS today FROM offices
                 WHERE tenant_id = $1 AND status = 'active') AS dated) AS o
     WHERE o.today <= o.reached AND (o.horizon_reached < o.reached OR o.horizon_reached IS NULL)
     ORDER BY o.location_id
     ON CONFLICT (tenant_id, location_id) DO UPDATE SET horizon_reached = excluded.horizon_reached
     WHERE s.horizon_reached < excluded.horizon_reached OR s.horizon_reached IS NULL`,
    [tenantId, at, day],
  );
}

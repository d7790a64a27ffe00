import type { Tx } from '../connections/db.ts';
import { disableNestedLoops } from '../connections/planner.ts';
import type { DayWindow } from '../values/day-window.ts';
import type { PageWindow } from '../values/page.ts';
import type { BookingSource } from './bookings.ts';
import { daySpan, type PlanKind, type PlanSource, type UserDay, userDayColumns } from './day-plans.ts';

/**
 * A day with a plan and its booking. The members of the booking are null if there is no booking, or no such
 * node above the booked one.
 */
export interface UserDayRow extends UserDay {
  plan: PlanKind;
  setBy: PlanSource;
  locationId: string | null;
  locationName: string | null;
  bookingDepth: 1 | 2 | 3 | null;
  bookingSetBy: BookingSource | null;
  nodeId: string | null;
  levelId: string | null;
  levelName: string | null;
  zoneId: string | null;
  zoneName: string | null;
  placeId: string | null;
  placeName: string | null;
}

const COLUMNS = `p.user_id AS "userId", p.day, p.plan, p.set_by AS "setBy", p.location_id AS "locationId",
  o.name AS "locationName",
  CASE b.node_kind WHEN 'location' THEN 1 WHEN 'zone' THEN 2 WHEN 'place' THEN 3 END AS "bookingDepth",
  b.set_by AS "bookingSetBy", b.node_id AS "nodeId", n.level_id AS "levelId", n.level_name AS "levelName",
  n.zone_id AS "zoneId", n.zone_name AS "zoneName", n.place_id AS "placeId", n.place_name AS "placeName"`;

/** The joins that add the office and the booking to the plans `p`. */
const JOINS = `LEFT JOIN nodes o ON o.tenant_id = $1 AND o.node_id = p.location_id
  LEFT JOIN bookings b ON b.tenant_id = $1 AND b.user_id = p.user_id AND b.day = p.day
  LEFT JOIN node_paths n ON n.tenant_id = $1 AND n.node_id = b.node_id`;

/** The days of one user that have a plan, in order. */
export async function listUserDays(
  tx: Tx,
  tenantId: string,
  userId: string,
  { from, before }: DayWindow,
): Promise<UserDayRow[]> {
  const { rows } = await tx.query<UserDayRow>(
    `SELECT ${COLUMNS} FROM day_plans p ${JOINS}
     WHERE p.tenant_id = $1 AND p.user_id = $2 AND p.day >= $3::date AND p.day < $4::date ORDER BY p.day`,
    [tenantId, userId, from, before],
  );
  return rows;
}

/** Those of these days that have a plan, in no order. */
export async function listDaysOfUsers(tx: Tx, tenantId: string, days: UserDay[]): Promise<UserDayRow[]> {
  if (days.length === 0) return [];
  const { rows } = await tx.query<UserDayRow>(
    `SELECT ${COLUMNS} FROM unnest($2::uuid[], $3::date[]) AS w (user_id, day)
     JOIN day_plans p ON p.tenant_id = $1 AND p.user_id = w.user_id AND p.day = w.day AND p.day BETWEEN $4 AND $5 ${JOINS}`,
    [tenantId, ...userDayColumns(days), ...daySpan(days)],
  );
  return rows;
}

/** The users who plan to be at an office on a day, ordered by id: one page, and one more row if there is one. */
export async function listDaysAtOffice(
  tx: Tx,
  tenantId: string,
  { locationId, day }: { locationId: string; day: string },
  { limit, after }: PageWindow,
): Promise<(UserDayRow & { userName: string })[]> {
  await disableNestedLoops(tx);
  const { rows } = await tx.query<UserDayRow & { userName: string }>(
    `SELECT ${COLUMNS}, u.user_name AS "userName"
     FROM (SELECT * FROM day_plans
           WHERE tenant_id = $1 AND location_id = $2 AND day = $3 AND ($4::uuid IS NULL OR user_id > $4)
             AND NOT EXISTS (SELECT FROM users x WHERE x.tenant_id = $1 AND x.user_id = day_plans.user_id
                             AND x.pseudonym_year IS NOT NULL)
           ORDER BY user_id LIMIT $5) AS p
     JOIN users u ON u.tenant_id = $1 AND u.user_id = p.user_id ${JOINS}
     ORDER BY p.user_id`,
    [tenantId, locationId, day, after, limit + 1],
  );
  return rows;
}

import type { Tx } from '../connections/db.ts';
import type { UserDay } from './day-plans.ts';
import { CALENDAR_OF_USER, calendarsAt } from './horizon.ts';

export const LEAVE_TYPES = ['holiday', 'leave', 'sick'] as const;
export type LeaveType = (typeof LEAVE_TYPES)[number];

/** A leave as it was scheduled, or the part that cancellations have left. It includes both days. */
export interface LeaveRow {
  userId: string;
  leaveId: string;
  /** `YYYY-MM-DD`, as is `endDay`. */
  startDay: string;
  endDay: string;
  leaveType: LeaveType | null;
}

/** All leaves of these users, ordered by user and first day. A caller that changes leaves locks the users first. */
export async function listLeaves(tx: Tx, tenantId: string, userIds: string[]): Promise<LeaveRow[]> {
  if (userIds.length === 0) return [];
  const { rows } = await tx.query<LeaveRow>(
    `SELECT user_id AS "userId", leave_id AS "leaveId", start_day AS "startDay", end_day AS "endDay",
            leave_type AS "leaveType"
     FROM leaves WHERE tenant_id = $1 AND user_id = ANY ($2::uuid[])
     ORDER BY user_id, start_day, end_day, leave_id`,
    [tenantId, userIds],
  );
  return rows;
}

/** Inserts leaves with new ids. The caller has locked the users. */
export async function insertLeaves(tx: Tx, tenantId: string, leaves: LeaveRow[]): Promise<void> {
  if (leaves.length === 0) return;
  await tx.query(
    `INSERT INTO leaves (tenant_id, user_id, leave_id, start_day, end_day, leave_type)
     SELECT $1, w.* FROM unnest($2::uuid[], $3::uuid[], $4::date[], $5::date[], $6::text[]) AS w`,
    [
      tenantId,
      leaves.map((leave) => leave.userId),
      leaves.map((leave) => leave.leaveId),
      leaves.map((leave) => leave.startDay),
      leaves.map((leave) => leave.endDay),
      leaves.map((leave) => leave.leaveType),
    ],
  );
}

/** Deletes leaves by user and id. The caller has locked the users. */
export async function deleteLeaves(tx: Tx, tenantId: string, leaves: LeaveRow[]): Promise<void> {
  if (leaves.length === 0) return;
  await tx.query(
    `DELETE FROM leaves l USING unnest($2::uuid[], $3::uuid[]) AS w (user_id, leave_id)
     WHERE l.tenant_id = $1 AND l.user_id = w.user_id AND l.leave_id = w.leave_id`,
    [tenantId, leaves.map((leave) => leave.userId), leaves.map((leave) => leave.leaveId)],
  );
}

/** A user's today and horizon, by the primary location. */
export interface UserCalendar {
  userId: string;
  primaryLocationId: string | null;
  /** `YYYY-MM-DD`: the date at the primary location, else the date of the organisation. */
  today: string;
  /** The last day for which the server makes plans from the week plan. */
  horizon: string;
}

/**
 * The calendars of these users at `at`, in no order. Without a primary location the horizon is 14 days. Users
 * whose office has an unknown time zone are left out.
 */
export async function listCalendars(
  tx: Tx,
  tenantId: string,
  userIds: string[],
  at: Date,
): Promise<UserCalendar[]> {
  if (userIds.length === 0) return [];
  const { rows } = await tx.query<UserCalendar>(
    `SELECT u.user_id AS "userId", u.primary_location_id AS "primaryLocationId", c.today, c.horizon
     FROM users u JOIN ${calendarsAt('$3')} AS c ON c.calendar_id = ${CALENDAR_OF_USER}
     WHERE u.tenant_id = $1 AND u.user_id = ANY ($2::uuid[])`,
    [tenantId, userIds, at],
  );
  return rows;
}

/** An instant of a user. */
export interface UserInstant {
  userId: string;
  /** ISO 8601. */
  instant: string;
}

/** The dates of these instants at each user's primary location, else by the organisation's clock. */
export async function listLocalDays(
  tx: Tx,
  tenantId: string,
  instants: UserInstant[],
): Promise<(UserInstant & UserDay)[]> {
  if (instants.length === 0) return [];
  const { rows } = await tx.query<{ position: number; day: string }>(
    `SELECT w.position, (w.instant AT TIME ZONE coalesce(o.time_zone, organisation.time_zone))::date AS day
     FROM unnest($2::uuid[], $3::timestamptz[]) WITH ORDINALITY AS w (user_id, instant, position)
     CROSS JOIN current_organisation() AS organisation
     JOIN users u ON u.tenant_id = $1 AND u.user_id = w.user_id
     LEFT JOIN nodes o ON o.tenant_id = u.tenant_id AND o.node_id = u.primary_location_id`,
    [tenantId, instants.map(({ userId }) => userId), instants.map(({ instant }) => instant)],
  );
  return rows.flatMap(({ position, day }) => {
    const userInstant = instants[position - 1];
    return userInstant ? [{ ...userInstant, day }] : [];
  });
}

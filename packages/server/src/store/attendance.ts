import { readRows } from './cursor.ts';
import { type Tx, types } from './db.ts';

/** An office, and what is known of one of its local days. */
export interface OfficeDayRow {
  locationId: string;
  name: string;
  presenceReporting: 'detect' | 'always' | 'never';
  sawEvent: boolean;
  ended: boolean;
}

/** A person who has a plan on a day, or was detected. The plan's members are null where there is none. */
export interface PersonDayRow {
  userId: string;
  primaryLocationId: string | null;
  primaryGroupId: string | null;
  primaryGroupName: string | null;
  /** As it goes out. */
  day: string;
  plan: 'o' | 'r' | 'a' | null;
  planLocationId: string | null;
  planSetBy: 'week' | 'day' | 'leave' | 'presence' | null;
  bookingDepth: 1 | 2 | 3 | null;
  bookingLevelId: string | null;
  bookingLevelName: string | null;
  bookingZoneId: string | null;
  bookingZoneName: string | null;
  bookingPlaceId: string | null;
  bookingPlaceName: string | null;
  /** The offices where the person was detected, each once. */
  seenAt: string[];
}

/**
 * Every office on `day` (`YYYY-MM-DD`), as known at `now`. An office's day has ended once its local date is a
 * later one: the rule that gives events their day.
 */
export async function listOfficeDays(
  tx: Tx,
  tenantId: string,
  day: string,
  now: Date,
): Promise<OfficeDayRow[]> {
  const { rows } = await tx.query<OfficeDayRow>(
    `SELECT o.location_id AS "locationId", o.name, o.presence_reporting AS "presenceReporting",
            e.location_id IS NOT NULL AS "sawEvent", ($3::timestamptz AT TIME ZONE o.time_zone)::date > $2::date AS ended
     FROM offices o
     LEFT JOIN (SELECT DISTINCT location_id FROM presence_events WHERE tenant_id = $1 AND day = $2::date) e
       ON e.location_id = o.location_id
     WHERE o.tenant_id = $1`,
    [tenantId, day, now],
  );
  return rows;
}

/**
 * The people who have a plan on `day` or were detected, ordered by id. `locationId` leaves out those whom nothing
 * connects with that office: neither plan nor presence nor being their primary location.
 */
export async function* readPersonDays(
  tx: Tx,
  tenantId: string,
  day: string,
  locationId: string | undefined,
): AsyncGenerator<PersonDayRow[], void> {
  // A whole day of everything is joined. Where statistics lag behind a bulk of writes the planner expects a few
  // rows, loops over them, and compares everyone's plan with everyone's booking.
  await tx.query('SET LOCAL enable_nestloop TO off');
  yield* readRows<PersonDayRow>(
    tx,
    types,
    `SELECT u.user_id AS "userId", u.primary_location_id AS "primaryLocationId",
            g.group_id AS "primaryGroupId", g.name AS "primaryGroupName",
            $2::date AS day, p.plan, p.location_id AS "planLocationId", p.set_by AS "planSetBy",
            CASE b.node_kind WHEN 'location' THEN 1 WHEN 'zone' THEN 2 WHEN 'place' THEN 3 END AS "bookingDepth",
            n.level_id AS "bookingLevelId", n.level_name AS "bookingLevelName",
            n.zone_id AS "bookingZoneId", n.zone_name AS "bookingZoneName",
            n.place_id AS "bookingPlaceId", n.place_name AS "bookingPlaceName",
            coalesce(e.seen_at, '{}') AS "seenAt"
     FROM (SELECT user_id, plan, location_id, set_by FROM day_plans WHERE tenant_id = $1 AND day = $2::date) p
     FULL JOIN (SELECT user_id, array_agg(DISTINCT location_id) AS seen_at
                FROM presence_events WHERE tenant_id = $1 AND day = $2::date GROUP BY user_id) e USING (user_id)
     JOIN users u ON u.tenant_id = $1 AND u.user_id = coalesce(p.user_id, e.user_id)
     LEFT JOIN groups g ON g.tenant_id = $1 AND g.group_id = u.primary_group_id
     LEFT JOIN bookings b ON b.tenant_id = $1 AND b.user_id = p.user_id AND b.day = $2::date
     LEFT JOIN node_paths n ON n.tenant_id = $1 AND n.node_id = b.node_id
     WHERE $3::uuid IS NULL OR $3 IN (p.location_id, u.primary_location_id) OR $3 = ANY (e.seen_at)
     ORDER BY u.user_id`,
    [tenantId, day, locationId ?? null],
  );
}

import { uuidArray } from '../connections/binary-arrays.ts';
import { readRows } from '../connections/cursor.ts';
import { type Tx, types } from '../connections/db.ts';
import { disableNestedLoops, lookUp } from '../connections/planner.ts';
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

/** SQL of whether `o` is the office of the week plan `w` of the user `u`. */
const isOfficeOf = (w: string) => `o.tenant_id = u.tenant_id AND o.kind = 'location'
  AND o.node_id = coalesce(${w}.location_id, u.primary_location_id)`;

/**
 * SQL of whether the user `u` can get the week plan `w`, with its office `o`. Users without an active office get no
 * office days. Otherwise every run of the job would look at these days again.
 */
const canBeMade = (w: string) => `u.status = 'active'
  AND (${w}.plan <> 'o' OR o.status = 'active' AND o.unknown_time_zone IS NULL)`;

/**
 * SQL of the users and days without a plan, from the user's today to the horizon, for which the week plan has
 * one. `days` has the days of each calendar (calendar_id, day, weekday). `span` limits the days.
 */
function missing(days: string, span: string): string {
  return `FROM users u
    JOIN ${days} AS d ON d.calendar_id = ${CALENDAR_OF_USER}
    JOIN week_plans w ON w.tenant_id = u.tenant_id AND w.user_id = u.user_id AND w.weekday = d.weekday
    LEFT JOIN nodes o ON ${isOfficeOf('w')}
    WHERE u.tenant_id = $1 AND ${canBeMade('w')}
      AND NOT EXISTS (SELECT FROM day_plans p
                      WHERE p.tenant_id = u.tenant_id AND p.user_id = u.user_id AND p.day = d.day AND ${span})`;
}

/** The calendars in which plans are made for the day `$3`. */
const CALENDARS_THEN = `SELECT calendar_id, $3::date AS day, extract(isodow FROM $3::date)::smallint AS weekday
  FROM ${calendarsAt('$2')} AS c WHERE $3::date BETWEEN c.today AND c.horizon`;

/** The users without a plan for the day `$3`. */
const MISSING_THEN = missing(`(${CALENDARS_THEN})`, 'p.day = $3::date');

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
  /**
   * The desks that the user booked, or used by presence, in the days before. Those with the most bookings come first,
   * then those with the latest. Bookings that the horizon engine chose do not count.
   */
  habitualDeskIds: string[];
}

/** Users who choose one after the other. */
export interface PeoplePage {
  /** 0: owners of desks. 1 and 2: the other users; those of an office are all in one lane. */
  lane: 0 | 1 | 2;
  people: PersonToPlan[];
}

/** The number of active users of each office, the largest first, by the ids of `CALENDAR_OF_USER`. */
export async function countUsersByCalendar(
  tx: Tx,
  tenantId: string,
): Promise<{ calendarId: string; users: number }[]> {
  const { rows } = await tx.query<{ calendarId: string; users: number }>(
    `SELECT ${CALENDAR_OF_USER} AS "calendarId", count(*) AS users FROM users u
     WHERE u.tenant_id = $1 AND u.status = 'active' GROUP BY 1 ORDER BY users DESC, 1`,
    [tenantId],
  );
  return rows;
}

/** How to read the users to plan. */
export interface PeopleReading {
  day: string;
  at: Date;
  /** A desk counts as booked before if the user had it in so many days before `day`. */
  habitDays: number;
  /** The calendars of lane 2. The users of all others are in lane 1. */
  secondLane: string[];
  /** The most users of a page. */
  pageSize: number;
}

/**
 * Yields the users whose plan of `day` is missing at `at`. First come the pages of lane 0, then those of the two other
 * lanes in turns. A lane has its users by office. In lanes 1 and 2, users of an office who booked desks before come
 * first. Then the id decides. The memory does not grow with the number of users. Call it in a snapshot.
 */
export async function* readPeopleToPlan(
  tx: Tx,
  tenantId: string,
  { day, at, habitDays, secondLane, pageSize }: PeopleReading,
): AsyncGenerator<PeoplePage, void> {
  await disableNestedLoops(tx);
  const rows = readRows<PersonToPlan & { lane: PeoplePage['lane']; page: number }>(
    tx,
    types,
    `WITH missing AS (
       SELECT u.user_id, u.primary_location_id, u.primary_group_id, ${CALENDAR_OF_USER} AS calendar_id ${MISSING_THEN}
     ), own AS (
       SELECT user_id, array_agg(place_id::text ORDER BY place_id) AS desk_ids
       FROM desk_assignments WHERE tenant_id = $1 GROUP BY user_id
     ), had AS (
       SELECT user_id, node_id, count(*) AS bookings, max(day) AS latest FROM bookings
       WHERE tenant_id = $1 AND day >= $3::date - $4::integer AND day < $3 AND node_kind = 'place' AND set_by <> 'engine'
       GROUP BY user_id, node_id
     ), habits AS (
       SELECT user_id, array_agg(node_id::text ORDER BY bookings DESC, latest DESC, node_id) AS desk_ids
       FROM had GROUP BY user_id
     ), people AS (
       SELECT m.*, coalesce(own.desk_ids, '{}') AS own_ids, coalesce(habits.desk_ids, '{}') AS habit_ids,
              own.user_id IS NULL AND habits.user_id IS NULL AS is_undecided,
              CASE WHEN own.user_id IS NOT NULL THEN 0 WHEN m.calendar_id = ANY ($5::uuid[]) THEN 2 ELSE 1 END AS lane
       FROM missing m
       LEFT JOIN own ON own.user_id = m.user_id
       LEFT JOIN habits ON habits.user_id = m.user_id
     ), numbered AS (
       SELECT p.*, row_number() OVER (PARTITION BY lane ORDER BY primary_location_id, is_undecided, user_id) - 1 AS n
       FROM people p
     )
     SELECT user_id AS "userId", primary_location_id AS "primaryLocationId", primary_group_id AS "primaryGroupId",
            own_ids AS "ownDeskIds", habit_ids AS "habitualDeskIds", lane,
            -- The pages of lane 0 come before all others.
            CASE lane WHEN 0 THEN n / $6 - 1000000000 ELSE 2 * (n / $6) + lane END AS page
     FROM numbered ORDER BY page, n`,
    [tenantId, at, day, habitDays, secondLane, pageSize],
    pageSize,
  );
  let open: (PeoplePage & { page: number }) | undefined;
  for await (const batch of rows) {
    for (const person of batch) {
      if (open?.page !== person.page) {
        if (open) yield open;
        open = { lane: person.lane, page: person.page, people: [] };
      }
      open.people.push(person);
    }
  }
  if (open) yield open;
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
    `WITH days AS MATERIALIZED (${CALENDARS_THEN}
     ), found AS MATERIALIZED (
       SELECT u.tenant_id, u.user_id, u.primary_location_id, u.status, w.plan, w.location_id
       FROM unnest($4::uuid[]) AS wanted (user_id)
       ${lookUp('SELECT * FROM users u WHERE u.tenant_id = $1 AND u.user_id = wanted.user_id')} AS u
       ${lookUp(
         'SELECT * FROM week_plans w WHERE w.tenant_id = $1 AND w.user_id = wanted.user_id AND w.weekday = extract(isodow FROM $3::date)::smallint',
       )} AS w
       WHERE NOT EXISTS (SELECT FROM day_plans p
                         WHERE p.tenant_id = $1 AND p.user_id = wanted.user_id AND p.day = $3::date OFFSET 0)
     )
     SELECT u.user_id AS "userId", u.plan, CASE WHEN u.plan = 'o' THEN o.node_id END AS "locationId",
            EXISTS (SELECT FROM leaves l WHERE l.tenant_id = u.tenant_id AND l.user_id = u.user_id
                    AND $3::date BETWEEN l.start_day AND l.end_day) AS "onLeave"
     FROM found u
     JOIN days AS d ON d.calendar_id = ${CALENDAR_OF_USER}
     LEFT JOIN nodes o ON ${isOfficeOf('u')}
     WHERE ${canBeMade('u')}`,
    [tenantId, at, day, uuidArray(userIds)],
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

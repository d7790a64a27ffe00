import type { Tx } from '../connections/db.ts';
import { setPlannerForAggregates } from './aggregates.ts';

/** An office on its local day, so far. */
export interface OfficeToday {
  locationId: string;
  locationName: string;
  timeZone: string;
  /** The office's date, as `YYYY-MM-DD`. */
  day: string;
  /** Users who planned to come. Plans that presence made do not count. */
  planned: number;
  /** Users who planned to come and have a desk. */
  booked: number;
  /** Users who were detected. */
  present: number;
  /** Users who planned to come and were detected. */
  confirmed: number;
  /** Users who were detected without a plan for the office. */
  walkIn: number;
  /** Arrivals of visitors. */
  visitors: number;
  /** Rooms whose last event of the day says that they are occupied. */
  spacesInUse: number;
  /** Rooms with an occupancy event on the day. */
  spacesReporting: number;
  /** When the last of the users was detected. */
  lastSeenAt: Date | null;
  /** By hour of the office's clock, 0 to 23: the users whose first detection of the day was in it. */
  arrivals: number[];
}

/** All offices in use with a known time zone, each on its local day at `now`, by name. */
export async function listToday(tx: Tx, tenantId: string, now: Date): Promise<OfficeToday[]> {
  await setPlannerForAggregates(tx);
  const { rows } = await tx.query<OfficeToday>(
    `WITH today AS MATERIALIZED (
       SELECT location_id, name, time_zone, ($2::timestamptz AT TIME ZONE time_zone)::date AS day
       FROM offices WHERE tenant_id = $1 AND status = 'active' AND unknown_time_zone IS NULL
     ), detected AS (
       SELECT e.day, e.location_id, e.user_id, min(e.observed_at) AS first_at, max(e.observed_at) AS last_at
       FROM presence_events e WHERE ${EVENT_ON_DAYS('e')} GROUP BY e.day, e.location_id, e.user_id
     ), planned AS (
       SELECT b.day, b.location_id, b.user_id, b.node_kind = 'place' AS has_desk
       FROM bookings b
       LEFT JOIN day_plans p ON p.tenant_id = $1 AND p.day = b.day AND p.user_id = b.user_id AND p.set_by = 'presence'
       WHERE ${ON_DAYS('b')} AND p.user_id IS NULL
     ), users_of_day AS (
       SELECT t.location_id, extract(hour FROM d.first_at AT TIME ZONE t.time_zone) AS hour, d.last_at,
              d.user_id IS NOT NULL AS is_present, p.user_id IS NOT NULL AS is_planned, coalesce(p.has_desk, false) AS has_desk
       FROM detected d FULL JOIN planned p USING (day, location_id, user_id) JOIN today t USING (day, location_id)
     ), by_hour AS (
       SELECT location_id, hour, count(*)::integer AS users, count(*) FILTER (WHERE is_planned)::integer AS planned,
              count(*) FILTER (WHERE has_desk)::integer AS booked,
              count(*) FILTER (WHERE is_present AND is_planned)::integer AS confirmed, max(last_at) AS last_at
       FROM users_of_day GROUP BY location_id, hour
     ), counted AS (
       SELECT location_id, sum(planned)::integer AS planned, sum(booked)::integer AS booked,
              coalesce(sum(users) FILTER (WHERE hour IS NOT NULL), 0)::integer AS present,
              sum(confirmed)::integer AS confirmed, max(last_at) AS last_at,
              jsonb_object_agg(hour, users) FILTER (WHERE hour IS NOT NULL) AS arrivals
       FROM by_hour GROUP BY location_id
     ), visited AS (
       SELECT v.day, v.location_id, count(*)::integer AS visitors
       FROM visitor_arrivals v WHERE ${EVENT_ON_DAYS('v')} GROUP BY v.day, v.location_id
     ), rooms AS (
       SELECT day, location_id, count(*)::integer AS reporting, count(*) FILTER (WHERE occupied)::integer AS in_use
       FROM (SELECT DISTINCT ON (o.day, o.node_id) o.day, o.location_id, o.occupied
             FROM occupancy_events o
             JOIN nodes n ON n.tenant_id = $1 AND n.node_id = o.node_id AND n.kind = 'space'
             WHERE ${EVENT_ON_DAYS('o')} AND o.observed_at <= $2::timestamptz
             ORDER BY o.day, o.node_id, o.observed_at DESC, o.received_at DESC, o.event_digest DESC) AS latest
       GROUP BY day, location_id
     )
     SELECT t.location_id AS "locationId", t.name AS "locationName", t.time_zone AS "timeZone", t.day,
            coalesce(c.planned, 0) AS planned, coalesce(c.booked, 0) AS booked, coalesce(c.present, 0) AS present,
            coalesce(c.confirmed, 0) AS confirmed, coalesce(c.present - c.confirmed, 0) AS "walkIn",
            coalesce(v.visitors, 0) AS visitors, coalesce(r.in_use, 0) AS "spacesInUse",
            coalesce(r.reporting, 0) AS "spacesReporting", c.last_at AS "lastSeenAt",
            ARRAY(SELECT coalesce((c.arrivals ->> h::text)::integer, 0) FROM generate_series(0, 23) AS h ORDER BY h) AS arrivals
     FROM today t
     LEFT JOIN counted c USING (location_id)
     LEFT JOIN visited v USING (day, location_id)
     LEFT JOIN rooms r USING (day, location_id)
     ORDER BY t.name, t.location_id`,
    [tenantId, now],
  );
  return rows;
}

/** SQL that a row is of a day that some office has now. At one moment, offices have at most three dates. */
const ON_DAYS = (alias: string) =>
  `${alias}.tenant_id = $1 AND ${alias}.day = ANY (ARRAY(SELECT DISTINCT day FROM today))`;

/** As `ON_DAYS`, for events. The condition on the instant leaves out the partitions of other months. */
const EVENT_ON_DAYS = (alias: string) =>
  `${ON_DAYS(alias)} AND ${alias}.observed_at >= $2::timestamptz - interval '48 hours'
     AND ${alias}.observed_at < $2::timestamptz + interval '48 hours'`;

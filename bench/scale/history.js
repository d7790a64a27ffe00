import { deskIndexOf, numberOf, OFFICES, officeIndexOf } from './people.js';

const DAY_MS = 86_400_000;
/** The console's page of attendance opens with the current week and so many weeks before it. */
const WEEKS_BEFORE = 12;
const SATURDAY = 6;

const isoDay = (ms) => new Date(ms).toISOString().slice(0, 10);
const weekdayOf = (ms) => new Date(ms).getUTCDay() || 7;

/** The days of the page of attendance: those before today, and today, in UTC. */
export function historyDays(nowMs) {
  const todayMs = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const firstMs = todayMs - (weekdayOf(todayMs) - 1 + 7 * WEEKS_BEFORE) * DAY_MS;
  const days = [];
  for (let ms = firstMs; ms < todayMs; ms += DAY_MS) if (weekdayOf(ms) < SATURDAY) days.push(isoDay(ms));
  return { first: isoDay(firstMs), today: isoDay(todayMs), days };
}

/** SQL of a number from 0 to 99 that looks random, and is the same for the same person and day. $3 is the day's number. */
const draw = (seed) => `abs(hashint8extended((n::bigint << 20) + $3::integer, ${seed}) % 100)`;

/**
 * SQL that stores the office plans of the day $2, where the horizon engine has stored none: it plans the working days from
 * the local day of each office on, and $4 is the time now. Three of ten people plan their office. They book its desks, and
 * its zones when there is no desk left. Plans to work elsewhere count in no attendance, so the past has none.
 */
const plansOf = (desksOfOffice) => `
  WITH offices AS MATERIALIZED (
    SELECT node_id, ${officeIndexOf('name')} AS office FROM nodes
    WHERE tenant_id = $1 AND kind = 'location'
      AND ($2::date < ($4::timestamptz AT TIME ZONE time_zone)::date OR extract(isodow FROM $2::date) >= ${SATURDAY})
  ), desks AS MATERIALIZED (
    SELECT ${numberOf('place_name')} AS number, place_id, zone_id FROM node_paths WHERE tenant_id = $1 AND kind = 'place'
  ), people AS (
    SELECT user_id, ${numberOf('user_name')} AS n, primary_location_id AS location_id FROM users WHERE tenant_id = $1
  ), seated AS MATERIALIZED (
    SELECT *, row_number() OVER (PARTITION BY location_id ORDER BY ${draw(2)}, n) - 1 AS seat
    FROM people WHERE location_id IN (SELECT node_id FROM offices) AND ${draw(1)} < 30
  ), stored AS (
    INSERT INTO day_plans (tenant_id, user_id, day, plan, location_id, set_by)
    SELECT $1, user_id, $2::date, 'o', location_id, 'week' FROM seated
  )
  INSERT INTO bookings (tenant_id, user_id, day, location_id, node_id, node_kind, zone_id, set_by)
  SELECT $1, user_id, $2::date, location_id,
         CASE WHEN seat < ${desksOfOffice} THEN place_id ELSE zone_id END,
         CASE WHEN seat < ${desksOfOffice} THEN 'place' ELSE 'zone' END, zone_id, 'engine'
  FROM seated JOIN offices o ON o.node_id = seated.location_id
       JOIN desks ON number = ${deskIndexOf('o.office', `(seat * 37 + $3) % ${desksOfOffice}`)}`;

/**
 * SQL that stores a presence event of those who came on the day $2: 85 of 100 who had a booking, at what they had booked, and
 * 3 of 100 others at the door of their office. They came between seven and ten o'clock, or today between midnight and $4.
 */
const PRESENCE = `
  INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id, event_id, source_id, received_at)
  SELECT $1, at, md5('history ' || n || ' ' || $2::date)::uuid, $2::date, user_id, people.location_id, people.node_id, 'event-' || n,
         'reader ' || n % 50, at
  FROM (SELECT u.user_id, ${numberOf('u.user_name')} AS n, coalesce(b.location_id, u.primary_location_id) AS location_id,
               coalesce(b.node_id, u.primary_location_id) AS node_id, b.user_id IS NOT NULL AS is_planned
        FROM users u LEFT JOIN bookings b ON b.tenant_id = $1 AND b.user_id = u.user_id AND b.day = $2
        WHERE u.tenant_id = $1) AS people
       JOIN nodes o ON o.tenant_id = $1 AND o.node_id = people.location_id,
       LATERAL (SELECT $2::timestamp AT TIME ZONE o.time_zone AS midnight, (n::bigint * 7919 % 10800) / 10800.0 AS share) AS time,
       LATERAL (SELECT CASE WHEN $4::timestamptz IS NULL THEN midnight + interval '7 hours' + interval '3 hours' * share
                            ELSE midnight + ($4 - midnight) * share END AS at) AS sighting
  WHERE CASE WHEN is_planned THEN ${draw(3)} < 85 ELSE ${draw(3)} < 3 END AND ($4 IS NULL OR $4 > midnight)`;

/** SQL of the hours of so many sources, for as long as the server keeps them. */
const SOURCES = [
  `INSERT INTO sources (tenant_id, endpoint, source_id, first_event_at, last_event_at)
   SELECT $1, 'presence', 'reader ' || s, $2::timestamptz - interval '31 days', $2 - interval '1 minute' * (s % 7)
   FROM generate_series(0, $3 - 1) s ON CONFLICT DO NOTHING`,
  `INSERT INTO source_hours (tenant_id, endpoint, source_id, hour, accepted, refused)
   SELECT $1, 'presence', 'reader ' || s, date_trunc('hour', $2::timestamptz, 'UTC') - interval '1 hour' * h, 40 + (s * h) % 25, (s + h) % 3
   FROM generate_series(0, $3 - 1) s, generate_series(1, 31 * 24) h ON CONFLICT DO NOTHING`,
];

/**
 * Stores what the console shows of the weeks before: office plans, bookings and presence of each working day, and today's
 * presence so far.
 *
 * @returns {Promise<{ first: string, today: string, events: number }>} the range, and the number of events
 */
export async function storeHistory({ owner, data }, { desks }, { nowMs, progress }) {
  const { tenantId } = data;
  const { first, today, days } = historyDays(nowMs);
  const now = new Date(nowMs);
  const run = (sql, ...values) => owner.inTenant(tenantId, (tx) => tx.query(sql, [tenantId, ...values]));
  const numberOfDay = (day) => Date.parse(day) / DAY_MS;
  let events = 0;
  for (const day of [...days, today]) {
    await run(plansOf(desks / OFFICES), day, numberOfDay(day), now);
    if (numberOfDay(day) % 7 === 0) progress(`stored the plans until ${day}`);
  }
  for (const day of [...days, today]) {
    const { rowCount } = await run(PRESENCE, day, numberOfDay(day), day === today ? now : null);
    events += rowCount;
  }
  return { first, today, events };
}

/** Stores the hours of `count` sources of presence events. */
export async function storeSources({ owner, data }, { nowMs, count }) {
  await owner.inTenant(data.tenantId, async (tx) => {
    for (const sql of SOURCES) await tx.query(sql, [data.tenantId, new Date(nowMs), count]);
  });
}

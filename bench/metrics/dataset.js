import { createKey } from '../../packages/server/dist/auth/manage-keys.js';
import { deskOf, id, officeOf, PLACES, SIZE as PLACES_SIZE } from '../export/dataset.js';
import { makeOrganisation } from '../organisation.js';

/**
 * @typedef {{ people: number, days: number }} Size `days` before today, as long as a request for metrics may ask for
 */

/** @type {Size} */
export const FULL = { people: 10_000, days: 366 };
/** @type {Size} */
export const SMALL = { people: 100, days: 21 };

/** The tables of the facts that metrics count. */
export const FACTS = ['day_plans', 'bookings', 'presence_events'];

/** The tables that the server makes from the facts. */
export const AGGREGATES = [
  'day_aggregates',
  'aggregate_days',
  'aggregate_states',
  'user_numbers',
  'node_numbers',
];

const DAY_MS = 86_400_000;
const MONTH_DAYS = 31;
const { offices } = PLACES_SIZE;
const DESKS = 200;
const LEVELS = 5;
const ZONES = 20;
const [DIVISIONS, DEPARTMENTS, TEAMS] = [5, 50, 400];
export const TIME_ZONES = [
  'Europe/London', 'Europe/Berlin', 'Europe/Zurich', 'Europe/Madrid', 'America/New_York', 'America/Los_Angeles',
  'Asia/Tokyo', 'Australia/Sydney',
]; // biome-ignore format: a list

/**
 * Fills a migrated database with 20 offices in 8 time zones, 5 levels, 20 zones and 200 desks each, 455 groups in a
 * hierarchy, and people with plans, bookings and presence events for some days. The last of these days is over in all time
 * zones. Every call on the same date makes the same rows.
 *
 * @param {Size} size
 */
export async function fill({ people, days }, { owner, masterKey }) {
  const tenantId = await makeOrganisation(owner);
  const lastMs = Math.floor(Date.now() / DAY_MS - 2) * DAY_MS;
  const firstMs = lastMs - (days - 1) * DAY_MS;
  const run = (statements) =>
    owner.inTenant(tenantId, async (tx) => {
      for (const [sql, ...values] of statements) await tx.query(sql, [tenantId, ...values]);
    });
  await run([...PLACES, ...directory(people)]);
  // A transaction has the rows of a month, as the database keeps the deferred checks of a transaction in memory.
  for (let fromMs = firstMs; fromMs <= lastMs; fromMs += MONTH_DAYS * DAY_MS) {
    const toMs = Math.min(lastMs, fromMs + (MONTH_DAYS - 1) * DAY_MS);
    await run([[daysOf(people), isoDay(fromMs), isoDay(toMs)]]);
    console.error(`stored the days until ${isoDay(toMs)}`);
  }
  const key = (name, role, authentication) =>
    createKey({ tenantId, name, role, authentication }, { owner, masterKey, clock: Date.now });
  const { rows: users } = await owner.inTenant(tenantId, (tx) =>
    tx.query('SELECT user_id AS "userId", email FROM users WHERE tenant_id = $1 ORDER BY user_id', [
      tenantId,
    ]),
  );
  const { rows: desks } = await owner.inTenant(tenantId, (tx) =>
    tx.query(
      `SELECT node_id AS "nodeId" FROM nodes WHERE tenant_id = $1 AND kind = 'place' ORDER BY node_id`,
      [tenantId],
    ),
  );
  return {
    tenantId,
    firstDay: isoDay(firstMs),
    lastDay: isoDay(lastMs),
    key: await key('read', 'data-warehouse', 'basic'),
    filters: await filtersOf(tenantId, owner),
    // As the load driver takes it.
    organisations: [{ tenantId, users, desks }],
    keys: [{ ...(await key('write', 'submitting-events', 'hmac')), organisation: 0 }],
  };
}

/** Ids for the filters of metrics: three offices, ten levels of five offices, one division. */
async function filtersOf(tenantId, owner) {
  const { rows } = await owner.inTenant(tenantId, (tx) =>
    tx.query(
      `SELECT array(SELECT ${officeOf('o')} FROM generate_series(0, 2) o)::text[] AS offices,
              array(SELECT ${levelOf('o', 'l')} FROM generate_series(5, 9) o, generate_series(0, 1) l)::text[] AS levels,
              array[${id("'division 1'")}]::text[] AS division`,
    ),
  );
  return rows[0];
}

function isoDay(ms) {
  return new Date(ms).toISOString().slice(0, 10);
}

const levelOf = (office, n) => id(`'level ' || (${office}) % ${offices} || ' ' || (${n}) % ${LEVELS}`);
const zoneOf = (office, n) => id(`'zone ' || (${office}) % ${offices} || ' ' || (${n}) % ${ZONES}`);

/** Groups in a hierarchy, and people. Of ten people in a team, nine are at the same office. */
function directory(people) {
  const group = (kind, count, parent) => [
    `INSERT INTO groups (tenant_id, group_id, group_type, name, parent_id, in_hierarchy)
     SELECT $1, ${id(`'${kind} ' || g`)}, '${kind}', initcap('${kind}') || ' ' || g, ${parent}, true
     FROM generate_series(0, ${count - 1}) g`,
  ];
  const team = `CASE WHEN n % 10 = 0 THEN n * 7 % ${TEAMS} ELSE n % ${offices} + ${offices} * (n / ${offices} % ${TEAMS / offices}) END`;
  return [
    [
      `UPDATE nodes n SET time_zone = ($2::text[])[1 + o % ${TIME_ZONES.length}]
       FROM generate_series(0, ${offices - 1}) o WHERE n.tenant_id = $1 AND n.node_id = ${officeOf('o')}`,
      TIME_ZONES,
    ],
    group('division', DIVISIONS, 'NULL::uuid'),
    group('department', DEPARTMENTS, id(`'division ' || g / ${DEPARTMENTS / DIVISIONS}`)),
    group('team', TEAMS, id(`'department ' || g / ${TEAMS / DEPARTMENTS}`)),
    [
      `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, email, email_folded, primary_location_id, primary_group_id)
       SELECT $1, ${id("'person ' || n")}, name, name, name || '@example.com', name || '@example.com', ${officeOf('n')},
              CASE WHEN n % 50 <> 7 THEN ${id(`'team ' || (${team})`)} END
       FROM generate_series(0, ${people - 1}) n, LATERAL (SELECT 'first' || n % 997 || '.last' || n AS name) AS named`,
    ],
  ];
}

/** SQL of a number from 0 to 99 that looks random, and is the same for the same thing and day. */
const draw = (of, seed) => `abs(hashint8extended(((${of})::bigint << 20) + ordinal, ${seed}) % 100)`;

/**
 * SQL that stores plans, bookings and presence events of the days from $2 to $3.
 *
 * - On a weekday, half of the people plan the office, and most of them come: to their desk, to the door and their desk,
 *   only to the door, to another desk, or to a level without a desk. Some go to the next office instead.
 * - Some people without such a plan walk in, at weekends only at some offices.
 * - Now and then an office is closed for a day, or its readers are out of order.
 */
function daysOf(people) {
  return `
  WITH drawn AS (
    SELECT n, n % ${offices} AS o, day, ordinal, extract(isodow FROM day)::integer AS weekday,
           ${draw('n', 1)} AS planned, ${draw('n', 2)} AS came, ${draw('n', 3)} AS place,
           ${draw(`n % ${offices}`, 4)} >= 98 AS is_closed
    FROM generate_series(0, ${people - 1}) n,
         LATERAL (SELECT day::date AS day, day::date - '2000-01-01'::date AS ordinal
                  FROM generate_series($2::date, $3::date, interval '1 day') day) AS days
  ), planned AS (
    SELECT n, o, day, ordinal, weekday, came, place,
           CASE WHEN weekday > 5 OR planned >= 90 THEN NULL WHEN planned >= 85 THEN 'a'
                WHEN planned >= 50 OR is_closed THEN 'r' ELSE 'o' END AS plan
    FROM drawn
  ), seated AS MATERIALIZED (
    SELECT n, o, day, ordinal, came, place, plan, seat <= ${DESKS} AS has_desk,
           CASE WHEN seat <= ${DESKS} THEN (seat * 37 + ordinal) % ${DESKS} ELSE seat % ${ZONES} * 10 END AS desk,
           CASE WHEN plan = 'o' THEN CASE WHEN came < 85 THEN o WHEN came >= 97 THEN (o + 1) % ${offices} END
                WHEN weekday <= 5 AND came < 4 THEN (o + came % 2) % ${offices}
                WHEN weekday > 5 AND o % 5 = 0 AND came < 1 THEN o END AS came_to
    FROM (SELECT *, CASE WHEN plan = 'o'
                         THEN row_number() OVER (PARTITION BY plan, o, day ORDER BY ${draw('n', 6)}, n) END AS seat
          FROM planned) AS p
  ), stored_plans AS (
    INSERT INTO day_plans (tenant_id, user_id, day, plan, location_id, set_by)
    SELECT $1, ${id("'person ' || n")}, day, plan, CASE WHEN plan = 'o' THEN ${officeOf('o')} END, 'week'
    FROM seated WHERE plan IS NOT NULL
  ), stored_bookings AS (
    INSERT INTO bookings (tenant_id, user_id, day, location_id, node_id, node_kind, zone_id, set_by)
    SELECT $1, ${id("'person ' || n")}, day, ${officeOf('o')},
           CASE WHEN has_desk THEN ${deskOf('o', 'desk')} ELSE ${zoneOf('o', 'desk / 10')} END,
           CASE WHEN has_desk THEN 'place' ELSE 'zone' END, ${zoneOf('o', 'desk / 10')}, 'engine'
    FROM seated WHERE plan = 'o'
  )
  INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id,
                               event_id, source_id, received_at)
  SELECT $1, at, md5('event ' || n || ' ' || ordinal || ' ' || e)::uuid, day, ${id("'person ' || n")}, ${officeOf('came_to')},
         CASE WHEN is_door THEN ${officeOf('came_to')} WHEN place >= 96 THEN ${levelOf('came_to', 'n + ordinal')}
              WHEN plan = 'o' AND came_to = o AND place < 90
              THEN CASE WHEN has_desk THEN ${deskOf('o', 'desk')} ELSE ${zoneOf('o', 'desk / 10')} END
              ELSE ${deskOf('came_to', 'n * 7 + ordinal')} END,
         'event-' || n || '-' || ordinal || '-' || e, 'reader ' || came_to % 50, at
  FROM seated, generate_series(0, 1) e,
       -- The first event is at the door, and the second one at the desk.
       LATERAL (SELECT e = 0 AS is_door,
                       (day + time '07:00' + interval '1 second' * (n * 7919 % 10800 + e * 300))
                         AT TIME ZONE (ARRAY['${TIME_ZONES.join("', '")}'])[1 + came_to % ${TIME_ZONES.length}] AS at) AS sighting
  WHERE came_to IS NOT NULL AND ${draw('came_to', 5)} >= 3
    AND CASE WHEN e = 0 THEN place >= 50 AND place < 90 ELSE place < 75 OR place >= 90 END`;
}

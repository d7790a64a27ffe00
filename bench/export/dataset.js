import { createKey } from '../../packages/server/dist/auth/manage-keys.js';
import { makeOrganisation } from '../organisation.js';

/** The organisation whose exports are measured. */
export const SIZE = { offices: 20, people: 10_000, days: 30, presenceEvents: 1_000_000 };
export const FIRST_DAY = '2026-03-01';
export const LAST_DAY = '2026-03-30';

/**
 * Fills a migrated database with 20 offices of 5 levels, 20 zones, 200 desks and 10 rooms each, 10,000 people with plans
 * and bookings for 30 days, and 1,000,000 presence events. Every call makes the same rows.
 *
 * @returns {Promise<{ tenantId: string, key: { apiKey: string, secret: string } }>}
 */
export async function fill(_size, { owner, masterKey }) {
  const tenantId = await makeOrganisation(owner);
  await owner.inTenant(tenantId, async (tx) => {
    for (const [sql, ...values] of STATEMENTS) await tx.query(sql, [tenantId, ...values]);
  });
  const key = await createKey(
    { tenantId, name: 'export', role: 'data-warehouse', authentication: 'basic' },
    { owner, masterKey, clock: Date.now },
  );
  return { tenantId, key };
}

const { offices, people, days, presenceEvents } = SIZE;
/** One city for each office. */
export const CITIES = [
  'London', 'München', 'Paris', 'Zürich', 'Madrid', 'Kraków', 'Wien', 'Sydney', 'Boston', 'São Paulo',
  'Dublin', 'Oslo', 'Roma', 'Berlin', 'Austin', 'Toronto', 'Porto', 'Genève', 'Leeds', '東京',
]; // biome-ignore format: a list

/** SQL of an id that is derived from the thing that it names. */
export const id = (of) => `md5(${of})::uuid`;
export const officeOf = (n) => id(`'office ' || (${n}) % ${offices}`);
export const deskOf = (office, n) => id(`'desk ' || (${office}) % ${offices} || ' ' || (${n}) % 200`);
/** Office plans are at the primary location. Its people have one desk each, until no desk is left. */
const PLAN = `CASE WHEN (n + d) % 10 < 6 THEN 'o' WHEN (n + d) % 10 < 9 THEN 'r' ELSE 'a' END`;

/** Statements that store offices of 5 levels, 20 zones, 200 desks and 10 rooms each. $1 is the organisation. */
export const PLACES = [
  [
    `INSERT INTO nodes (tenant_id, node_id, kind, name, time_zone)
     SELECT $1, ${officeOf('o')}, 'location', ($2::text[])[o + 1] || ' office', 'UTC' FROM generate_series(0, ${offices - 1}) o`,
    CITIES,
  ],
  [
    `INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name)
     SELECT $1, ${id("'level ' || o || ' ' || l")}, 'level', ${officeOf('o')}, 'Floor ' || l + 1
     FROM generate_series(0, ${offices - 1}) o, generate_series(0, 4) l`,
  ],
  [
    `INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name)
     SELECT $1, ${id("'zone ' || o || ' ' || z")}, 'zone', ${id("'level ' || o || ' ' || z / 4")},
            'Neighbourhood ' || z / 4 + 1 || chr(65 + z % 4)
     FROM generate_series(0, ${offices - 1}) o, generate_series(0, 19) z`,
  ],
  [
    `INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name)
     SELECT $1, ${deskOf('o', 'p')}, 'place', ${id("'zone ' || o || ' ' || p / 10")},
            'Desk ' || p / 40 + 1 || '-' || to_char(p % 40, 'FM000')
     FROM generate_series(0, ${offices - 1}) o, generate_series(0, 199) p`,
  ],
  [
    `INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name, capacity)
     SELECT $1, ${id("'space ' || o || ' ' || s")}, 'space', ${id("'level ' || o || ' ' || s / 2")}, 'Room ' || s, 6
     FROM generate_series(0, ${offices - 1}) o, generate_series(0, 9) s`,
  ],
];

const STATEMENTS = [
  ...PLACES,
  [
    `INSERT INTO groups (tenant_id, group_id, group_type, name)
     SELECT $1, ${id("'group ' || g")}, 'department', 'Department ' || g FROM generate_series(0, 99) g`,
  ],
  [
    `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, email, email_folded, primary_location_id, primary_group_id)
     SELECT $1, ${id("'person ' || n")}, name, name, name || '@example.com', name || '@example.com', ${officeOf('n')},
            ${id("'group ' || n % 100")}
     FROM generate_series(0, ${people - 1}) n, LATERAL (SELECT 'first' || n % 997 || '.last' || n AS name) AS named`,
  ],
  [
    `INSERT INTO day_plans (tenant_id, user_id, day, plan, location_id, set_by)
     SELECT $1, ${id("'person ' || n")}, '${FIRST_DAY}'::date + d, ${PLAN}, CASE WHEN ${PLAN} = 'o' THEN ${officeOf('n')} END, 'week'
     FROM generate_series(0, ${people - 1}) n, generate_series(0, ${days - 1}) d`,
  ],
  [
    `INSERT INTO bookings (tenant_id, user_id, day, location_id, node_id, node_kind, zone_id, set_by)
     SELECT $1, ${id("'person ' || n")}, '${FIRST_DAY}'::date + d, ${officeOf('n')},
            CASE kind WHEN 'place' THEN ${deskOf('n', `n / ${offices}`)} WHEN 'zone' THEN zone_id ELSE ${officeOf('n')} END, kind,
            CASE WHEN kind <> 'location' THEN zone_id END, 'engine'
     FROM generate_series(0, ${people - 1}) n, generate_series(0, ${days - 1}) d,
          LATERAL (SELECT CASE WHEN n / ${offices} < 200 THEN 'place' WHEN n / ${offices} < 400 THEN 'zone' ELSE 'location' END AS kind,
                          ${id(`'zone ' || n % ${offices} || ' ' || (n / ${offices} % 200) / 10`)} AS zone_id) AS seat
     WHERE ${PLAN} = 'o'`,
  ],
  // Each person comes on most of the days planned for the office, and sometimes on other days or to another office.
  [
    `INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id,
                                  event_id, source_id, source_user_id, received_at)
     SELECT $1, at, md5('event ' || e)::uuid, (at AT TIME ZONE 'UTC')::date, ${id("'person ' || n")}, ${officeOf('o')},
            CASE e % 10 WHEN 0 THEN ${officeOf('o')} WHEN 1 THEN ${id(`'level ' || o % ${offices} || ' ' || e % 5`)}
                        WHEN 2 THEN ${id(`'zone ' || o % ${offices} || ' ' || e % 20`)}
                        WHEN 3 THEN ${id(`'space ' || o % ${offices} || ' ' || e % 10`)} ELSE ${deskOf('o', 'e')} END,
            'event-' || e, 'reader ' || e % 50, CASE WHEN e % 3 = 0 THEN 'badge ' || n END, at
     FROM generate_series(0, ${presenceEvents - 1}) e,
          LATERAL (SELECT (e::bigint * 7919 % ${people})::integer AS n, e / 33334 AS d) AS who,
          LATERAL (SELECT CASE WHEN e % 20 = 0 THEN n + 1 ELSE n END AS o,
                          '${FIRST_DAY} 06:00:00Z'::timestamptz + d * interval '1 day' + e % 33334 * interval '1.234 seconds' AS at) AS sighting`,
  ],
];

import { createKey } from '../../packages/server/dist/auth/manage-keys.js';
import { createScimToken } from '../../packages/server/dist/auth/manage-scim-tokens.js';
import { id } from '../export/dataset.js';
import { makeOrganisation } from '../organisation.js';
import { deskIndexOf, numberOf, OFFICES, officeIndexOf } from './people.js';

/** The days of the presence events. */
export const FIRST_DAY = '2026-03-01';
export const DAYS = 30;

const DAY_MS = 86_400_000;
const GROUPS = 400;

export const dayAfter = (count) =>
  new Date(Date.parse(FIRST_DAY) + count * DAY_MS).toISOString().slice(0, 10);
export const LAST_DAY = dayAfter(DAYS - 1);

/**
 * Makes an organisation without people and places in a migrated database, with keys and a SCIM token. Does not use the size.
 */
export async function fill(_size, { owner, masterKey }) {
  const tenantId = await makeOrganisation(owner);
  const deps = { owner, masterKey, clock: Date.now };
  const key = (role, authentication) => createKey({ tenantId, name: role, role, authentication }, deps);
  const submitting = await key('submitting-events', 'hmac');
  return {
    tenantId,
    key: await key('data-warehouse', 'basic'),
    managing: await key('all', 'hmac'),
    scimToken: (await createScimToken({ tenantId, name: 'bench' }, deps)).token,
    // As the load driver takes them.
    organisations: [{ tenantId, users: [], desks: [] }],
    keys: [{ ...submitting, organisation: 0 }],
  };
}

/** SQL that stores groups, and a primary group for each person but every fiftieth. $1 is the organisation. */
const GROUPING = [
  `INSERT INTO groups (tenant_id, group_id, group_type, name)
   SELECT $1, ${id("'team ' || g")}, 'team', 'Team ' || g FROM generate_series(0, ${GROUPS - 1}) g`,
  `UPDATE users SET primary_group_id = ${id(`'team ' || ${numberOf('user_name')} * 7 % ${GROUPS}`)}
   WHERE tenant_id = $1 AND ${numberOf('user_name')} % 50 <> 7`,
];

/** From Monday to Friday people plan 6 of 10 days in the office, 3 remote and 1 away. */
const WEEK_PLANS = `
  INSERT INTO week_plans (tenant_id, user_id, weekday, plan)
  SELECT $1, user_id, weekday, CASE WHEN drawn < 6 THEN 'o' WHEN drawn < 9 THEN 'r' ELSE 'a' END
  FROM users, generate_series(1, 5) weekday, LATERAL (SELECT (${numberOf('user_name')} + weekday * 3) % 10 AS drawn) AS drawn
  WHERE tenant_id = $1`;

/** Stores groups and week plans for everybody. Reads the ids that the import made into the data of the environment. */
export async function completeDirectory({ owner, data }) {
  const { tenantId } = data;
  const [organisation] = data.organisations;
  await owner.inTenant(tenantId, async (tx) => {
    for (const sql of [...GROUPING, WEEK_PLANS]) await tx.query(sql, [tenantId]);
    const users = await tx.query(
      `SELECT user_id AS "userId", email FROM users WHERE tenant_id = $1 ORDER BY ${numberOf('user_name')}`,
      [tenantId],
    );
    const desks = await tx.query(
      `SELECT node_id AS "nodeId" FROM nodes WHERE tenant_id = $1 AND kind = 'place' ORDER BY ${numberOf('name')}`,
      [tenantId],
    );
    organisation.users = users.rows;
    organisation.desks = desks.rows;
  });
}

/**
 * SQL of one presence event of each person on the day $2, the day number $3. Most events are at a desk of the person's
 * own office, some at its door, some at the next office. Times are to the millisecond.
 */
const presenceOf = (desks) => `
  WITH offices AS MATERIALIZED (
    SELECT ${officeIndexOf('name')} AS office, node_id, time_zone FROM nodes WHERE tenant_id = $1 AND kind = 'location'
  ), desks AS MATERIALIZED (
    SELECT ${numberOf('name')} AS number, node_id FROM nodes WHERE tenant_id = $1 AND kind = 'place'
  ), people AS MATERIALIZED (
    SELECT ${numberOf('user_name')} AS n, user_id FROM users WHERE tenant_id = $1
  ), drawn AS (
    SELECT n, user_id, (n + $3::integer) % 10 = 0 AS is_door,
           (CASE WHEN (n + $3) % 20 = 1 THEN n + 1 ELSE n END) % ${OFFICES} AS office,
           (n / ${OFFICES} * 37 + $3) % ${desks / OFFICES} AS seat
    FROM people
  )
  INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id, event_id,
                               source_id, source_user_id, received_at)
  SELECT $1, at, md5('event ' || n || ' ' || $3)::uuid, $2::date, user_id, o.node_id,
         CASE WHEN is_door THEN o.node_id ELSE d.node_id END, 'event-' || $3 || '-' || n, 'reader ' || n % 50,
         CASE WHEN n % 3 = 0 THEN 'badge ' || n END, at
  FROM drawn JOIN offices o USING (office) JOIN desks d ON d.number = ${deskIndexOf('office', 'seat')},
       LATERAL (SELECT ($2::date + time '07:00' + interval '1 millisecond' * (n::bigint * 7919 % 10800000))
                         AT TIME ZONE o.time_zone AS at) AS sighting`;

/** Stores a presence event of each person for each day. Returns the number of events. */
export async function storePresence({ owner, data }, { people, desks }) {
  for (let day = 0; day < DAYS; day++) {
    const { rowCount } = await owner.inTenant(data.tenantId, (tx) =>
      tx.query(presenceOf(desks), [data.tenantId, dayAfter(day), day]),
    );
    if (rowCount !== people) throw new Error(`${dayAfter(day)} has ${rowCount} events for ${people} people.`);
  }
  return people * DAYS;
}

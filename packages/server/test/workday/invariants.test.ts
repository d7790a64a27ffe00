import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Database, type Tx } from '../../src/store/connections/db.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from '../support/database.ts';
import { addNode, addOffice, type Office } from '../support/directory.ts';
import { addLondon, addUsers, MONDAY, readCounterFaults, readStored, TUESDAY } from './support.ts';

let db: TestDatabase;
let tenant: string;
let london: Office & { deskIds: string[] };
let users: string[];

beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  tenant = await createTestOrganisation(db.owner);
  london = await addLondon(db.owner, tenant, { desks: 2, capacity: 2 });
  users = await addUsers(db.owner, tenant, 4);
});
afterAll(() => db.drop());

interface Raw {
  user: string;
  day?: string;
  locationId?: string;
  nodeId?: string;
  kind?: string;
  zoneId?: string | null;
}

async function insertPlan(
  tx: Tx,
  { user, day = MONDAY, locationId = london.locationId }: Raw,
): Promise<void> {
  await tx.query(
    "INSERT INTO day_plans (tenant_id, user_id, day, plan, location_id, set_by) VALUES ($1, $2, $3, 'o', $4, 'day')",
    [tenant, user, day, locationId],
  );
}

async function insertBooking(tx: Tx, raw: Raw): Promise<void> {
  const {
    user,
    day = MONDAY,
    locationId = london.locationId,
    nodeId = locationId,
    kind = 'location',
    zoneId,
  } = raw;
  await tx.query(
    `INSERT INTO bookings (tenant_id, user_id, day, location_id, node_id, node_kind, zone_id, set_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, 'person')`,
    [tenant, user, day, locationId, nodeId, kind, zoneId ?? null],
  );
}

async function insertBoth(tx: Tx, raw: Raw): Promise<void> {
  await insertPlan(tx, raw);
  await insertBooking(tx, raw);
}

const desk = (n = 0) => ({ nodeId: london.deskIds[n] ?? '', kind: 'place', zoneId: london.zoneId });
const zone = () => ({ nodeId: london.zoneId, kind: 'zone', zoneId: london.zoneId });
const user = (n: number) => users[n] ?? '';

/** The SQLSTATE with which PostgreSQL refuses `work`, as the owner of the tables. Undefined if it accepts it. */
async function refusalOf(work: (tx: Tx) => Promise<unknown>): Promise<string | undefined> {
  try {
    await db.owner.inTenant(tenant, work);
    return undefined;
  } catch (error) {
    if (error instanceof pg.DatabaseError) return error.code;
    throw error;
  }
}

const FOREIGN_KEY = '23503';
const UNIQUE = '23505';
const CHECK = '23514';
const ZONE_FULL = 'RC001';

test('an office plan with its booking is stored, in either order', async () => {
  expect(await refusalOf((tx) => insertBoth(tx, { user: user(0), ...desk() }))).toBeUndefined();
  expect(
    await refusalOf(async (tx) => {
      await insertBooking(tx, { user: user(1) });
      await insertPlan(tx, { user: user(1) });
    }),
  ).toBeUndefined();
});

test('an office plan needs a booking, and a booking needs an office plan at that office', async () => {
  const paris = await addOffice(db.owner, tenant);
  const statements: ((tx: Tx) => Promise<unknown>)[] = [
    (tx) => insertPlan(tx, { user: user(0) }),
    (tx) => insertBooking(tx, { user: user(0) }),
    async (tx) => {
      await insertPlan(tx, { user: user(0) });
      await insertBooking(tx, { user: user(0), locationId: paris.locationId });
    },
    async (tx) => {
      await tx.query(
        "INSERT INTO day_plans (tenant_id, user_id, day, plan, set_by) VALUES ($1, $2, $3, 'r', 'day')",
        [tenant, user(0), MONDAY],
      );
      await insertBooking(tx, { user: user(0) });
    },
  ];
  for (const statement of statements) expect(await refusalOf(statement)).toBe(FOREIGN_KEY);
  await db.owner.inTenant(tenant, (tx) => insertBoth(tx, { user: user(0) }));
  for (const sql of [
    'DELETE FROM bookings WHERE tenant_id = $1',
    'DELETE FROM day_plans WHERE tenant_id = $1',
    "UPDATE day_plans SET plan = 'r', location_id = NULL WHERE tenant_id = $1",
    `UPDATE day_plans SET location_id = '${paris.locationId}' WHERE tenant_id = $1`,
    "UPDATE day_plans SET day = '2026-03-04' WHERE tenant_id = $1",
  ]) {
    expect([sql, await refusalOf((tx) => tx.query(sql, [tenant]))]).toEqual([sql, FOREIGN_KEY]);
  }
});

test('a user has one plan and one booking on a day, and a desk has one user on a day', async () => {
  await db.owner.inTenant(tenant, (tx) => insertBoth(tx, { user: user(0), ...desk() }));
  expect(await refusalOf((tx) => insertPlan(tx, { user: user(0) }))).toBe(UNIQUE);
  expect(await refusalOf((tx) => insertBooking(tx, { user: user(0) }))).toBe(UNIQUE);
  expect(await refusalOf((tx) => insertBoth(tx, { user: user(1), ...desk() }))).toBe(UNIQUE);
  expect(await refusalOf((tx) => insertBoth(tx, { user: user(1), ...desk(), day: TUESDAY }))).toBeUndefined();
  expect(await refusalOf((tx) => insertBoth(tx, { user: user(1), ...desk(1) }))).toBeUndefined();
});

test('the members of a plan are consistent', async () => {
  for (const [kind, locationId, setBy] of [
    ['o', null, 'day'],
    ['r', london.locationId, 'day'],
    ['r', null, 'leave'],
    ['x', null, 'day'],
    ['a', null, 'x'],
  ]) {
    const sql = `INSERT INTO day_plans (tenant_id, user_id, day, plan, location_id, set_by) VALUES ($1, $2, $3, $4, $5, $6)`;
    expect(await refusalOf((tx) => tx.query(sql, [tenant, user(0), MONDAY, kind, locationId, setBy]))).toBe(
      CHECK,
    );
  }
});

test('a booking is at a node of its office, and counts in the zone of that node', async () => {
  const paris = await addOffice(db.owner, tenant);
  const otherZone = await addNode(db.owner, tenant, { kind: 'zone', parentId: london.levelId });
  for (const [code, raw] of [
    [CHECK, { ...desk(), zoneId: otherZone }],
    [CHECK, { ...desk(), zoneId: null }],
    [CHECK, { ...zone(), zoneId: otherZone }],
    [CHECK, { ...zone(), zoneId: null }],
    [CHECK, { zoneId: london.zoneId }],
    [CHECK, { nodeId: paris.locationId }],
    [CHECK, { nodeId: paris.placeId, kind: 'place', zoneId: paris.zoneId }],
    [CHECK, { nodeId: london.levelId, kind: 'level' }],
    [FOREIGN_KEY, { nodeId: london.zoneId, kind: 'place', zoneId: london.zoneId }],
    [FOREIGN_KEY, { nodeId: randomUUID(), kind: 'place', zoneId: london.zoneId }],
  ] as const) {
    expect([raw, await refusalOf((tx) => insertBoth(tx, { user: user(0), ...raw }))]).toEqual([raw, code]);
  }
});

test('a booking cannot be moved, so that the counters stay correct', async () => {
  await db.owner.inTenant(tenant, (tx) => insertBoth(tx, { user: user(0), ...desk() }));
  for (const set of [`node_id = '${london.deskIds[1]}'`, 'zone_id = NULL', `day = '${TUESDAY}'`]) {
    expect(
      await refusalOf((tx) => tx.query(`UPDATE bookings SET ${set} WHERE tenant_id = $1`, [tenant])),
    ).toBe(CHECK);
  }
  // To another user it moves only with the plan of the day, as the rows of a person move to a pseudonym.
  const other = `UPDATE bookings SET user_id = '${user(1)}' WHERE tenant_id = $1`;
  expect(await refusalOf((tx) => tx.query(other, [tenant]))).toBe(FOREIGN_KEY);
});

test('a zone never exceeds its capacity, in one statement or several', async () => {
  const three = [0, 1, 2].map(user);
  expect(
    await refusalOf(async (tx) => {
      for (const each of three) await insertBoth(tx, { user: each, ...zone() });
    }),
  ).toBe(ZONE_FULL);
  expect(
    await refusalOf(async (tx) => {
      for (const each of three) await insertPlan(tx, { user: each });
      await tx.query(
        `INSERT INTO bookings (tenant_id, user_id, day, location_id, node_id, node_kind, zone_id, set_by)
         SELECT $1, u, $2, $3, $4, 'zone', $4, 'person' FROM unnest($5::uuid[]) AS u`,
        [tenant, MONDAY, london.locationId, london.zoneId, three],
      );
    }),
  ).toBe(ZONE_FULL);
  await db.owner.inTenant(tenant, async (tx) => {
    await insertBoth(tx, { user: user(0), ...zone() });
    await insertBoth(tx, { user: user(1), ...desk() });
    await insertBoth(tx, { user: user(2), ...zone(), day: TUESDAY });
    await insertBoth(tx, { user: user(3) });
  });
  expect(await refusalOf((tx) => insertBoth(tx, { user: user(2), ...desk(1) }))).toBe(ZONE_FULL);
  expect(await readCounterFaults(db.owner, tenant)).toEqual([]);
  await db.owner.inTenant(tenant, async (tx) => {
    await tx.query('DELETE FROM bookings WHERE tenant_id = $1', [tenant]);
    await tx.query('DELETE FROM day_plans WHERE tenant_id = $1', [tenant]);
  });
  const { rows } = await db.owner.inTenant(tenant, (tx) =>
    tx.query('SELECT DISTINCT booked FROM zone_days WHERE tenant_id = $1', [tenant]),
  );
  expect(rows).toEqual([{ booked: 0 }]);
});

test("writers without locks still leave one user at a desk, and never exceed a zone's capacity", async () => {
  const many = await addUsers(db.owner, tenant, 16);
  const writers = new Database({ target: db.target, as: 'owner', poolSize: 16, exportPoolSize: 1 });
  const race = async (rawOf: (n: number) => Omit<Raw, 'user'>) => {
    const results = await Promise.allSettled(
      many.map((each, n) => writers.inTenant(tenant, (tx) => insertBoth(tx, { user: each, ...rawOf(n) }))),
    );
    return results.filter((result) => result.status === 'fulfilled').length;
  };
  expect(await race(() => desk())).toBe(1);
  expect(await race((n) => ({ ...(n < 2 ? desk(n) : zone()), day: TUESDAY }))).toBe(2);
  expect(await readCounterFaults(db.owner, tenant)).toEqual([]);
  expect((await readStored(db.owner, tenant)).bookings).toHaveLength(3);
  await writers.close();
});

test('the restricted role cannot move bookings, rewrite the log, or delete managed rows or change their ids', async () => {
  for (const sql of [
    'UPDATE bookings SET zone_id = NULL',
    'UPDATE action_log SET reason = NULL',
    'DELETE FROM action_log',
    'DELETE FROM presence_events',
    'UPDATE presence_events SET user_id = user_id',
    'UPDATE bookings SET user_id = user_id',
    'DELETE FROM removed_days',
    'DELETE FROM zone_days',
    'DELETE FROM nodes',
    "UPDATE nodes SET kind = 'zone'",
    'UPDATE nodes SET node_id = node_id',
    'DELETE FROM users',
    'UPDATE users SET user_id = user_id',
    'UPDATE desk_assignments SET place_id = place_id',
    'DELETE FROM office_settings',
    'UPDATE office_settings SET location_id = location_id',
    "UPDATE organisations SET name = 'other'",
  ]) {
    await expect(db.restricted.inTenant(tenant, (tx) => tx.query(sql))).rejects.toThrow(/permission denied/);
  }
});

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ContentionError, inTenantWithRetries } from '../../src/store/connections/conflict.ts';
import { Database } from '../../src/store/connections/db.ts';
import { type DayChange, writeDays } from '../../src/workday/plan.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from '../support/database.ts';
import { addNode } from '../support/directory.ts';
import { untilAllWait } from '../support/locks.ts';
import {
  addLondon,
  addUsers,
  assignDesk,
  byUser,
  change,
  daysFromMonday,
  MONDAY,
  office,
  plan,
  readCounterFaults,
  readLog,
  readStored,
  short,
} from './support.ts';

const WRITERS = 20;

let db: TestDatabase;
/** As many connections as writers, so that they really compete. */
let server: Database;
let tenant: string;
let users: string[];

beforeAll(async () => {
  db = await createTestDatabase();
  server = new Database({ target: db.target, as: 'restricted', poolSize: WRITERS, exportPoolSize: 1 });
});
beforeEach(async () => {
  tenant = await createTestOrganisation(db.owner);
  users = await addUsers(db.owner, tenant, WRITERS);
});
afterAll(async () => {
  await server.close();
  await db.drop();
});

/** The number of times that each outcome came. */
function tally(outcomes: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** Like `change`, in one transaction without a retry. */
async function writeOnce(changes: DayChange[]): Promise<string[]> {
  return (await server.inTenant(tenant, (tx) => writeDays(tx, tenant, changes, byUser()))).map(short);
}

async function expectSound(): Promise<void> {
  expect(await readCounterFaults(db.owner, tenant)).toEqual([]);
  const { plans, bookings } = await readStored(db.owner, tenant);
  expect(plans.filter((row) => row.plan === 'o').map(({ userId, day }) => `${userId} ${day}`)).toEqual(
    bookings.map(({ userId, day }) => `${userId} ${day}`),
  );
}

test('if many users want one desk, exactly one has it, and the others get desk-taken', async () => {
  const { locationId, placeId } = await addLondon(db.owner, tenant);
  for (const day of daysFromMonday(5)) {
    const outcomes = await Promise.all(
      users.map((user) => change(server, tenant, [office(user, day, locationId, placeId)])),
    );
    expect(tally(outcomes.flat())).toEqual({ changed: 1, 'desk-taken': WRITERS - 1 });
  }
  const { plans, bookings } = await readStored(db.owner, tenant);
  expect([plans.length, bookings.length, (await readLog(db.owner, tenant)).length]).toEqual([5, 5, 10]);
  await expectSound();
});

test('if many users want the last seat of a zone, exactly one has it, at a desk or not', async () => {
  const { locationId, zoneId, deskIds } = await addLondon(db.owner, tenant, { desks: WRITERS, capacity: 3 });
  const [first = '', second = '', ...others] = users;
  for (const day of daysFromMonday(5)) {
    await change(server, tenant, [
      office(first, day, locationId, zoneId),
      office(second, day, locationId, zoneId),
    ]);
    const outcomes = await Promise.all(
      others.map((user, n) =>
        change(server, tenant, [office(user, day, locationId, n % 2 ? zoneId : deskIds[n])]),
      ),
    );
    expect(tally(outcomes.flat())).toEqual({ changed: 1, 'zone-full': WRITERS - 3 });
  }
  await expectSound();
});

test('many writers of one day leave one plan, one booking and a complete log', async () => {
  const { locationId, placeId } = await addLondon(db.owner, tenant);
  const [ada = ''] = users;
  const wishes = [
    office(ada, MONDAY, locationId, placeId),
    plan(ada, MONDAY, 'r'),
    office(ada, MONDAY, locationId),
  ];
  await Promise.all(users.map((_, n) => change(server, tenant, wishes.slice(n % 3, (n % 3) + 1))));
  await expectSound();
  const entries = (await readLog(db.owner, tenant)).filter((entry) => entry.category === 'plan');
  const [last] = (await readStored(db.owner, tenant)).plans;
  // Each kind of state begins and ends equally often, except the last one.
  const net = new Map<string, number>();
  for (const { before, after } of entries) {
    for (const [state, by] of [
      [before, -1],
      [after, 1],
    ] as const) {
      const key = state ? JSON.stringify(state, ['locationId', 'plan']) : 'none';
      net.set(key, (net.get(key) ?? 0) + by);
    }
  }
  const left = [...net].filter(([, count]) => count > 0).map(([key]) => JSON.parse(key));
  expect(left).toEqual([{ plan: last?.plan, locationId: last?.locationId ?? null }]);
});

test('batches for the same desks, users and zones in opposite orders never deadlock', async () => {
  const { locationId, deskIds } = await addLondon(db.owner, tenant, { desks: 6, capacity: 5 });
  const wanted = daysFromMonday(15).flatMap((day) =>
    users
      .slice(0, 6)
      .flatMap((user, n) => [
        office(user, day, locationId, deskIds[n]),
        office(user, day, locationId, deskIds[(n + 1) % 6]),
      ]),
  );
  const orders = [wanted, wanted.toReversed(), wanted.slice(90).concat(wanted.slice(0, 90))];
  const outcomes = await Promise.all(
    Array.from({ length: 12 }, (_, n) => writeOnce(orders[n % orders.length] ?? [])),
  );
  expect(Object.keys(tally(outcomes.flat())).toSorted()).toEqual([
    'changed',
    'desk-taken',
    'unchanged',
    'zone-full',
  ]);
  await expectSound();
});

test.each(['desks', 'zones'])('batches of different users never deadlock for %s', async (kind) => {
  const london = await addLondon(db.owner, tenant, { desks: 5, capacity: 4 });
  const quiet = await addNode(db.owner, tenant, { kind: 'zone', parentId: london.levelId });
  // A writer that waits for desks has all its zones already.
  const seats = kind === 'zones' ? [london.zoneId, quiet] : [...london.deskIds, london.zoneId];
  const outcomes = await Promise.all(
    Array.from({ length: 6 }, (_, n) => {
      const wishes = daysFromMonday(30).flatMap((day) =>
        users
          .slice(3 * n, 3 * n + 3)
          .flatMap((user, m) => [
            office(user, day, london.locationId, seats[(n + m) % seats.length]),
            office(user, day, london.locationId, seats[(n + 2 * m + 3) % seats.length]),
          ]),
      );
      return writeOnce(n % 2 ? wishes.toReversed() : wishes);
    }),
  );
  expect(Object.keys(tally(outcomes.flat()))).toContain('changed');
  await expectSound();
});

test('two users exchange their wishes for two desks, again and again, without a deadlock', async () => {
  const { locationId, deskIds } = await addLondon(db.owner, tenant, { desks: 2 });
  const [ada = '', ben = '', eve = '', joe = ''] = users;
  const [one, two] = deskIds;
  const outcomes = await Promise.all(
    daysFromMonday(40).flatMap((day) => [
      writeOnce([office(ada, day, locationId, one), office(eve, day, locationId, two)]),
      writeOnce([office(ben, day, locationId, two), office(joe, day, locationId, one)]),
    ]),
  );
  expect(tally(outcomes.flat())).toEqual({ changed: 80, 'desk-taken': 80 });
  await expectSound();
});

test('an owner who comes back and a guest for the released desk: never both have it, and each has a booking', async () => {
  const { locationId, placeId } = await addLondon(db.owner, tenant);
  const [owner = '', ...guests] = users;
  await assignDesk(db.owner, tenant, placeId, owner);
  for (const day of daysFromMonday(8)) {
    await change(server, tenant, [plan(owner, day, 'r')]);
    const [ofOwner, ...ofGuests] = await Promise.all([
      change(server, tenant, [office(owner, day, locationId)]),
      ...guests.slice(0, 6).map((guest) => change(server, tenant, [office(guest, day, locationId, placeId)])),
    ]);
    expect(ofOwner).toEqual(['changed']);
    const { bookings } = await readStored(db.owner, tenant);
    const ownersNode = bookings.find((row) => row.userId === owner && row.day === day)?.nodeId;
    expect(ownersNode).toBe(ofGuests.flat().includes('changed') ? locationId : placeId);
  }
  await expectSound();
});

test('a repeated conflict ends in a clear error, and a single one is tried again', async () => {
  let attempts = 0;
  const collide = (times: number) =>
    inTenantWithRetries(server, tenant, async (tx) => {
      attempts++;
      if (attempts <= times)
        await tx.query("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$");
      return 'done';
    });
  expect(await collide(3)).toBe('done');
  expect(attempts).toBe(4);
  attempts = 0;
  await expect(collide(Number.POSITIVE_INFINITY)).rejects.toThrow(ContentionError);
  expect(attempts).toBe(6);
  await expect(collide(0)).resolves.toBe('done');
});

test('a deadlock that other writers cause reaches no caller', async () => {
  const { locationId } = await addLondon(db.owner, tenant);
  const [ada = '', ben = ''] = [...users].sort();
  const lock = (tx: Parameters<Parameters<Database['inTenant']>[1]>[0], user: string) =>
    tx.query("UPDATE users SET first_name = 'x' WHERE tenant_id = $1 AND user_id = $2", [tenant, user]);
  let written: Promise<string[]> = Promise.resolve([]);
  // Locks the users in reverse order, as no writer of days does. One of the two transactions fails.
  await db.owner
    .inTenant(tenant, async (tx) => {
      await lock(tx, ben);
      written = change(
        server,
        tenant,
        [office(ada, MONDAY, locationId), office(ben, MONDAY, locationId)],
        byUser(),
      );
      await untilAllWait(db.target);
      await lock(tx, ada);
    })
    .catch(() => undefined);
  expect(await written).toEqual(['changed', 'changed']);
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { writeDays } from '../../src/workday/plan.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from '../support/database.ts';
import { addNode, addOffice, addUser, type Office } from '../support/directory.ts';
import {
  addLondon,
  addUsers,
  assignDesk,
  byUser,
  change,
  daysFromMonday,
  MONDAY,
  measure,
  office,
  plan,
  readCounterFaults,
  readDay,
  readLog,
  readStored,
  setCapacity,
  TUESDAY,
} from './support.ts';

let db: TestDatabase;
let tenant: string;
let london: Office & { deskIds: string[] };
let ada: string;
let ben: string;

beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  tenant = await createTestOrganisation(db.owner);
  london = await addLondon(db.owner, tenant, { desks: 2 });
  [ada, ben] = (await addUsers(db.owner, tenant, 2)) as [string, string];
});
afterAll(() => db.drop());

/** The zone, and the first and the second desk of London. */
const [zone, desk, otherDesk] = [() => london.zoneId, () => london.placeId, () => london.deskIds[1] ?? ''];
const at = (locationId = london.locationId) => locationId;
const submit = (...changes: Parameters<typeof change>[2]) => change(db.restricted, tenant, changes);
const dayOf = (userId: string, day = MONDAY) => readDay(db.owner, tenant, userId, day);

test('an office plan has a booking of the office, a zone or a desk, and a new one replaces the old one', async () => {
  for (const [nodeId, kind, depth] of [
    [undefined, 'location', 1],
    [zone(), 'zone', 2],
    [desk(), 'place', 3],
    [otherDesk(), 'place', 3],
    [at(), 'location', 1],
  ] as const) {
    expect(await submit(office(ada, MONDAY, at(), nodeId))).toEqual(['changed']);
    const { bookings } = await readStored(db.owner, tenant);
    expect(bookings).toMatchObject([
      { userId: ada, nodeKind: kind, nodeId: nodeId ?? at(), setBy: 'person' },
    ]);
    const last = (await readLog(db.owner, tenant)).at(-1);
    expect(last).toMatchObject({
      category: 'booking',
      after: { locationId: at(), nodeId: nodeId ?? at(), depth },
    });
  }
  expect(await readCounterFaults(db.owner, tenant)).toEqual([]);
});

test('another plan than office cancels the booking, and a plan of null deletes the day', async () => {
  for (const kind of ['r', 'a', null] as const) {
    await submit(office(ada, MONDAY, at(), desk()));
    expect(await submit(plan(ada, MONDAY, kind))).toEqual(['changed']);
    expect(await dayOf(ada)).toMatchObject({ plan: kind ?? undefined, bookedNodeId: undefined });
  }
  expect(await submit(plan(ada, MONDAY, null))).toEqual(['unchanged']);
  expect(await submit(plan(ada, TUESDAY, null))).toEqual(['unchanged']);
});

test('an office plan without a requested node keeps the booking at that office, and replaces one elsewhere', async () => {
  const paris = await addOffice(db.owner, tenant);
  await submit(office(ada, MONDAY, at(), desk()));
  expect(await submit(office(ada, MONDAY, at()))).toEqual(['unchanged']);
  expect(await dayOf(ada)).toMatchObject({ bookedNodeId: desk() });
  expect(await submit(office(ada, MONDAY, paris.locationId))).toEqual(['changed']);
  expect(await dayOf(ada)).toMatchObject({ bookedNodeId: paris.locationId });
  expect(await submit(office(ada, MONDAY, at(), desk()))).toEqual(['changed']);
});

test('a change to the same values writes nothing', async () => {
  await submit(office(ada, MONDAY, at(), desk()), plan(ben, MONDAY, 'a'));
  const [stored, log] = [await readStored(db.owner, tenant), await readLog(db.owner, tenant)];
  const again = [office(ada, MONDAY, at(), desk()), office(ada, MONDAY, at()), plan(ben, MONDAY, 'a')];
  expect(await submit(...again)).toEqual(['unchanged', 'unchanged', 'unchanged']);
  expect(await submit(plan(ben, MONDAY, 'r'), plan(ben, MONDAY, 'a'))).toEqual(['changed', 'changed']);
  expect(await readStored(db.owner, tenant)).toEqual(stored);
  expect(await readLog(db.owner, tenant)).toHaveLength(log.length + 2);
});

test('the log has a sentence for each change, and one action for a plan and the booking that it changes', async () => {
  const author = {
    actor: { changedBy: 'integration', name: 'HR', reason: 'Time off' } as const,
    at: new Date('2026-03-01T23:00:00.123Z'),
  };
  await change(db.restricted, tenant, [office(ada, MONDAY, at(), desk())]);
  await change(db.restricted, tenant, [office(ada, MONDAY, at(), zone())]);
  await change(db.restricted, tenant, [plan(ada, MONDAY, 'a')], author);
  await change(db.restricted, tenant, [plan(ada, MONDAY, null)], { ...author, at: new Date(+author.at + 1) });
  const log = await readLog(db.owner, tenant);
  const { rows: names } = await db.owner.inTenant(tenant, (tx) =>
    tx.query('SELECT node_id, name FROM nodes WHERE tenant_id = $1', [tenant]),
  );
  const name = (nodeId: string) => names.find((row) => row.node_id === nodeId)?.name;
  const [deskAt, zoneAt] = [`desk ${name(desk())} (London)`, `zone ${name(zone())} (London)`];
  expect(log.map(({ category, action, description }) => [category, action, description])).toEqual([
    ['plan', 'created', 'Plan set to office (London)'],
    ['booking', 'created', `Booking made of ${deskAt}`],
    ['booking', 'changed', `Booking changed from ${deskAt} to ${zoneAt}`],
    ['plan', 'changed', 'Plan changed from office (London) to away'],
    ['booking', 'cancelled', `Booking of ${zoneAt} cancelled`],
    ['plan', 'deleted', 'Plan deleted, which was away'],
  ]);
  const away = log.filter(({ description }) => /to away|cancelled/.test(description));
  expect(new Set(away.map((entry) => entry.actionId)).size).toBe(1);
  expect(new Set(log.map((entry) => entry.actionId)).size).toBe(4);
  expect(away[0]).toMatchObject({
    userId: ada,
    day: MONDAY,
    before: { plan: 'o', locationId: at() },
    after: { plan: 'a', locationId: null },
    loggedAt: author.at,
    changedBy: 'integration',
    changedByName: 'HR',
    reason: 'Time off',
  });
  expect(away[1]).toMatchObject({ before: { locationId: at(), nodeId: zone(), depth: 2 }, after: null });
});

test('changes apply in order: the first user gets a desk, and a later change of a day replaces an earlier one', async () => {
  expect(
    await submit(
      office(ada, MONDAY, at(), desk()),
      office(ben, MONDAY, at(), desk()),
      plan(ben, TUESDAY, 'r'),
      plan(ben, TUESDAY, 'a'),
    ),
  ).toEqual(['changed', 'desk-taken', 'changed', 'changed']);
  expect(await dayOf(ben)).toMatchObject({ plan: undefined, bookedNodeId: undefined });
  expect(await dayOf(ben, TUESDAY)).toMatchObject({ plan: 'a' });
  // A desk that one change frees is free for later changes of the same call.
  expect(
    await submit(
      office(ben, MONDAY, at(), desk()),
      plan(ada, MONDAY, 'r'),
      office(ben, MONDAY, at(), desk()),
    ),
  ).toEqual(['desk-taken', 'changed', 'changed']);
  // Two users exchange desks, with the office in between.
  await submit(office(ada, MONDAY, at(), otherDesk()));
  expect(
    await submit(
      office(ada, MONDAY, at(), at()),
      office(ben, MONDAY, at(), otherDesk()),
      office(ada, MONDAY, at(), desk()),
    ),
  ).toEqual(['changed', 'changed', 'changed']);
  expect((await dayOf(ada)).bookedNodeId).toBe(desk());
  expect((await dayOf(ben)).bookedNodeId).toBe(otherDesk());
});

test('a refusal leaves its day unchanged and stops no other change', async () => {
  await submit(office(ada, MONDAY, at(), desk()), plan(ben, MONDAY, 'r'));
  const before = await dayOf(ben);
  expect(await submit(office(ben, MONDAY, at(), desk()), office(ben, TUESDAY, at(), desk()))).toEqual([
    'desk-taken',
    'changed',
  ]);
  expect(await dayOf(ben)).toEqual(before);
});

test('a zone takes as many users as its capacity, with and without desks', async () => {
  await db.owner.inTenant(tenant, (tx) => setCapacity(tx, tenant, zone(), 1));
  expect(await submit(office(ada, MONDAY, at(), zone()))).toEqual(['changed']);
  expect(await submit(office(ben, MONDAY, at(), desk()), office(ben, TUESDAY, at(), desk()))).toEqual([
    'zone-full',
    'changed',
  ]);
  // The user moves to a desk in a zone that is booked already.
  expect(await submit(office(ada, MONDAY, at(), desk()))).toEqual(['changed']);
  expect(await submit(office(ben, MONDAY, at(), otherDesk()))).toEqual(['zone-full']);
  expect(await submit(plan(ada, MONDAY, 'r'), office(ben, MONDAY, at(), otherDesk()))).toEqual([
    'changed',
    'changed',
  ]);
  expect(await readCounterFaults(db.owner, tenant)).toEqual([]);
});

test('only active desks and zones of active offices can be booked, and only by active users', async () => {
  const { userId: left } = await addUser(db.owner, tenant, { status: 'inactive' });
  const closedDesk = await addNode(db.owner, tenant, { kind: 'place', parentId: zone(), status: 'inactive' });
  const paris = await addOffice(db.owner, tenant);
  await db.owner.inTenant(tenant, (tx) =>
    tx.query("UPDATE nodes SET status = 'inactive' WHERE tenant_id = $1 AND node_id = $2", [
      tenant,
      paris.locationId,
    ]),
  );
  expect(
    await submit(
      office(ada, MONDAY, at(), closedDesk),
      office(ada, MONDAY, at(), london.levelId),
      office(ada, MONDAY, at(), london.spaceId),
      office(ada, MONDAY, at(), randomUUID()),
      office(ada, MONDAY, at(), paris.placeId),
      office(ada, MONDAY, paris.locationId),
      office(ada, MONDAY, paris.locationId, paris.placeId),
      office(ada, MONDAY, zone()),
      office(left, MONDAY, at()),
      plan(left, MONDAY, 'r'),
      plan(randomUUID(), MONDAY, 'r'),
      plan(randomUUID(), MONDAY, null),
      plan(left, MONDAY, null),
    ),
  ).toEqual([...Array(8).fill('not-bookable'), ...Array(4).fill('unknown-user'), 'unchanged']);
  expect(await readStored(db.owner, tenant)).toEqual({ plans: [], bookings: [] });
  expect(await readLog(db.owner, tenant)).toEqual([]);
});

test("another organisation's users and desks are unknown", async () => {
  const other = await createTestOrganisation(db.owner);
  const [eve] = (await addUsers(db.owner, other, 1)) as [string];
  expect(
    await change(db.restricted, other, [office(eve, MONDAY, at(), desk()), plan(ada, MONDAY, 'r')]),
  ).toEqual(['not-bookable', 'unknown-user']);
});

test('presence and leave do not become the setBy of an equal plan; a week or a day does', async () => {
  const set = (setBy: 'week' | 'day' | 'leave' | 'presence', change: ReturnType<typeof plan>) =>
    submit({ ...change, setBy });
  await set('week', office(ada, MONDAY, at()));
  expect(await set('presence', office(ada, MONDAY, at(), desk()))).toEqual(['changed']);
  expect(await dayOf(ada)).toMatchObject({
    planSetBy: 'week',
    bookedNodeId: desk(),
    bookingSetBy: 'presence',
  });
  expect(await set('day', office(ada, MONDAY, at()))).toEqual(['unchanged']);
  expect(await dayOf(ada)).toMatchObject({ planSetBy: 'day', bookedNodeId: desk(), bookingSetBy: 'person' });
  await set('day', plan(ben, MONDAY, 'a'));
  expect(await set('leave', plan(ben, MONDAY, 'a'))).toEqual(['unchanged']);
  expect(await dayOf(ben)).toMatchObject({ planSetBy: 'day' });
  await set('leave', plan(ben, TUESDAY, 'a'));
  expect(await dayOf(ben, TUESDAY)).toMatchObject({ planSetBy: 'leave' });
});

test('others can book an assigned desk on days when its owner plans to be elsewhere', async () => {
  await assignDesk(db.owner, tenant, desk(), ada);
  const wish = office(ben, MONDAY, at(), desk());
  expect(await submit(wish)).toEqual(['not-bookable']);
  await submit(office(ada, MONDAY, at(), otherDesk()));
  expect(await submit(wish)).toEqual(['not-bookable']);
  expect(await submit(plan(ada, MONDAY, 'r'), wish)).toEqual(['changed', 'changed']);
  // The owner comes back. The other user keeps the booking.
  expect(await submit(office(ada, MONDAY, at()))).toEqual(['changed']);
  expect((await dayOf(ada)).bookedNodeId).toBe(at());
  expect((await dayOf(ben)).bookedNodeId).toBe(desk());
  // The desk is free again, and is the owner's by default.
  await submit(plan(ben, MONDAY, 'r'), plan(ada, MONDAY, 'r'));
  expect(await submit(office(ada, MONDAY, at()))).toEqual(['changed']);
  expect((await dayOf(ada)).bookedNodeId).toBe(desk());
  expect(await submit(wish)).toEqual(['desk-taken']);
});

test('an office may keep assigned desks for their owners, and a desk with an inactive owner is free', async () => {
  await assignDesk(db.owner, tenant, desk(), ada);
  await db.owner.inTenant(tenant, (tx) =>
    tx.query(
      'INSERT INTO office_settings (tenant_id, location_id, release_assigned_desks) VALUES ($1, $2, false)',
      [tenant, at()],
    ),
  );
  const wish = office(ben, MONDAY, at(), desk());
  expect(await submit(plan(ada, MONDAY, 'a'), wish)).toEqual(['changed', 'not-bookable']);
  await db.owner.inTenant(tenant, (tx) =>
    tx.query("UPDATE users SET status = 'inactive' WHERE tenant_id = $1 AND user_id = $2", [tenant, ada]),
  );
  expect(await submit(wish)).toEqual(['changed']);
});

test('many days need no more statements than one', async () => {
  const fortnight = daysFromMonday(14);
  const wishes = fortnight.flatMap((day) => [
    office(ada, day, at(), desk()),
    office(ben, day, at()),
    office(ben, day, at(), otherDesk()),
  ]);
  const one = await measure(db.restricted, tenant, wishes.slice(0, 3));
  const many = await measure(db.restricted, tenant, wishes);
  expect([one.changed, many.changed]).toEqual([3, 39]);
  expect(many.statements).toBeLessThanOrEqual(one.statements);
  expect(many.statements).toBeLessThanOrEqual(19);
  const leave = fortnight.map((day) => ({ ...plan(ada, day, 'a'), setBy: 'leave' as const }));
  expect((await measure(db.restricted, tenant, leave)).statements).toBeLessThanOrEqual(10);
});

test("the write belongs to the caller's transaction", async () => {
  await expect(
    db.restricted.inTenant(tenant, async (tx) => {
      await writeDays(tx, tenant, [office(ada, MONDAY, at(), desk())], byUser());
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  expect(await readStored(db.owner, tenant)).toEqual({ plans: [], bookings: [] });
  expect(await submit()).toEqual([]);
});

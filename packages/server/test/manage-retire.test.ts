import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { importFile } from './support/import.ts';
import { type ManageClient, makeLondon, manageClient } from './support/manage.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { change, office, readCounterFaults, readDay, readLog, readStored } from './workday/support.ts';

/** The clock of the tests: noon in London, and already the next day in Auckland. */
const TODAY = '2026-03-10';
const YESTERDAY = '2026-03-09';
const TOMORROW = '2026-03-11';

let server: TestServer;
let client: ManageClient;
let london: Awaited<ReturnType<typeof makeLondon>>;
let ada: string;
let grace: string;
let alan: string;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  client = await manageClient(server);
  london = await makeLondon(client);
  const people = await client.bulk('users', [
    { userName: 'ada' },
    { userName: 'grace' },
    { userName: 'alan' },
  ]);
  [ada = '', grace = '', alan = ''] = people.map(({ id }) => id ?? '');
});
afterAll(() => server.close());

/** The node that a user has booked on a day. Undefined: the user has no plan. */
const booked = async (userId: string, day: string) =>
  (await readDay(server.db.owner, client.tenantId, userId, day)).bookedNodeId;
const book = (userId: string, day: string, nodeId: string, locationId = london.locationId) =>
  change(server.db.restricted, client.tenantId, [office(userId, day, locationId, nodeId)]);

async function bookAll(day: string): Promise<void> {
  const { deskId, zoneId, locationId } = london;
  expect([
    ...(await book(ada, day, deskId)),
    ...(await book(grace, day, zoneId)),
    ...(await book(alan, day, locationId)),
  ]).toEqual(['changed', 'changed', 'changed']);
}

const bookings = (day: string) => Promise.all([ada, grace, alan].map((userId) => booked(userId, day)));

describe('a booking at a retired node becomes, from today on, a booking of the office', () => {
  test.each([
    ['desk', 'desks', 'deskId', (o: typeof london) => [o.locationId, o.zoneId, o.locationId]],
    ['zone', 'zones', 'zoneId', (o: typeof london) => [o.locationId, o.locationId, o.locationId]],
    ['level', 'levels', 'levelId', (o: typeof london) => [o.locationId, o.locationId, o.locationId]],
  ] as const)('a %s', async (_, path, member, after) => {
    for (const day of [YESTERDAY, TODAY, TOMORROW]) await bookAll(day);
    await client.patch(`${path}/${london[member]}`, { status: 'inactive' });
    expect(await bookings(YESTERDAY)).toEqual([london.deskId, london.zoneId, london.locationId]);
    expect(await bookings(TODAY)).toEqual(after(london));
    expect(await bookings(TOMORROW)).toEqual(after(london));
    expect(await readCounterFaults(server.db.owner, client.tenantId)).toEqual([]);
    // A node that becomes active again does not change bookings again.
    await client.patch(`${path}/${london[member]}`, { status: 'active' });
    expect(await bookings(TODAY)).toEqual(after(london));
  });

  test('and no plan if the office is retired; plans elsewhere stay', async () => {
    for (const day of [YESTERDAY, TODAY]) await bookAll(day);
    const paris = await client.make('locations', { locationName: 'Paris', timeZone: 'Europe/Paris' });
    await book(ada, TOMORROW, paris, paris);
    await client.patch(`locations/${london.locationId}`, { status: 'inactive' });
    expect(await bookings(YESTERDAY)).toEqual([london.deskId, london.zoneId, london.locationId]);
    expect(await bookings(TODAY)).toEqual([undefined, undefined, undefined]);
    expect((await readStored(server.db.owner, client.tenantId)).plans).toHaveLength(4);
    expect(await booked(ada, TOMORROW)).toBe(paris);
  });

  test('where today is that of the office', async () => {
    const auckland = await client.make('locations', { locationName: 'AKL', timeZone: 'Pacific/Auckland' });
    await book(ada, TODAY, auckland, auckland);
    await book(ada, TOMORROW, auckland, auckland);
    await client.patch(`locations/${auckland}`, { status: 'inactive' });
    expect([await booked(ada, TODAY), await booked(ada, TOMORROW)]).toEqual([auckland, undefined]);
  });
});

describe('a node that moves', () => {
  test('to another office leaves the bookings at the office that users had planned', async () => {
    await bookAll(TODAY);
    const paris = await client.make('locations', { locationName: 'Paris', timeZone: 'Europe/Paris' });
    await client.patch(`levels/${london.levelId}`, { locationId: paris });
    expect(await bookings(TODAY)).toEqual([london.locationId, london.locationId, london.locationId]);
    expect(await readCounterFaults(server.db.owner, client.tenantId)).toEqual([]);
  });

  test('within the office keeps its bookings: a zone is unchanged, and a desk counts in its new zone', async () => {
    await bookAll(TODAY);
    const l4 = await client.make('levels', { levelName: 'L4', locationId: london.locationId });
    await client.patch(`zones/${london.zoneId}`, { levelId: l4 });
    expect(await bookings(TODAY)).toEqual([london.deskId, london.zoneId, london.locationId]);

    const south = await client.make('zones', { zoneName: 'South', levelId: l4, capacity: 1 });
    await client.patch(`desks/${london.deskId}`, { zoneId: south });
    expect(await bookings(TODAY)).toEqual([london.deskId, london.zoneId, london.locationId]);
    expect((await readStored(server.db.owner, client.tenantId)).bookings).toContainEqual(
      expect.objectContaining({ userId: ada, nodeId: london.deskId, zoneId: south, setBy: 'person' }),
    );
    expect(await readCounterFaults(server.db.owner, client.tenantId)).toEqual([]);
    // Nothing changed for Ada, so that the log has no entry. But the seat in that zone is taken.
    expect(await readLog(server.db.owner, client.tenantId)).toHaveLength(6);
    expect(await book(grace, TODAY, south)).toEqual(['zone-full']);
  });

  test('into a full zone: the booking becomes one of the office', async () => {
    const { locationId, levelId, deskId } = london;
    const south = await client.make('zones', { zoneName: 'South', levelId, capacity: 1 });
    await book(grace, TODAY, south);
    await book(ada, TODAY, deskId);
    await book(ada, TOMORROW, deskId);
    await client.patch(`desks/${deskId}`, { zoneId: south });
    expect([await booked(ada, TODAY), await booked(grace, TODAY)]).toEqual([locationId, south]);
    expect(await booked(ada, TOMORROW)).toBe(deskId);
    expect(await readCounterFaults(server.db.owner, client.tenantId)).toEqual([]);
  });
});

test('a plan keeps its setBy, and the log says who retired the node', async () => {
  const { tenantId } = client;
  const { locationId, deskId } = london;
  await change(server.db.restricted, tenantId, [
    { userId: ada, day: TODAY, plan: { kind: 'o', locationId, booking: { nodeId: deskId } }, setBy: 'week' },
    {
      userId: ada,
      day: TOMORROW,
      plan: { kind: 'o', locationId, booking: { nodeId: deskId } },
      setBy: 'presence',
    },
  ]);
  await client.patch(`desks/${deskId}`, { status: 'inactive' });
  expect(await readDay(server.db.owner, tenantId, ada, TODAY)).toEqual({
    plan: 'o',
    planSetBy: 'week',
    bookedNodeId: locationId,
    bookingSetBy: 'engine',
  });
  expect(await readDay(server.db.owner, tenantId, ada, TOMORROW)).toMatchObject({
    planSetBy: 'presence',
    bookingSetBy: 'presence',
  });
  const log = (await readLog(server.db.owner, tenantId)).filter(({ changedBy }) => changedBy === 'admin');
  expect(log).toHaveLength(2);
  expect(log[0]).toMatchObject({
    category: 'booking',
    description: 'Booking changed from desk N1 (London) to office (London)',
    changedByName: client.apiKey,
    reason: 'Place retired or moved',
  });
});

test('the CSV import does the same with bookings', async () => {
  await bookAll(TODAY);
  const file = ['deskName,zoneName,levelName,locationName,status', 'N1,North,L3,London,inactive'];
  const { db, clock } = server;
  await importFile(db.restricted, client.tenantId, 'desks', file, { clock: clock.read });
  expect(await bookings(TODAY)).toEqual([london.locationId, london.zoneId, london.locationId]);
  expect((await readLog(db.owner, client.tenantId)).at(-1)).toMatchObject({
    changedBy: 'admin',
    reason: 'Import of desks',
  });
});

test('a lower capacity removes no booking, and admits no new one', async () => {
  const { zoneId } = london;
  await book(ada, TODAY, zoneId);
  await book(grace, TODAY, zoneId);
  expect(await client.patch(`zones/${zoneId}`, { capacity: 1 })).toMatchObject({ capacity: 1 });
  expect(await bookings(TODAY)).toEqual([zoneId, zoneId, undefined]);
  expect(await book(alan, TODAY, zoneId)).toEqual(['zone-full']);
});

test('bookings during the retirement of desk, zone and office leave no booking at a retired node', async () => {
  const { tenantId } = client;
  const { deskId, zoneId, levelId, locationId } = london;
  const days = Array.from({ length: 8 }, (_, n) => `2026-03-${12 + n}`);
  for (const [path, nodeId] of [
    ['desks', deskId],
    ['zones', zoneId],
    ['levels', deskId],
    ['locations', locationId],
  ] as const) {
    const retired = { desks: deskId, zones: zoneId, levels: levelId, locations: locationId }[path];
    const racing = days.map((day, n) => book([ada, grace, alan][n % 3] ?? '', day, nodeId));
    await Promise.all([...racing, client.patch(`${path}/${retired}`, { status: 'inactive' })]);
    const { bookings: left } = await readStored(server.db.owner, tenantId);
    expect(left.filter((row) => row.nodeId === nodeId)).toEqual([]);
    await client.patch(`${path}/${retired}`, { status: 'active' });
  }
  expect(await readCounterFaults(server.db.owner, tenantId)).toEqual([]);
});

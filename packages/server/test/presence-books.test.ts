import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ShownKey } from '../src/auth/manage-keys.ts';
import { AttendanceClient, type AttendanceRow, type Sighting } from './support/attendance.ts';
import { addNode, addOffice, addUser, type Office } from './support/directory.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';
import { storeDays } from './support/workday.ts';
import { Horizon } from './workday/horizon-support.ts';
import {
  assignDesk,
  readCounterFaults,
  readDay,
  readLog,
  readStored,
  setCapacity,
} from './workday/support.ts';

/** Noon of a Tuesday in UTC. In Paris, where the office is, it is one hour later. */
const DAY = '2026-03-10';
const NINE = `${DAY}T08:00:00Z`;
const TEN = `${DAY}T09:00:00Z`;

let server: TestServer;
let tenantId: string;
let key: ShownKey;
let client: AttendanceClient;
let horizon: Horizon;
let paris: Office;
let otherDesk: string;
let ada: string;
let ben: string;

beforeAll(async () => {
  // This is long enough for any statement here, and short enough for the test to wait.
  server = await startTestServer({}, { database: { statementTimeoutMs: 3_000 } });
});
afterAll(() => server.close());

beforeEach(async () => {
  server.clock.nowMs = Date.parse(`${DAY}T12:00:00Z`);
  tenantId = await server.organisation();
  key = await server.key(tenantId);
  client = new AttendanceClient(server, key);
  horizon = new Horizon(server.db, tenantId);
  paris = await addOffice(server.db.owner, tenantId, 'Europe/Paris');
  otherDesk = await addNode(server.db.owner, tenantId, { kind: 'place', parentId: paris.zoneId });
  await horizon.setOffice(paris.locationId, { desk_presence: 'book' });
  ada = (await addUser(server.db.owner, tenantId, { primaryLocationId: paris.locationId })).userId;
  ben = (await addUser(server.db.owner, tenantId, { primaryLocationId: paris.locationId })).userId;
});

const at = (userId: string, nodeId = paris.placeId, instant = NINE): Sighting => ({
  userId,
  nodeId,
  kind: 'place',
  at: instant,
});
const dayOf = (userId: string, day = DAY) => readDay(server.db.owner, tenantId, userId, day);
const store = (...days: Parameters<typeof storeDays>[2]) => storeDays(server.db.owner, tenantId, days);
const brief = ({ plan, bookingDepth, attendanceType }: AttendanceRow) => [plan, bookingDepth, attendanceType];
const NOTHING = { plan: undefined, planSetBy: undefined, bookedNodeId: undefined, bookingSetBy: undefined };
const byPresence = (nodeId: string) => ({
  plan: 'o',
  planSetBy: 'presence',
  bookedNodeId: nodeId,
  bookingSetBy: 'presence',
});

describe('a user who is detected at a desk of an office with deskPresence book', () => {
  test('without a plan gets a booking of the desk, and is a walk-in', async () => {
    await client.submit([at(ada)]);
    expect(await dayOf(ada)).toEqual(byPresence(paris.placeId));
    const rows = await client.attendance(DAY);
    expect(rows.map(brief)).toEqual([['o', 3, 'walkIn']]);
    expect(rows[0]).toMatchObject({ bookingPlaceId: paris.placeId, attendanceLocationId: paris.locationId });
    const log = await client.rows<Record<string, unknown>>('change-log/user', {
      startDate: DAY,
      endDate: DAY,
    });
    expect(log.map(({ category, action }) => `${category} ${action}`)).toEqual([
      'plan created',
      'booking created',
    ]);
    expect(new Set(log.map(({ actionId }) => actionId)).size).toBe(1);
    for (const entry of log) {
      expect(entry).toMatchObject({
        changedBy: 'integration',
        changedByName: key.apiKey,
        reason: 'Presence at the desk',
        day: `${DAY}T00:00:00.000Z`,
      });
    }
  });

  test('with a remote plan gets a booking of the desk, and is a walk-in', async () => {
    await store({ userId: ada, day: DAY, plan: 'r' });
    await client.submit([at(ada)]);
    expect(await dayOf(ada)).toEqual(byPresence(paris.placeId));
    expect((await client.attendance(DAY)).map(brief)).toEqual([['o', 3, 'walkIn']]);
  });

  test.each(['location', 'zone'] as const)(
    'with a booking of the %s gets the desk instead, and is confirmed',
    async (kind) => {
      const nodeId = kind === 'zone' ? paris.zoneId : paris.locationId;
      const zone = kind === 'zone' ? { zoneId: paris.zoneId } : {};
      await store({
        userId: ada,
        day: DAY,
        plan: 'o',
        locationId: paris.locationId,
        booking: { nodeId, kind, ...zone },
      });
      await client.submit([at(ada)]);
      expect(await dayOf(ada)).toEqual({ ...byPresence(paris.placeId), planSetBy: 'week' });
      expect((await client.attendance(DAY)).map(brief)).toEqual([['o', 3, 'confirmed']]);
    },
  );

  test('with another booked desk keeps that booking', async () => {
    await store({
      userId: ada,
      day: DAY,
      plan: 'o',
      locationId: paris.locationId,
      booking: { nodeId: otherDesk, kind: 'place', zoneId: paris.zoneId, setBy: 'person' },
    });
    const before = await readStored(server.db.owner, tenantId);
    await client.submit([at(ada)]);
    expect(await readStored(server.db.owner, tenantId)).toEqual(before);
  });

  test('keeps a plan for another office and days away, and is a walk-in', async () => {
    const london = await addOffice(server.db.owner, tenantId);
    await store({ userId: ada, day: DAY, plan: 'o', locationId: london.locationId });
    await store({ userId: ben, day: DAY, plan: 'a', setBy: 'leave' });
    const before = await readStored(server.db.owner, tenantId);
    await client.submit([at(ada), at(ben, otherDesk)]);
    expect(await readStored(server.db.owner, tenantId)).toEqual(before);
    const walkIns = (await client.attendance(DAY)).filter(
      ({ attendanceType }) => attendanceType === 'walkIn',
    );
    expect(walkIns).toHaveLength(2);
  });

  test('gets the first of several desks', async () => {
    await client.submit([at(ada, otherDesk, TEN), at(ada, paris.placeId, NINE)]);
    expect(await dayOf(ada)).toEqual(byPresence(paris.placeId));
    await client.submit([at(ada, otherDesk, TEN)]);
    expect(await dayOf(ada)).toEqual(byPresence(paris.placeId));
  });
});

describe('the server books nothing', () => {
  test('if the office only records presence, which is the default', async () => {
    const london = await addOffice(server.db.owner, tenantId);
    await client.submit([at(ada, london.placeId)]);
    await horizon.setOffice(paris.locationId, { desk_presence: 'record' });
    await client.submit([at(ben)]);
    expect([await dayOf(ada), await dayOf(ben)]).toEqual([NOTHING, NOTHING]);
    expect((await client.attendance(DAY)).map(brief)).toEqual([
      ['a', undefined, 'walkIn'],
      ['a', undefined, 'walkIn'],
    ]);
  });

  test('for presence at a door, in a zone or in a space', async () => {
    await client.submit([
      { userId: ada, nodeId: paris.locationId, at: NINE },
      { userId: ada, nodeId: paris.levelId, kind: 'level', at: NINE },
      { userId: ada, nodeId: paris.zoneId, kind: 'zone', at: NINE },
      { userId: ada, nodeId: paris.spaceId, kind: 'space', at: NINE },
    ]);
    expect(await dayOf(ada)).toEqual(NOTHING);
  });

  test("for events of another day than the office's today", async () => {
    server.clock.nowMs = Date.parse(`${DAY}T23:30:00Z`);
    // In Paris it is the 11th.
    await client.submit([
      at(ada, paris.placeId, `${DAY}T22:59:00Z`),
      at(ben, otherDesk, '2026-03-11T23:10:00Z'),
    ]);
    expect(await readStored(server.db.owner, tenantId)).toEqual({ plans: [], bookings: [] });
    await client.submit([at(ada, paris.placeId, `${DAY}T23:01:00Z`)]);
    expect(await dayOf(ada, '2026-03-11')).toEqual(byPresence(paris.placeId));
  });

  test('at a booked or assigned desk, or in a full zone; it stores the event', async () => {
    await client.submit([at(ada)]);
    await client.submit([at(ben, paris.placeId, TEN)]);
    expect(await dayOf(ben)).toEqual(NOTHING);
    const { userId: owner } = await addUser(server.db.owner, tenantId);
    await assignDesk(server.db.owner, tenantId, otherDesk, owner);
    await client.submit([at(ben, otherDesk, TEN)]);
    expect(await dayOf(ben)).toEqual(NOTHING);
    await server.db.owner.inTenant(tenantId, (tx) => setCapacity(tx, tenantId, paris.zoneId, 1));
    await client.submit([at(owner, otherDesk, TEN)]);
    expect(await dayOf(owner)).toEqual(NOTHING);
    expect(await client.rows('presence', { startDate: DAY, endDate: DAY })).toHaveLength(4);
  });
});

test('a user at a taken desk gets the next desk of detection', async () => {
  await client.submit([at(ada)]);
  await client.submit([at(ben, paris.placeId, NINE), at(ben, otherDesk, TEN)]);
  expect(await dayOf(ben)).toEqual(byPresence(otherDesk));
});

test('the same events again, in any order and number, change nothing', async () => {
  const events = [
    at(ada),
    at(ben, otherDesk),
    at(ada, otherDesk, TEN),
    { userId: ben, nodeId: paris.zoneId, kind: 'zone' as const, at: TEN },
  ];
  await client.submit(events);
  const before = [await readStored(server.db.owner, tenantId), await readLog(server.db.owner, tenantId)];
  await client.submit(events);
  await client.submit([...events, ...events].toReversed());
  for (const event of events) await client.submit([event]);
  expect([await readStored(server.db.owner, tenantId), await readLog(server.db.owner, tenantId)]).toEqual(
    before,
  );
});

test('of many users at one desk at the same time, one gets a booking, and every event is stored', async () => {
  const people = await Promise.all(Array.from({ length: 8 }, () => addUser(server.db.owner, tenantId)));
  await Promise.all(people.map(({ userId }) => client.submit([at(userId)])));
  const { bookings, plans } = await readStored(server.db.owner, tenantId);
  expect([bookings.length, plans.length]).toEqual([1, 1]);
  expect(await client.rows('presence', { startDate: DAY, endDate: DAY })).toHaveLength(8);
  expect(await readCounterFaults(server.db.owner, tenantId)).toEqual([]);
});

test('the week plan does not replace a day that presence made', async () => {
  await client.submit([at(ada)]);
  await horizon.setWeek(ada, [{ kind: 'r' }, { kind: 'r' }, null, null, null, null, null]);
  await horizon.run(`${DAY}T13:00:00Z`);
  expect(await dayOf(ada)).toEqual(byPresence(paris.placeId));
});

describe('a booking that fails in the server', () => {
  const post = (sightings: Sighting[]) =>
    server.app.inject({
      method: 'POST',
      url: '/v1/presence/basic',
      headers: { authorization: basic(key) },
      payload: {
        sourceId: 'door',
        presenceEvents: sightings.map(({ userId, nodeId, kind, at: timestamp }) => ({
          eventId: 'e1',
          timestamp,
          locationId: nodeId,
          locationType: kind,
          userId,
        })),
      },
    });

  test('does not prevent the storage of events or the answer, and is logged', async () => {
    const grant = (statement: string) => server.db.owner.inSystem((tx) => tx.query(statement));
    await grant('REVOKE INSERT ON bookings FROM rollcall_app');
    const reply = await post([at(ada)]);
    await grant('GRANT INSERT ON bookings TO rollcall_app');
    expect(reply.json().results).toMatchObject([{ resultCode: 0 }]);
    expect(await dayOf(ada)).toEqual(NOTHING);
    expect(await client.rows('presence', { startDate: DAY, endDate: DAY })).toHaveLength(1);
    expect(server.logs.filter((line) => line.includes('"error"'))).toEqual([
      expect.stringContaining('work after the commit of presence events failed'),
    ]);
    expect((await post([at(ada)])).statusCode).toBe(200);
    expect(await dayOf(ada)).toEqual(byPresence(paris.placeId));
  });

  test('because of a busy database is a 503, and the same request later does everything', async () => {
    await server.db.owner.inTenant(tenantId, async (tx) => {
      await tx.query('SELECT FROM users WHERE tenant_id = $1 FOR UPDATE', [tenantId]);
      expect((await post([at(ada)])).statusCode).toBe(503);
    });
    expect(await client.rows('presence', { startDate: DAY, endDate: DAY })).toHaveLength(1);
    expect((await post([at(ada)])).statusCode).toBe(200);
    expect(await client.rows('presence', { startDate: DAY, endDate: DAY })).toHaveLength(1);
    expect(await dayOf(ada)).toEqual(byPresence(paris.placeId));
  });
});

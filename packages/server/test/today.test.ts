import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { AttendanceClient } from './support/attendance.ts';
import { addNode, addUser } from './support/directory.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';
import { NODES, PEOPLE, smallOrganisation } from './support/small-organisation.ts';
import { setReporting, storeDays } from './support/workday.ts';

type Office = Record<string, unknown> & { locationName: string; arrivals: number[] };

let server: TestServer;
let tenantId: string;
let client: AttendanceClient;
let key: { apiKey: string; secret: string };
beforeAll(async () => {
  server = await startTestServer();
  ({ tenantId, client, key } = await smallOrganisation(server));
});
afterAll(() => server.close());
// Answers are shared for half a second.
beforeEach(() => {
  server.stopwatch.nowMs += 1_000;
});

async function today(of = key): Promise<{ asOf: string; offices: Office[] }> {
  const reply = await server.app.inject({
    url: '/v1/manage/today',
    headers: { authorization: `Bearer ${await server.token(of)}` },
  });
  expect(reply.statusCode, reply.body).toBe(200);
  return reply.json();
}

const office = async (name: string) =>
  (await today()).offices.find(({ locationName }) => locationName === name);

async function submit(path: string, payload: object): Promise<void> {
  const token = await server.token(key);
  const reply = await server.app.inject({
    method: 'POST',
    url: `/v1/${path}`,
    headers: { authorization: `Bearer ${token}` },
    payload: { sourceId: 'test', ...payload },
  });
  expect(reply.json().results.map((result: { resultCode: number }) => result.resultCode)).not.toContain(3);
}

test('each office shows who planned to come, who came, and who is expected', async () => {
  const { asOf, offices: rows } = await today();
  expect(asOf).toBe('2026-03-13T12:00:00.000Z');
  expect(rows.map(({ locationName }) => locationName)).toEqual(['annex', 'hq']);
  expect(rows[1]).toEqual({
    locationId: NODES.hq,
    locationName: 'hq',
    timeZone: 'Europe/London',
    day: '2026-03-13T00:00:00.000Z',
    planned: 2,
    booked: 0,
    present: 1,
    confirmed: 1,
    walkIn: 0,
    expected: 1,
    visitors: 0,
    spacesInUse: 0,
    spacesReporting: 0,
    lastSeenAt: '2026-03-13T09:00:00.000Z',
    arrivals: Array.from({ length: 24 }, (_, hour) => (hour === 9 ? 1 : 0)),
  });
  expect(rows[0]).toMatchObject({ locationName: 'annex', planned: 0, present: 0, lastSeenAt: null });
});

test('a walk-in, a desk and a plan that presence made count as in attendance', async () => {
  await storeDays(server.db.owner, tenantId, [
    {
      userId: PEOPLE.cy,
      day: '2026-03-13',
      plan: 'o',
      locationId: NODES.hq,
      booking: { nodeId: NODES.desk1, kind: 'place', zoneId: NODES.window },
    },
    {
      userId: PEOPLE.eve,
      day: '2026-03-13',
      plan: 'o',
      locationId: NODES.hq,
      booking: { nodeId: NODES.desk2, kind: 'place', zoneId: NODES.window },
      setBy: 'presence',
    },
  ]);
  await client.submit([
    { userId: PEOPLE.dee, nodeId: NODES.hq, at: '2026-03-13T10:10:00Z' },
    { userId: PEOPLE.dee, nodeId: NODES.hq, at: '2026-03-13T08:10:00Z' },
    { userId: PEOPLE.eve, nodeId: NODES.desk2, kind: 'place', at: '2026-03-13T11:10:00Z' },
  ]);
  const hq = await office('hq');
  expect(hq).toMatchObject({ planned: 3, booked: 1, present: 3, confirmed: 1, walkIn: 2, expected: 2 });
  expect(hq).toMatchObject({ lastSeenAt: '2026-03-13T11:10:00.000Z' });
  expect(hq?.arrivals.slice(8, 12)).toEqual([1, 1, 0, 1]);

  const [metrics] = (await client.rows('metrics', { startDate: '2026-03-13', endDate: '2026-03-13' })).filter(
    ({ locationName }) => locationName === 'hq',
  );
  expect(metrics).toMatchObject({ attendance: 3, confirmed: 1, walkIn: 2 });
});

test('visitors are counted, and a room is in use until its last event says otherwise', async () => {
  const visit = (eventId: string, timestamp: string) => ({
    eventId,
    timestamp,
    locationId: NODES.hq,
    visitorName: 'Vic',
  });
  await submit('visitor-arrival', {
    visitorArrivals: [
      visit('1', '2026-03-13T10:00:00Z'),
      visit('2', '2026-03-13T11:00:00Z'),
      visit('3', '2026-03-12T11:00:00Z'),
    ],
  });
  const room = (timestamp: string, occupied: boolean, node = NODES.room, locationType = 'space') => ({
    eventId: timestamp,
    timestamp,
    locationId: node,
    locationType,
    occupied,
  });
  await submit('occupancy', {
    occupancyEvents: [
      room('2026-03-13T11:30:00Z', true),
      room('2026-03-13T10:00:00Z', false),
      room('2026-03-13T11:30:00Z', true, NODES.desk1, 'place'),
    ],
  });
  expect(await office('hq')).toMatchObject({ visitors: 2, spacesInUse: 1, spacesReporting: 1 });
  // An event of the future does not count yet.
  await submit('occupancy', {
    occupancyEvents: [room('2026-03-13T11:45:00Z', false), room('2026-03-13T15:00:00Z', true)],
  });
  server.stopwatch.nowMs += 1_000;
  expect(await office('hq')).toMatchObject({ spacesInUse: 0, spacesReporting: 1 });
});

test('each office has its own date, and the hours of its own clock', async () => {
  const otherTenant = await server.organisation();
  const other = await server.key(otherTenant);
  const owner = server.db.owner;
  const [auckland, chicago, lost] = [1, 2, 3].map((n) => `000000${n}0-0000-4000-8000-000000000000`) as [
    string,
    string,
    string,
  ];
  await addNode(owner, otherTenant, {
    nodeId: auckland,
    name: 'Auckland',
    kind: 'location',
    timeZone: 'Pacific/Auckland',
  });
  await addNode(owner, otherTenant, {
    nodeId: chicago,
    name: 'Chicago',
    kind: 'location',
    timeZone: 'America/Chicago',
  });
  await addNode(owner, otherTenant, { nodeId: lost, name: 'Retired', kind: 'location' });
  await owner.inTenant(otherTenant, (tx) =>
    tx.query("UPDATE nodes SET status = 'inactive' WHERE tenant_id = $1 AND node_id = $2", [
      otherTenant,
      lost,
    ]),
  );
  await setReporting(owner, otherTenant, chicago, 'never');
  const userId = PEOPLE.ann;
  await addUser(owner, otherTenant, { userId, userName: 'kim', primaryLocationId: auckland });
  const before = server.clock.nowMs;
  // 13 March, 01:30 in Auckland, and 12 March, 07:30 in Chicago.
  server.clock.nowMs = Date.parse('2026-03-12T12:30:00Z');
  try {
    const seen = await server.app.inject({
      method: 'POST',
      url: '/v1/presence/basic',
      headers: { authorization: basic(other) },
      payload: {
        sourceId: 'door',
        presenceEvents: [
          ['1', auckland, '2026-03-12T12:10:00Z'],
          ['2', chicago, '2026-03-12T12:10:00Z'],
          ['3', auckland, '2026-03-12T09:10:00Z'],
        ].map(([eventId, locationId, timestamp]) => ({
          eventId,
          locationId,
          timestamp,
          locationType: 'location',
          userId,
        })),
      },
    });
    expect(seen.json().results).toHaveLength(3);
    const { offices: rows } = await today(other);
    expect(rows.map((row) => [row.locationName, row.day, row.present])).toEqual([
      ['Auckland', '2026-03-13T00:00:00.000Z', 1],
      ['Chicago', '2026-03-12T00:00:00.000Z', 1],
    ]);
    expect(rows.map((row) => row.arrivals.indexOf(1))).toEqual([1, 7]);
  } finally {
    server.clock.nowMs = before;
  }
});

test('callers of an organisation share a read for half a second, and no longer', async () => {
  const before = server.clock.nowMs;
  const [one, two] = await Promise.all([today(), today()]);
  expect(one).toEqual(two);
  server.clock.nowMs += 100;
  server.stopwatch.nowMs += 499;
  expect((await today()).asOf).toBe(one.asOf);
  server.stopwatch.nowMs += 1;
  expect((await today()).asOf).not.toBe(one.asOf);
  server.clock.nowMs = before;
});

test('another organisation never gets a shared answer', async () => {
  await today();
  const stranger = await server.key(await server.organisation());
  expect((await today(stranger)).offices).toEqual([]);
});

test('an unknown parameter is refused', async () => {
  const reply = await server.app.inject({
    url: '/v1/manage/today?locationIds=x',
    headers: { authorization: `Bearer ${await server.token(key)}` },
  });
  expect(reply.statusCode).toBe(400);
});

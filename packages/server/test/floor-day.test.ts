import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AttendanceClient } from './support/attendance.ts';
import { type FloorClient, type FloorDay, type FloorItem, floorClient } from './support/floor.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { NODES, PEOPLE, smallOrganisation } from './support/small-organisation.ts';
import { storeDays } from './support/workday.ts';

let server: TestServer;
let tenantId: string;
let client: FloorClient;
let events: AttendanceClient;
beforeAll(async () => {
  server = await startTestServer();
  ({ tenantId, client: events } = await smallOrganisation(server));
  client = await floorClient(server, tenantId);
});
afterAll(() => server.close());

const NAMES: Record<string, string> = Object.fromEntries(
  Object.entries(NODES).map(([name, id]) => [id, name]),
);
const dayOf = (date: string, levelId: string = NODES.first): Promise<FloorDay> => client.floor(levelId, date);
/** The items in short form: the state, and the people with theirs. */
const inShort = ({ items }: FloorDay) =>
  Object.fromEntries(
    items.map(({ nodeId, state, people }: FloorItem) => [
      NAMES[nodeId],
      [state, ...people.map((person) => `${person.name} ${person.state}`)].join(', '),
    ]),
  );
const seen = (
  person: keyof typeof PEOPLE,
  node: keyof typeof NODES,
  kind: 'location' | 'place' | 'zone',
  at: string,
) => events.submit([{ userId: PEOPLE[person], nodeId: NODES[node], kind, at }]);

test('who came is here, whether detected at the desk or at the door; who did not is a no-show', async () => {
  const day = await dayOf('2026-03-02');
  expect(inShort(day)).toEqual({
    desk1: 'here, ann here',
    desk2: 'here, ben here',
    desk3: 'free',
    quiet: 'noShow, cy noShow',
    window: 'here',
    room: 'unknown',
  });
  expect(day).toMatchObject({
    levelId: NODES.first,
    levelName: 'first',
    locationId: NODES.hq,
    date: '2026-03-02',
    timeZone: 'Europe/London',
    isOver: true,
    others: [],
  });
  expect(day.counts).toEqual({
    free: 1,
    here: 2,
    walkIn: 0,
    elsewhere: 0,
    booked: 0,
    noShow: 0,
    unconfirmed: 0,
  });
  const [ann, ben] = ['desk1', 'desk2'].map(
    (name) => day.items.find((item) => item.name === name)?.people[0],
  );
  expect(ann).toEqual({
    userId: PEOPLE.ann,
    name: 'ann',
    state: 'here',
    bookedNodeId: NODES.desk1,
    bookedName: 'desk1',
    detectedNodeId: NODES.desk1,
    detectedName: 'desk1',
    firstSeenAt: '2026-03-02T09:00:00.000Z',
    lastSeenAt: '2026-03-02T09:00:00.000Z',
  });
  expect(ben).toMatchObject({ bookedNodeId: NODES.desk2, detectedNodeId: NODES.hq });
});

test('without presence reporting a plan is unconfirmed; nobody is a no-show before the day has ended', async () => {
  expect(inShort(await dayOf('2026-03-03'))).toMatchObject({
    desk1: 'unconfirmed, ann unconfirmed',
    desk2: 'free',
  });
  await storeDays(server.db.owner, tenantId, [
    {
      userId: PEOPLE.cy,
      day: '2026-03-13',
      plan: 'o',
      locationId: NODES.hq,
      booking: { nodeId: NODES.desk1, kind: 'place', zoneId: NODES.window },
    },
  ]);
  const today = await dayOf('2026-03-13');
  expect(inShort(today)).toMatchObject({ desk1: 'booked, cy booked', window: 'booked' });
  expect(today).toMatchObject({ isOver: false, attendance: { open: 1, confirmed: 0, noShow: 0 } });
  const { date } = await client.get(`levels/${NODES.first}/floor`);
  expect(date).toBe('2026-03-13');
});

test('a user at another desk than booked is elsewhere at both; a user at a desk without a plan is a walk-in', async () => {
  const day = '2026-03-05';
  const booking = (node: 'desk1' | 'desk3', zone: 'window' | 'quiet') => ({
    nodeId: NODES[node],
    kind: 'place' as const,
    zoneId: NODES[zone],
  });
  await storeDays(server.db.owner, tenantId, [
    { userId: PEOPLE.ann, day, plan: 'o', locationId: NODES.hq, booking: booking('desk1', 'window') },
    { userId: PEOPLE.ben, day, plan: 'o', locationId: NODES.hq, booking: booking('desk3', 'quiet') },
  ]);
  await seen('ann', 'hq', 'location', `${day}T08:00:00Z`);
  await seen('ann', 'desk2', 'place', `${day}T09:00:00Z`);
  await seen('dee', 'desk3', 'place', `${day}T10:00:00Z`);
  const floor = await dayOf(day);
  expect(inShort(floor)).toEqual({
    desk1: 'elsewhere, ann elsewhere',
    desk2: 'elsewhere, ann elsewhere',
    desk3: 'walkIn, ben noShow, dee walkIn',
    window: 'elsewhere',
    quiet: 'walkIn',
    room: 'unknown',
  });
  const at = { bookedNodeId: NODES.desk1, detectedNodeId: NODES.desk2, firstSeenAt: `${day}T08:00:00.000Z` };
  for (const name of ['desk1', 'desk2'])
    expect(floor.items.find((item) => item.name === name)?.people).toMatchObject([at]);
  expect(floor.attendance).toEqual({ open: 0, confirmed: 1, noShow: 1, unconfirmed: 0, walkIn: 1 });
  const zones = floor.items.filter(({ kind }) => kind === 'zone');
  expect(zones.map(({ name, booked, here, capacity }) => [name, booked, here, capacity])).toEqual([
    ['quiet', 1, 1, 3],
    ['window', 1, 1, null],
  ]);
});

test('a booking of the office or of the zone is fulfilled at any desk of it', async () => {
  expect(inShort(await dayOf('2026-03-04'))).toMatchObject({
    desk1: 'here, ben here',
    quiet: 'here, ben here',
  });
  const day = '2026-03-10';
  await storeDays(server.db.owner, tenantId, [
    {
      userId: PEOPLE.ann,
      day,
      plan: 'o',
      locationId: NODES.hq,
      booking: { nodeId: NODES.quiet, kind: 'zone', zoneId: NODES.quiet },
    },
    {
      userId: PEOPLE.ben,
      day,
      plan: 'o',
      locationId: NODES.hq,
      booking: { nodeId: NODES.quiet, kind: 'zone', zoneId: NODES.quiet },
    },
  ]);
  await seen('ann', 'desk3', 'place', `${day}T09:00:00Z`);
  await seen('ben', 'desk2', 'place', `${day}T09:00:00Z`);
  const floor = await dayOf(day);
  expect(inShort(floor)).toMatchObject({
    desk3: 'here, ann here',
    desk2: 'elsewhere, ben elsewhere',
    quiet: 'here, ben elsewhere',
  });
});

test('a booking that presence made is a walk-in', async () => {
  const floor = await dayOf('2026-03-06');
  expect(inShort(floor)).toMatchObject({ desk2: 'walkIn, cy walkIn' });
  expect(floor.attendance).toMatchObject({ confirmed: 0, walkIn: 1 });
  expect(floor.items.find(({ name }) => name === 'window')).toMatchObject({ booked: 0, here: 1 });
});

test('a user at the level itself, or at a retired node, is among the others', async () => {
  const { items, others, attendance } = await dayOf('2026-03-04', NODES.second);
  expect(items.map(({ name }) => name)).toEqual(['empty']);
  expect(others).toMatchObject([{ name: 'ann', state: 'here', detectedNodeId: NODES.second }]);
  expect(attendance).toEqual({ open: 0, confirmed: 0, noShow: 0, unconfirmed: 0, walkIn: 0 });
});

test('an assigned desk says its owner while the owner is active; a room says its last occupancy', async () => {
  await client.put(`desks/${NODES.desk3}/assignment`, { userId: PEOPLE.eve });
  const owner = async () => (await dayOf('2026-03-02')).items.find(({ name }) => name === 'desk3')?.owner;
  expect(await owner()).toEqual({ userId: PEOPLE.eve, name: 'eve' });
  await client.patch(`users/${PEOPLE.eve}`, { status: 'inactive' });
  expect(await owner()).toBeNull();

  const sensor = (at: string, occupied: boolean, occupancy?: number) =>
    client.occupancy([
      { eventId: at, timestamp: at, locationId: NODES.room, locationType: 'space', occupied, occupancy },
    ]);
  await sensor('2026-03-11T09:00:00Z', true, 4);
  const room = async () => (await dayOf('2026-03-11')).items.find(({ kind }) => kind === 'space');
  expect(await room()).toMatchObject({
    state: 'inUse',
    occupancy: { occupied: true, occupancy: 4, observedAt: '2026-03-11T09:00:00.000Z' },
  });
  await sensor('2026-03-11T10:00:00Z', false);
  expect(await room()).toMatchObject({ state: 'free', occupancy: { occupied: false } });
});

test('a day without any data shows free desks; a wrong day is a 400, and an unknown level a 404', async () => {
  for (const date of ['1999-12-31', '2090-01-01']) {
    const floor = await dayOf(date);
    expect(floor.items.filter(({ state }) => state === 'free')).toHaveLength(5);
    expect(floor.isOver).toBe(date < '2026');
  }
  const floor = `levels/${NODES.first}/floor`;
  expect(expectProblem(await client.send('GET', `${floor}?date=2026-02-30`), 400)).toContain('date');
  expect(expectProblem(await client.send('GET', `${floor}?day=2026-03-02`), 400)).toContain('date');
  for (const id of [NODES.desk1, '00000000-0000-4000-8000-000000000000', 'x'])
    expectProblem(await client.send('GET', `levels/${id}/floor`), 404);
});

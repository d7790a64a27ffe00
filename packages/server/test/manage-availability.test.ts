import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Availability } from '../src/workday/availability.ts';
import { addNode, type TestUser } from './support/directory.ts';
import { ManagedWorkplace } from './support/manage-days.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';

const TODAY = '2026-03-10';

let server: TestServer;
let work: ManagedWorkplace;
let owner: TestUser;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  work = await ManagedWorkplace.at(server);
  owner = await work.addUser();
});
afterAll(() => server.close());

const look = (query = '', day = TODAY) =>
  work.ask<Availability>('GET', `locations/${work.office.locationId}/availability?day=${day}${query}`);
/** The states of desks, by desk id. */
const states = async () =>
  Object.fromEntries((await look()).desks.map(({ deskId, state }) => [deskId, state]));
const add = (kind: 'zone' | 'place', parentId: string, name: string, status = 'active') =>
  addNode(server.db.owner, work.tenantId, { kind, parentId, name, status });
const assign = (deskId: string, { userId }: TestUser) =>
  work.sql('INSERT INTO desk_assignments (tenant_id, place_id, user_id) VALUES ($1, $2, $3)', deskId, userId);
const update = (set: string, nodeId: string) =>
  work.sql(`UPDATE nodes SET ${set} WHERE tenant_id = $1 AND node_id = $2`, nodeId);

test('lists the active desks and zones with their ancestors, their states and their owners', async () => {
  const { locationId, levelId, zoneId, placeId } = work.office;
  await update("name = 'First'", levelId);
  await update("name = 'North'", zoneId);
  await update("name = 'N1'", placeId);
  await update('capacity = 3', zoneId);
  const second = await add('place', zoneId, 'N2');
  const south = await add('zone', levelId, 'South');
  const third = await add('place', south, 'S1');
  const fourth = await add('place', south, 'S2');
  await add('place', south, 'S3', 'inactive');
  await add('zone', levelId, 'Closed', 'inactive');
  await assign(third, owner);
  await work.setDay(TODAY, work.at(placeId));
  await work.setDay(TODAY, work.at(zoneId), owner);
  const level = { levelId, levelName: 'First' };
  const inNorth = { zoneId, zoneName: 'North', ...level };
  const inSouth = { zoneId: south, zoneName: 'South', ...level };
  const free = [
    { deskId: second, deskName: 'N2', ...inNorth, state: 'free' },
    { deskId: fourth, deskName: 'S2', ...inSouth, state: 'free' },
  ];
  const zones = [
    { ...inNorth, capacity: 3, booked: 2, remaining: 1, freeDesks: 1 },
    { ...inSouth, capacity: null, booked: 0, remaining: null, freeDesks: 1 },
  ];
  expect(await look()).toEqual({
    locationId,
    day: TODAY,
    desks: [
      { deskId: placeId, deskName: 'N1', ...inNorth, state: 'booked', bookedBy: work.user.userId },
      free[0],
      { deskId: third, deskName: 'S1', ...inSouth, state: 'assigned', assignedTo: owner.userId },
      free[1],
    ],
    zones,
  });
  expect(await look('&free=true', '20260310')).toEqual({ locationId, day: TODAY, desks: free, zones });
  expect((await look('&free=false')).desks).toHaveLength(4);
});

test('an assigned desk is free while its owner plans to be elsewhere, if the office releases it', async () => {
  const { placeId, locationId } = work.office;
  await assign(placeId, owner);
  const state = async () => (await states())[placeId];
  expect(await state()).toBe('assigned');
  await work.setDay(TODAY, { plan: 'r' }, owner);
  expect(await state()).toBe('free');
  expect((await look()).desks).toMatchObject([{ assignedTo: owner.userId }]);
  await work.sql(
    'INSERT INTO office_settings (tenant_id, location_id, release_assigned_desks) VALUES ($1, $2, false)',
    locationId,
  );
  expect(await state()).toBe('assigned');
  await work.sql("UPDATE users SET status = 'inactive' WHERE tenant_id = $1 AND user_id = $2", owner.userId);
  expect(await state()).toBe('free');
  expect((await look()).desks[0]).not.toHaveProperty('assignedTo');
});

test('a full zone has no free desk, and one whose capacity is now below its bookings has nothing remaining', async () => {
  const { placeId, zoneId } = work.office;
  await work.setDay(TODAY, work.at(zoneId));
  await work.setDay(TODAY, work.at(zoneId), owner);
  for (const capacity of [2, 1]) {
    await update(`capacity = ${capacity}`, zoneId);
    expect(await states()).toEqual({ [placeId]: 'zone-full' });
    expect((await look()).zones).toMatchObject([{ capacity, booked: 2, remaining: 0, freeDesks: 0 }]);
  }
});

test('a closed office has no desks, an unknown one is a 404, and parameters are checked', async () => {
  const { locationId, levelId } = work.office;
  const other = await ManagedWorkplace.at(server);
  const path = (id: string, query = `day=${TODAY}`) => `locations/${id}/availability?${query}`;
  for (const id of [randomUUID(), levelId, other.office.locationId, 'x']) {
    expectProblem(await work.call('GET', path(id)), 404);
  }
  for (const [query, at] of [
    ['', 'day'],
    ['day=x', 'day'],
    [`day=${TODAY}&free=yes`, 'free'],
  ] as const) {
    const reply = await work.call('GET', path(locationId, query));
    expectProblem(reply, 400);
    expect(reply.json().errors).toMatchObject([{ path: at }]);
  }
  await update("status = 'inactive'", levelId);
  expect(await look()).toMatchObject({ desks: [], zones: [] });
  await update("status = 'active'", levelId);
  await update("status = 'inactive'", locationId);
  expect(await look()).toMatchObject({ desks: [], zones: [] });
});

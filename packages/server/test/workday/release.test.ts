import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from '../support/database.ts';
import { addNode, addUser, type Office } from '../support/directory.ts';
import { importFile } from '../support/import.ts';
import {
  addLondon,
  assignDesk,
  change,
  office,
  plan,
  readCounterFaults,
  readLog,
  readStored,
} from './support.ts';

let db: TestDatabase;
let tenant: string;
let london: Office;

beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  tenant = await createTestOrganisation(db.owner, { timeZone: 'Asia/Tokyo' });
  london = await addLondon(db.owner, tenant);
});
afterAll(() => db.drop());

/** 3 March 2026 in Tokyo, and 2 March in London and New York. */
const NOW_MS = Date.parse('2026-03-02T16:00:00.000Z');
const DAYS = ['2026-03-01', '2026-03-02', '2026-03-03', '2026-03-04'];

const deactivate = (...userIds: string[]) =>
  importFile(
    db.owner,
    tenant,
    'users',
    ['userId,userName,status', ...userIds.map((userId) => `${userId},${userId.slice(0, 8)},inactive`)],
    { clock: () => NOW_MS },
  );

async function officeDays(userId: string): Promise<string[]> {
  const { plans, bookings } = await readStored(db.owner, tenant);
  const days = plans.filter((row) => row.userId === userId && row.plan === 'o').map(({ day }) => day);
  expect(bookings.filter((row) => row.userId === userId).map(({ day }) => day)).toEqual(days);
  return days;
}

test("a user who becomes inactive loses bookings from the user's today on, and the desk is free", async () => {
  const newYork = await addNode(db.owner, tenant, { kind: 'location', timeZone: 'America/New_York' });
  const { userId: west } = await addUser(db.owner, tenant, { primaryLocationId: newYork });
  const { userId: nowhere } = await addUser(db.owner, tenant);
  const { userId: stays } = await addUser(db.owner, tenant);
  const wishes = DAYS.flatMap((day) => [
    office(west, day, london.locationId, london.placeId),
    office(nowhere, day, london.locationId, london.zoneId),
    office(stays, day, london.locationId),
  ]);
  await change(db.restricted, tenant, [...wishes, plan(nowhere, '2026-03-05', 'a')]);
  const before = await readLog(db.owner, tenant);

  expect(await deactivate(west, nowhere)).toMatchObject({ updated: 2, refused: [] });
  expect(await officeDays(west)).toEqual(DAYS.slice(0, 1));
  expect(await officeDays(nowhere)).toEqual(DAYS.slice(0, 2));
  expect(await officeDays(stays)).toEqual(DAYS);
  expect((await readStored(db.owner, tenant)).plans.filter((row) => row.plan === 'a')).toHaveLength(1);
  expect(await readCounterFaults(db.owner, tenant)).toEqual([]);

  const log = (await readLog(db.owner, tenant)).filter(
    ({ entryId }) => !before.some((old) => old.entryId === entryId),
  );
  expect(log).toHaveLength(10);
  expect(new Set(log.map(({ actionId }) => actionId)).size).toBe(5);
  expect(log[0]).toMatchObject({ action: 'deleted', changedBy: 'admin', reason: 'Import of people' });
  expect(log[0]?.loggedAt.getTime()).toBe(NOW_MS);
  expect(
    await change(db.restricted, tenant, [office(stays, '2026-03-03', london.locationId, london.placeId)]),
  ).toEqual(['changed']);
});

test('a user who was inactive before, or changes in another way, keeps the days', async () => {
  const { userId } = await addUser(db.owner, tenant);
  await change(db.restricted, tenant, [office(userId, '2026-03-04', london.locationId)]);
  const line = `${userId},renamed,`;
  await importFile(db.owner, tenant, 'users', ['userId,userName,status', line], { clock: () => NOW_MS });
  expect(await officeDays(userId)).toEqual(['2026-03-04']);
  await deactivate(userId);
  expect(await officeDays(userId)).toEqual([]);
  const log = await readLog(db.owner, tenant);
  await deactivate(userId);
  expect(await readLog(db.owner, tenant)).toEqual(log);
});

test('concurrent deactivations and bookings leave no inactive user with a booking', async () => {
  const { userId: owner } = await addUser(db.owner, tenant);
  await assignDesk(db.owner, tenant, london.placeId, owner);
  const people = await Promise.all(Array.from({ length: 8 }, () => addUser(db.owner, tenant)));
  const ids = people.map((person) => person.userId);
  await Promise.all([
    ...ids.map((id) =>
      change(db.restricted, tenant, [office(id, '2026-03-04', london.locationId, london.zoneId)]),
    ),
    deactivate(...ids),
    ...ids.map((id) => change(db.restricted, tenant, [office(id, '2026-03-05', london.locationId)])),
  ]);
  expect(await readStored(db.owner, tenant)).toEqual({ plans: [], bookings: [] });
  expect(await readCounterFaults(db.owner, tenant)).toEqual([]);
});

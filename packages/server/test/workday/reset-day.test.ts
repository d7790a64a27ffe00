import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { DayChange } from '../../src/workday/plan.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from '../support/database.ts';
import type { Office } from '../support/directory.ts';
import {
  addLondon,
  addUsers,
  assignDesk,
  change,
  MONDAY,
  office,
  plan,
  readDay,
  readLog,
  TUESDAY,
} from './support.ts';

let db: TestDatabase;
let tenant: string;
let london: Office;
let ada: string;

beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  tenant = await createTestOrganisation(db.owner);
  london = await addLondon(db.owner, tenant);
  [ada] = (await addUsers(db.owner, tenant, 1)) as [string];
});
afterAll(() => db.drop());

const submit = (...changes: DayChange[]) => change(db.restricted, tenant, changes);
const day = () => readDay(db.owner, tenant, ada, MONDAY);
const backToWeek = (): DayChange => ({
  ...office(ada, MONDAY, london.locationId),
  setBy: 'week',
  resetsToDefault: true,
});

test('a reset day loses a booking that a caller requested', async () => {
  await submit(office(ada, MONDAY, london.locationId, london.placeId));
  expect(await submit(backToWeek())).toEqual(['changed']);
  const atWeek = { plan: 'o', planSetBy: 'week', bookingSetBy: 'engine' };
  expect(await day()).toEqual({ ...atWeek, bookedNodeId: london.locationId });
  const presence = { ...office(ada, MONDAY, london.locationId, london.placeId), setBy: 'presence' } as const;
  await submit(presence, backToWeek());
  expect(await day()).toEqual({ ...atWeek, bookedNodeId: london.locationId });
  // The requested desk is the user's assigned one. The booking stays, and now has setBy engine.
  await assignDesk(db.owner, tenant, london.placeId, ada);
  await submit(office(ada, MONDAY, london.locationId, london.placeId));
  expect(await submit(backToWeek())).toEqual(['unchanged']);
  expect(await day()).toEqual({ ...atWeek, bookedNodeId: london.placeId });
});

test('a reset day keeps the booking that the engine chose', async () => {
  await submit({ ...office(ada, MONDAY, london.locationId, london.placeId), setBy: 'week' });
  expect(await submit(backToWeek())).toEqual(['unchanged']);
  expect(await day()).toMatchObject({ bookedNodeId: london.placeId, bookingSetBy: 'engine' });
});

test('a reset to leave changes the setBy of a day that is away already; leave alone does not', async () => {
  const leave: DayChange = { userId: ada, day: MONDAY, plan: { kind: 'a' }, setBy: 'leave' };
  await submit(plan(ada, MONDAY, 'a'), leave);
  expect(await day()).toMatchObject({ planSetBy: 'day' });
  expect(await submit({ ...leave, resetsToDefault: true })).toEqual(['unchanged']);
  expect(await day()).toMatchObject({ planSetBy: 'leave' });
});

test('the log has the reason of each change, else the reason of its author', async () => {
  const author = { actor: { changedBy: 'admin', name: 'HR', reason: 'Move' } as const, at: new Date(0) };
  const changes = [
    { ...plan(ada, MONDAY, 'r'), reason: 'Plumbing' },
    plan(ada, TUESDAY, 'r'),
    { ...plan(ada, MONDAY, 'a'), reason: null },
  ];
  await change(db.restricted, tenant, changes, author);
  expect((await readLog(db.owner, tenant)).map(({ reason }) => reason)).toEqual(['Plumbing', 'Move', null]);
});

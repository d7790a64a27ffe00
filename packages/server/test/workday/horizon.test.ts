import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { runHorizon } from '../../src/workday/horizon.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from '../support/database.ts';
import { addOffice, type Office } from '../support/directory.ts';
import { forgetTimeZone } from '../support/time-zones.ts';
import { everyDay, Horizon, OFFICE, REMOTE, weekdaysOf, workdays } from './horizon-support.ts';
import { change, MONDAY, office, plan, readCounterFaults, readLog, readStored } from './support.ts';

/** Noon in London. */
const NOON = `${MONDAY}T12:00:00Z`;
/** Fourteen days ahead. */
const LAST = '2026-03-16';

let db: TestDatabase;
let tenant: string;
let horizon: Horizon;
let london: Office;

beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  tenant = await createTestOrganisation(db.owner);
  horizon = new Horizon(db, tenant);
  london = await addOffice(db.owner, tenant);
});
afterAll(() => db.drop());

const atLondon = () => ({ primaryLocationId: london.locationId });

test("the first run makes today and the days of the office's horizon, from the week plan", async () => {
  const ada = await horizon.hire([OFFICE, OFFICE, REMOTE, { kind: 'a' }, null, null, null], atLondon());
  const reports = await horizon.run(NOON);
  expect(await horizon.plans(ada)).toEqual({
    ...weekdaysOf(MONDAY, LAST, 'o week', [1, 2]),
    ...weekdaysOf(MONDAY, LAST, 'r week', [3]),
    ...weekdaysOf(MONDAY, LAST, 'a week', [4]),
  });
  expect(reports).toEqual([
    {
      tenantId: tenant,
      locationId: london.locationId,
      days: 9,
      bookings: { desks: 0, zones: 0, offices: 5 },
    },
  ]);
  expect(await horizon.reached(london.locationId)).toBe(LAST);
  const log = await readLog(db.owner, tenant);
  expect(log).toHaveLength(9 + 5);
  for (const entry of log) {
    expect(entry).toMatchObject({
      changedBy: 'engine',
      changedByName: null,
      reason: expect.stringMatching(/^Horizon/),
      action: 'created',
    });
  }
  // A plan change and its booking change have one action id.
  expect(new Set(log.map(({ actionId }) => actionId)).size).toBe(9);
});

test('a second run changes nothing and logs nothing', async () => {
  await horizon.hire(everyDay(OFFICE), atLondon());
  await horizon.hire(workdays(REMOTE));
  await horizon.run(NOON);
  const before = await horizon.everything();
  expect(await horizon.run(NOON)).toEqual([]);
  expect(await horizon.run(`${MONDAY}T23:59:59Z`)).toEqual([]);
  expect(await horizon.everything()).toEqual(before);
});

test('tables that were just filled have statistics for the planner before the engine uses them', async () => {
  const known = async () => {
    const rows = await horizon.sql<{ table: string; tuples: number }>(
      `SELECT c.relname AS table, c.reltuples AS tuples FROM pg_class c
       WHERE $1::uuid IS NOT NULL AND c.oid = ANY (ARRAY['users', 'week_plans', 'day_plans']::regclass[])`,
      [],
    );
    return Object.fromEntries(rows.map(({ table, tuples }) => [table, tuples]));
  };
  const fresh = await createTestDatabase();
  try {
    horizon = new Horizon(fresh, await createTestOrganisation(fresh.owner));
    await horizon.hire(workdays(REMOTE));
    expect(await known()).toEqual({ users: -1, week_plans: -1, day_plans: -1 });
    await horizon.run(NOON);
    expect(await known()).toMatchObject({ users: 1, week_plans: 5 });
    // Until the table has doubled, its statistics stay.
    await horizon.hire(workdays(REMOTE));
    await horizon.run(NOON);
    expect(await known()).toMatchObject({ users: 1, week_plans: 5 });
  } finally {
    await fresh.drop();
  }
});

test('each later day makes one day more', async () => {
  const ada = await horizon.hire(everyDay(REMOTE), atLondon());
  await horizon.run(NOON);
  expect(await horizon.run('2026-03-03T00:00:00Z')).toMatchObject([{ days: 1 }]);
  expect(Object.keys(await horizon.plans(ada)).at(-1)).toBe('2026-03-17');
  expect(await horizon.reached(london.locationId)).toBe('2026-03-17');
});

test('after a week without a run, the next run makes the missing days, except past ones', async () => {
  const ada = await horizon.hire(everyDay(REMOTE), atLondon());
  await horizon.run(NOON);
  const ben = await horizon.hire(everyDay(REMOTE), atLondon());
  await horizon.run('2026-03-09T12:00:00Z');
  const all = [1, 2, 3, 4, 5, 6, 7];
  expect(await horizon.plans(ada)).toEqual(weekdaysOf(MONDAY, '2026-03-23', 'r week', all));
  expect(await horizon.plans(ben)).toEqual(weekdaysOf('2026-03-09', '2026-03-23', 'r week', all));
});

test('the next run fills an enlarged horizon, and a reduced one removes nothing', async () => {
  const ada = await horizon.hire(workdays(OFFICE), atLondon());
  await horizon.run(NOON);
  await horizon.setOffice(london.locationId, { horizon_days: 30 });
  await horizon.run(NOON);
  expect(await horizon.plans(ada)).toEqual(weekdaysOf(MONDAY, '2026-04-01', 'o week'));
  const before = await readStored(db.owner, tenant);
  await horizon.setOffice(london.locationId, { horizon_days: 0 });
  expect(await horizon.run(NOON)).toEqual([]);
  expect(await readStored(db.owner, tenant)).toEqual(before);
  expect(await horizon.reached(london.locationId)).toBe('2026-04-01');
});

test('a user who is hired or gets a week plan later gets the days at the next run', async () => {
  const ada = await horizon.hire(workdays(OFFICE), atLondon());
  const ben = await horizon.hire(null, atLondon());
  await horizon.run(NOON);
  expect(await horizon.plans(ben)).toEqual({});
  await horizon.setWeek(ben, workdays(REMOTE));
  const eve = await horizon.hire(workdays(OFFICE), atLondon());
  expect(await horizon.run(NOON)).toMatchObject([{ days: 22 }]);
  expect(await horizon.plans(ben)).toEqual(weekdaysOf(MONDAY, LAST, 'r week'));
  expect(await horizon.plans(eve)).toEqual(await horizon.plans(ada));
});

test('existing plans stay, whatever set them and whatever the week plan is now', async () => {
  const ada = await horizon.hire(workdays(OFFICE), atLondon());
  await change(db.restricted, tenant, [
    plan(ada, MONDAY, 'r'),
    office(ada, '2026-03-03', london.locationId, london.placeId),
    { ...plan(ada, '2026-03-04', 'a'), setBy: 'leave' },
  ]);
  await horizon.run(NOON);
  await horizon.setWeek(ada, everyDay(REMOTE));
  await horizon.run(NOON);
  expect(await horizon.plans(ada)).toEqual({
    ...weekdaysOf(MONDAY, LAST, 'o week'),
    ...weekdaysOf(MONDAY, LAST, 'r week', [6, 7]),
    [MONDAY]: 'r day',
    '2026-03-03': 'o day',
    '2026-03-04': 'a leave',
  });
  expect(await horizon.booked(ada, '2026-03-03')).toBe(london.placeId);
});

test('days of leave are away, even if they have no plan yet', async () => {
  const ada = await horizon.hire(workdays(OFFICE), atLondon());
  await horizon.sql(
    `INSERT INTO leaves (tenant_id, user_id, leave_id, start_day, end_day)
     VALUES ($1, $2, gen_random_uuid(), '2026-03-05', '2026-03-10')`,
    [ada],
  );
  await horizon.run(NOON);
  expect(await horizon.plans(ada)).toEqual({
    ...weekdaysOf(MONDAY, LAST, 'o week'),
    ...weekdaysOf('2026-03-05', '2026-03-10', 'a leave'),
  });
});

test("the horizon of the primary location applies to a user's days at any office", async () => {
  const paris = await addOffice(db.owner, tenant, 'Europe/Paris');
  await horizon.setOffice(london.locationId, { horizon_days: 2 });
  await horizon.setOffice(paris.locationId, { horizon_days: 6 });
  const inParis = { kind: 'o', locationId: paris.locationId } as const;
  const ada = await horizon.hire([inParis, OFFICE, REMOTE, null, null, null, null], atLondon());
  const ben = await horizon.hire(everyDay(REMOTE));
  const reports = await horizon.run(NOON);
  expect(await horizon.plans(ada)).toEqual({
    [MONDAY]: 'o week',
    '2026-03-03': 'o week',
    '2026-03-04': 'r week',
  });
  expect(await horizon.booked(ada, MONDAY)).toBe(paris.locationId);
  expect(await horizon.booked(ada, '2026-03-03')).toBe(london.locationId);
  // A user without a primary location has the organisation's clock, and 14 days.
  expect(Object.keys(await horizon.plans(ben)).at(-1)).toBe(LAST);
  expect(reports.map(({ locationId, days }) => [locationId, days])).toEqual(
    expect.arrayContaining([
      [london.locationId, 3],
      [null, 15],
    ]),
  );
  expect(await horizon.reached(paris.locationId)).toBe('2026-03-08');
});

test('an office plan needs an active office, and inactive users get no plans', async () => {
  const nowhere = await horizon.hire([OFFICE, REMOTE, null, null, null, null, null]);
  const closing = await horizon.hire([OFFICE, REMOTE, null, null, null, null, null], atLondon());
  const gone = await horizon.hire(everyDay(OFFICE), atLondon());
  await horizon.sql("UPDATE nodes SET status = 'inactive' WHERE tenant_id = $1 AND node_id = $2", [
    london.locationId,
  ]);
  await horizon.sql("UPDATE users SET status = 'inactive' WHERE tenant_id = $1 AND user_id = $2", [gone]);
  await horizon.run(NOON);
  const tuesdays = weekdaysOf(MONDAY, LAST, 'r week', [2]);
  expect(await horizon.plans(nowhere)).toEqual(tuesdays);
  expect(await horizon.plans(closing)).toEqual(tuesdays);
  expect(await horizon.plans(gone)).toEqual({});
  expect(await horizon.reached(london.locationId)).toBeNull();
  expect(await horizon.run(NOON)).toEqual([]);
});

test('concurrent engines make every day once', async () => {
  const people = await Promise.all(
    Array.from({ length: 12 }, (_, n) => horizon.hire(everyDay(n % 3 ? OFFICE : REMOTE), atLondon())),
  );
  const reports = await Promise.all(Array.from({ length: 4 }, () => horizon.run(NOON)));
  expect(reports.flat().reduce((sum, { days }) => sum + days, 0)).toBe(12 * 15);
  const log = (await readLog(db.owner, tenant)).filter(({ category }) => category === 'plan');
  expect(log).toHaveLength(12 * 15);
  expect(new Set(log.map(({ userId, day }) => `${userId} ${day}`)).size).toBe(12 * 15);
  for (const person of people) expect(Object.keys(await horizon.plans(person))).toHaveLength(15);
  expect(await readCounterFaults(db.owner, tenant)).toEqual([]);
  expect(await horizon.reached(london.locationId)).toBe(LAST);
});

test('a run covers all organisations, and names those with a failure', async () => {
  const other = new Horizon(db, await createTestOrganisation(db.owner));
  const ada = await horizon.hire(everyDay(REMOTE), atLondon());
  const ben = await other.hire(everyDay(REMOTE));
  const broken = new Horizon(db, await createTestOrganisation(db.owner));
  const paris = await addOffice(db.owner, broken.tenantId);
  await broken.hire(everyDay(REMOTE), { primaryLocationId: paris.locationId });
  await forgetTimeZone(db, broken.tenantId, paris.locationId, 'Europe/Atlantis');
  const errors: unknown[] = [];
  const log = { info: () => undefined, warn: () => undefined, error: (entry: unknown) => errors.push(entry) };
  const report = await runHorizon({ database: db.restricted, clock: () => Date.parse(NOON), log });
  expect(Object.keys(await horizon.plans(ada))).toHaveLength(15);
  expect(Object.keys(await other.plans(ben))).toHaveLength(15);
  expect(report.failedTenantIds).toEqual([broken.tenantId]);
  expect(errors).toMatchObject([{ tenantId: broken.tenantId }]);
  await broken.sql(
    "UPDATE nodes SET time_zone = 'Europe/Paris' WHERE tenant_id = $1 AND time_zone IS NOT NULL",
    [],
  );
});

test('an aborted run stops, and the next one continues', async () => {
  const ada = await horizon.hire(everyDay(REMOTE), atLondon());
  const controller = new AbortController();
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  controller.abort(new Error('stopping'));
  const run = (signal?: AbortSignal) =>
    runHorizon({
      database: db.restricted,
      clock: () => Date.parse(NOON),
      log,
      signal,
    });
  await expect(run(controller.signal)).rejects.toThrow('stopping');
  expect(await horizon.plans(ada)).toEqual({});
  await run();
  expect(Object.keys(await horizon.plans(ada))).toHaveLength(15);
});

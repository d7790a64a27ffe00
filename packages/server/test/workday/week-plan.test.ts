import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  plansFromWeek,
  readWeekPlan,
  readWeekPlans,
  setWeekPlan,
  type WeekPlan,
} from '../../src/workday/week-plan.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from '../support/database.ts';
import { addNode, addOffice, addUser } from '../support/directory.ts';

let db: TestDatabase;
let tenant: string;
let ada: string;
let locationId: string;

beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  tenant = await createTestOrganisation(db.owner);
  ada = (await addUser(db.owner, tenant)).userId;
  locationId = (await addOffice(db.owner, tenant)).locationId;
});
afterAll(() => db.drop());

const NONE: WeekPlan = [null, null, null, null, null, null, null];
const set = (userId: string, week: WeekPlan) =>
  db.restricted.inTenant(tenant, (tx) => setWeekPlan(tx, tenant, userId, week));
const read = (userId: string) => db.restricted.inTenant(tenant, (tx) => readWeekPlan(tx, tenant, userId));

async function writtenXids(): Promise<unknown[]> {
  const { rows } = await db.owner.inTenant(tenant, (tx) =>
    tx.query(
      'SELECT weekday, written_xid::text AS xid FROM week_plans WHERE tenant_id = $1 ORDER BY weekday',
      [tenant],
    ),
  );
  return rows;
}

test('a week plan is read as it was set, and only changed weekdays are written', async () => {
  expect(await read(ada)).toEqual(NONE);
  const week: WeekPlan = [
    { kind: 'o', locationId: null },
    { kind: 'o', locationId },
    { kind: 'r' },
    { kind: 'a' },
    null,
    null,
    { kind: 'r' },
  ];
  expect(await set(ada, week)).toBe('changed');
  expect(await read(ada)).toEqual(week);
  const before = await writtenXids();
  expect(await set(ada, week)).toBe('unchanged');
  expect(await writtenXids()).toEqual(before);
  const next: WeekPlan = [
    week[0],
    { kind: 'o', locationId: null },
    week[2],
    week[3],
    { kind: 'a' },
    null,
    null,
  ];
  expect(await set(ada, next)).toBe('changed');
  expect(await read(ada)).toEqual(next);
  const after = await writtenXids();
  expect([after[0], after[2], after[3]]).toEqual([before[0], before[2], before[3]]);
  expect(after[1]).not.toEqual(before[1]);
  expect(await set(ada, NONE)).toBe('changed');
  const { userId: ben } = await addUser(db.owner, tenant);
  await set(ben, week);
  const weeks = await db.restricted.inTenant(tenant, (tx) => readWeekPlans(tx, tenant, [ada, ben]));
  expect(weeks).toEqual(
    new Map([
      [ada, NONE],
      [ben, week],
    ]),
  );
});

test('a week plan with an unknown or inactive user or office is refused', async () => {
  const { userId: left } = await addUser(db.owner, tenant, { status: 'inactive' });
  const closed = await addNode(db.owner, tenant, { kind: 'location', status: 'inactive' });
  const level = await addNode(db.owner, tenant, { kind: 'level', parentId: locationId });
  for (const userId of [left, randomUUID()])
    expect(await set(userId, NONE)).toMatchObject({ refused: 'unknown-user' });
  for (const nodeId of [closed, level, randomUUID()]) {
    const week: WeekPlan = [{ kind: 'o', locationId: nodeId }, null, null, null, null, null, null];
    expect(await set(ada, week)).toMatchObject({ refused: 'unknown-location' });
  }
  expect(await set(ada, [null] as never)).toMatchObject({ refused: 'not-a-week' });
  expect(await read(ada)).toEqual(NONE);
});

test('the plan of a day is that of its weekday, and an unknown or inactive office gives none', () => {
  const week: WeekPlan = [
    { kind: 'o', locationId: null },
    { kind: 'o', locationId: 'paris' },
    { kind: 'r' },
    { kind: 'a' },
    null,
    { kind: 'o', locationId: 'closed' },
    { kind: 'r' },
  ];
  // From Monday 23 February 2026, past the end of the month.
  const days = ['02-23', '02-24', '02-25', '02-26', '02-27', '02-28', '03-01', '03-02'].map(
    (day) => `2026-${day}`,
  );
  const plans = (primaryLocationId: string | null) =>
    plansFromWeek(week, days, { primaryLocationId, activeLocationIds: new Set(['london', 'paris']) }).map(
      ({ plan }) => plan,
    );
  const rest = [{ kind: 'o', locationId: 'paris' }, { kind: 'r' }, { kind: 'a' }, null, null, { kind: 'r' }];
  const london = { kind: 'o', locationId: 'london' };
  expect(plans('london')).toEqual([london, ...rest, london]);
  for (const primary of [null, 'closed']) expect(plans(primary)).toEqual([null, ...rest, null]);
  expect(plansFromWeek(week, days, { primaryLocationId: null, activeLocationIds: new Set() })[7]?.day).toBe(
    '2026-03-02',
  );
});

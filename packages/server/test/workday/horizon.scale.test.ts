import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from '../support/database.ts';
import { Horizon } from './horizon-support.ts';
import { MONDAY, readCounterFaults } from './support.ts';

const PEOPLE = 5_000;
const OFFICES = 3;
const DESKS = 2_400;

let db: TestDatabase;
let horizon: Horizon;

beforeAll(async () => {
  db = await createTestDatabase();
  horizon = new Horizon(db, await createTestOrganisation(db.owner));
  await fill(horizon);
});
afterAll(() => db.drop());

/**
 * Offices with desks in zones of forty, some with a capacity, and users in groups of ten. Most users come three days a
 * week. Every tenth user has an assigned desk. Half of the users had desks in the weeks before.
 */
async function fill({ sql }: Horizon): Promise<void> {
  const run = sql.bind(horizon);
  const id = (expression: string) => `md5(${expression})::uuid`;
  const node = `INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name, time_zone, capacity) SELECT $1`;
  await run(
    `${node}, ${id("'o' || n")}, 'location', NULL, 'Office ' || n, 'Europe/London', NULL FROM generate_series(0, $2 - 1) AS n`,
    [OFFICES],
  );
  await run(
    `${node}, ${id("'l' || n")}, 'level', ${id("'o' || n % $2")}, 'Level ' || n, NULL, NULL FROM generate_series(0, $2 * 2 - 1) AS n`,
    [OFFICES],
  );
  await run(
    `${node}, ${id("'z' || n")}, 'zone', ${id("'l' || n % ($2 * 2)")}, 'Zone ' || n, NULL, CASE WHEN n % 4 = 0 THEN 45 END
     FROM generate_series(0, $3 / 40 - 1) AS n`,
    [OFFICES, DESKS],
  );
  await run(
    `${node}, ${id("'d' || n")}, 'place', ${id("'z' || n % ($2 / 40)")}, 'Desk ' || n, NULL, NULL
     FROM generate_series(0, $2 - 1) AS n`,
    [DESKS],
  );
  await run(
    `INSERT INTO groups (tenant_id, group_id, group_type, name)
     SELECT $1, ${id("'g' || n")}, 'team', 'Team ' || n FROM generate_series(0, $2 / 10 - 1) AS n`,
    [PEOPLE],
  );
  await run(
    `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, primary_location_id, primary_group_id)
     SELECT $1, ${id("'u' || n")}, 'user ' || n, 'user ' || n, ${id("'o' || n % $3")}, ${id("'g' || n % ($2 / 10)")}
     FROM generate_series(0, $2 - 1) AS n`,
    [PEOPLE, OFFICES],
  );
  await run(
    `INSERT INTO desk_assignments (tenant_id, place_id, user_id)
     SELECT $1, ${id("'d' || n")}, ${id("'u' || n * 10")} FROM generate_series(0, $2 / 10 - 1) AS n`,
    [PEOPLE],
  );
  await run(
    `INSERT INTO week_plans (tenant_id, user_id, weekday, plan)
     SELECT $1, ${id("'u' || n")}, weekday, CASE WHEN (n + weekday) % 5 < 3 THEN 'o' ELSE 'r' END
     FROM generate_series(0, $2 - 1) AS n CROSS JOIN generate_series(1, 5) AS weekday`,
    [PEOPLE],
  );
  // One desk of the own office each, so that no two users share one.
  await run(
    `WITH had AS (
       SELECT ${id("'u' || n")} AS user_id, ${id("'d' || n")} AS node_id, day::date AS day
       FROM generate_series(1, $2 - 1, 2) AS n
       CROSS JOIN generate_series(date '2026-01-05', date '2026-02-27', interval '7 days') AS day
     ), plans AS (
       INSERT INTO day_plans (tenant_id, user_id, day, plan, location_id, set_by)
       SELECT $1, h.user_id, h.day, 'o', p.location_id, 'day'
       FROM had h JOIN node_paths p ON p.tenant_id = $1 AND p.node_id = h.node_id
     )
     INSERT INTO bookings (tenant_id, user_id, day, location_id, node_id, node_kind, zone_id, set_by)
     SELECT $1, h.user_id, h.day, p.location_id, h.node_id, 'place', p.zone_id, 'person'
     FROM had h JOIN node_paths p ON p.tenant_id = $1 AND p.node_id = h.node_id`,
    [DESKS],
  );
}

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const startedMs = performance.now();
  const result = await work();
  return { ms: Math.round(performance.now() - startedMs), result };
}

test('for 5,000 users, the first 14 days, one more day, and a run without work each need bounded time', async () => {
  const first = await timed(() => horizon.run(`${MONDAY}T12:00:00Z`));
  const idle = [];
  for (let n = 0; n < 3; n++) idle.push(await timed(() => horizon.run(`${MONDAY}T12:00:00Z`)));
  const nightly = await timed(() => horizon.run('2026-03-03T12:00:00Z'));
  const idleMs = Math.min(...idle.map(({ ms }) => ms));
  console.info(
    'the horizon of 5,000 people',
    { firstMs: first.ms, idleMs, nightlyMs: nightly.ms },
    first.result,
  );
  expect(first.result.reduce((sum, { days }) => sum + days, 0)).toBe(PEOPLE * 11);
  expect(nightly.result.reduce((sum, { days }) => sum + days, 0)).toBe(PEOPLE);
  expect(idle.map(({ result }) => result)).toEqual([[], [], []]);
  expect(await readCounterFaults(db.owner, horizon.tenantId)).toEqual([]);
  expect(first.ms).toBeLessThan(120_000);
  // One day is an eleventh of the work of the first run.
  expect(nightly.ms).toBeLessThan(first.ms);
  expect(idleMs).toBeLessThan(first.ms / 4);
});

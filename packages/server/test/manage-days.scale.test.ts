import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Availability } from '../src/workday/availability.ts';
import { ManagedWorkplace } from './support/manage-days.ts';
import { startTestServer, type TestServer } from './support/server.ts';

const DAY = '2026-03-12';

let server: TestServer;
let work: ManagedWorkplace;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** Adds users of the office. They have no plans yet. */
const addPeople = (count: number) =>
  work.sql<{ userId: string }>(
    `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, primary_location_id)
     SELECT $1, gen_random_uuid(), 'u' || n, 'u' || n, $3 FROM generate_series(1, $2::integer) AS n
     RETURNING user_id AS "userId"`,
    count,
    work.office.locationId,
  );

test('availability at an office of 5,000 desks, of which half are booked and a fifth assigned', async () => {
  work = await ManagedWorkplace.at(server);
  await addPeople(5_000);
  await work.sql(
    `INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name)
     SELECT $1, gen_random_uuid(), 'zone', $2, 'Z' || n FROM generate_series(1, 49) AS n`,
    work.office.levelId,
  );
  await work.sql(
    `INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name)
     SELECT $1, gen_random_uuid(), 'place', z.node_id, 'D' || n FROM generate_series(1, 100) AS n, nodes z
     WHERE z.tenant_id = $1 AND z.kind = 'zone'`,
  );
  const pairs = `(SELECT node_id, parent_id, row_number() OVER (ORDER BY node_id) AS n FROM nodes WHERE tenant_id = $1 AND kind = 'place') AS d
    JOIN (SELECT user_id, row_number() OVER (ORDER BY user_id) AS n FROM users WHERE tenant_id = $1) AS u USING (n)`;
  await work.sql(
    `INSERT INTO desk_assignments (tenant_id, place_id, user_id) SELECT $1, node_id, user_id FROM ${pairs} WHERE n <= 1000`,
  );
  await work.sql(
    `WITH booked AS (SELECT * FROM ${pairs} WHERE n > 2500), plans AS (
       INSERT INTO day_plans (tenant_id, user_id, day, plan, location_id, set_by)
       SELECT $1, user_id, $3::date, 'o', $2, 'day' FROM booked)
     INSERT INTO bookings (tenant_id, user_id, day, location_id, node_id, node_kind, zone_id, set_by)
     SELECT $1, user_id, $3, $2, node_id, 'place', parent_id, 'person' FROM booked`,
    work.office.locationId,
    DAY,
  );
  const took: number[] = [];
  for (let n = 0; n < 20; n++) {
    const startedMs = performance.now();
    const reply = await work.call('GET', `locations/${work.office.locationId}/availability?day=${DAY}`);
    took.push(performance.now() - startedMs);
    const states = reply.json<Availability>().desks.map(({ state }) => state);
    expect(states.filter((state) => state === 'free')).toHaveLength(1_500);
    expect(states.filter((state) => state === 'assigned')).toHaveLength(1_000);
  }
  const [fastest = 0, medianMs = 0] = [0, 10].map((n) => took.toSorted((a, b) => a - b)[n]);
  console.log(`5,000 desks: ${Math.round(fastest)} ms at best, ${Math.round(medianMs)} ms in the middle`);
  expect(fastest).toBeLessThan(2_000);
});

test('a thousand week plans, each applied to 14 days', async () => {
  work = await ManagedWorkplace.at(server);
  const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'];
  const weekPlan = Object.fromEntries(weekdays.map((day) => [day, { plan: 'o' }]));
  const items = (await addPeople(1_000)).map(({ userId }) => ({ userId, weekPlan, applyFrom: '2026-03-10' }));
  const startedMs = performance.now();
  await work.ask('POST', 'week-plans', { items });
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(`11,000 office days in ${seconds.toFixed(1)} s`);
  const [days] = await work.sql<{ count: number }>('SELECT count(*) FROM bookings WHERE tenant_id = $1');
  expect(days?.count).toBe(11_000);
  expect(seconds).toBeLessThan(60);
});

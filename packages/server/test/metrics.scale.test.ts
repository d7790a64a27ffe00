import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { addNode } from './support/directory.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';

const PEOPLE = 10_000;
const OFFICES = 5;
const LEVELS = 4;
const ZONES = 5;
const DAYS = 366;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

test('metrics of 10,000 users on 366 days need bounded time and memory, by every unit and period', async () => {
  const tenantId = await server.organisation();
  const key = await server.key(tenantId);
  server.clock.nowMs = Date.parse('2026-01-10T00:00:00Z');
  const fillingMs = performance.now();
  await fill(tenantId);
  console.log(`filled in ${((performance.now() - fillingMs) / 1000).toFixed(1)} s`);
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.app.server.address() as AddressInfo;
  const read = async (query: string) => {
    const before = process.memoryUsage().rss;
    let peak = before;
    const startedMs = performance.now();
    const reply = await fetch(
      `http://127.0.0.1:${port}/v1/analytics/metrics/basic?startDate=20250101&endDate=20260101&${query}`,
      { headers: { authorization: basic(key) } },
    );
    expect(reply.status).toBe(200);
    let bytes = 0;
    for await (const chunk of reply.body ?? []) {
      bytes += chunk.length;
      peak = Math.max(peak, process.memoryUsage().rss);
    }
    const seconds = (performance.now() - startedMs) / 1000;
    const growthMiB = Math.round((peak - before) / 1024 / 1024);
    console.log(`${query}: ${seconds.toFixed(1)} s, ${bytes} bytes, ${growthMiB} MiB more at the peak`);
    return { seconds, growthMiB };
  };
  // One call to warm up, because code and caches take memory only then.
  await read('by=location&period=month');
  const offices = (await (
    await fetch(`http://127.0.0.1:${port}/v1/analytics/locations/basic`, {
      headers: { authorization: basic(key) },
    })
  ).json()) as { locationId: string }[];
  for (const query of [
    'by=location&period=month',
    'by=location&period=day',
    'by=location&period=range',
    'by=level&period=week',
    'by=zone&period=month',
    'by=zone&period=day',
    'by=group&period=month',
    `by=location&period=month&locationIds=${offices[0]?.locationId}`,
  ]) {
    const { seconds, growthMiB } = await read(query);
    expect(seconds).toBeLessThan(60);
    expect(growthMiB).toBeLessThan(64);
  }
}, 900_000);

/**
 * From Monday to Friday, nine of ten users plan the office. Two of three come, and are detected at the door and at a
 * desk.
 */
async function fill(tenantId: string): Promise<void> {
  const owner = server.db.owner;
  const offices: string[] = [];
  const desks: string[] = [];
  for (let o = 0; o < OFFICES; o++) {
    const locationId = await addNode(owner, tenantId, { kind: 'location', timeZone: 'Europe/London' });
    offices.push(locationId);
    for (let l = 0; l < LEVELS; l++) {
      const levelId = await addNode(owner, tenantId, { kind: 'level', parentId: locationId });
      for (let z = 0; z < ZONES; z++) {
        const zoneId = await addNode(owner, tenantId, { kind: 'zone', parentId: levelId });
        desks.push(await addNode(owner, tenantId, { kind: 'place', parentId: zoneId }));
      }
    }
  }
  const admin = new pg.Client({ ...inject('adminTarget'), database: server.db.target.database as string });
  await admin.connect();
  // The millions of rows are known to be valid. Without foreign keys, and with indexes made at the end, this takes a
  // fraction of the time.
  const filled = ['day_plans', 'bookings', 'presence_events'];
  await admin.query(`SET search_path TO rollcall; SET session_replication_role TO replica; SET maintenance_work_mem TO '256MB';
    UPDATE pg_index SET indisready = false, indisvalid = false
    WHERE indrelid = ANY ('{${filled}}'::regclass[])`);
  const run = (sql: string) => admin.query(sql);
  const week = `'2024-12-30'::date`;
  const people = `generate_series(1, ${PEOPLE}) n`;
  const officeOf = `('{${offices}}'::uuid[])[1 + n % ${OFFICES}]`;
  const deskOf = `('{${desks}}'::uuid[])[1 + (n % ${OFFICES}) * ${LEVELS * ZONES} + (n / ${OFFICES}) % ${LEVELS * ZONES}]`;
  await run(`INSERT INTO groups (tenant_id, group_id, group_type, name)
    SELECT '${tenantId}', md5('group ' || g)::uuid, 'team', 'team ' || g FROM generate_series(0, 99) g`);
  await run(`INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, primary_location_id, primary_group_id)
    SELECT '${tenantId}', md5('user ' || n)::uuid, 'user ' || n, 'user ' || n, ${officeOf}, md5('group ' || n % 100)::uuid
    FROM ${people}`);
  const days = `generate_series(0, ${DAYS + 1}) d`;
  const isWeekday = `extract(isodow FROM ${week} + d) < 6`;
  await run(`INSERT INTO day_plans (tenant_id, user_id, day, plan, location_id, set_by)
    SELECT '${tenantId}', md5('user ' || n)::uuid, ${week} + d, CASE WHEN n % 10 = 0 THEN 'r' ELSE 'o' END,
           CASE WHEN n % 10 > 0 THEN ${officeOf} END, 'week'
    FROM ${days}, ${people} WHERE ${isWeekday}`);
  await run(`INSERT INTO bookings (tenant_id, user_id, day, location_id, node_id, node_kind, zone_id, set_by)
    SELECT p.tenant_id, p.user_id, p.day, p.location_id, p.location_id, 'location', NULL, 'engine'
    FROM day_plans p WHERE p.plan = 'o'`);
  await run(`INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id,
                                          event_id, source_id, received_at)
    SELECT '${tenantId}', (${week} + d)::timestamp AT TIME ZONE 'UTC' + e * interval '1 hour', gen_random_uuid(), ${week} + d,
           md5('user ' || n)::uuid, ${officeOf}, CASE WHEN e = 9 THEN ${officeOf} ELSE ${deskOf} END, 'e', 'door', '2026-01-01Z'
    FROM ${days}, generate_series(9, 10) e, ${people} WHERE ${isWeekday} AND (n * 7 + d * 13) % 3 > 0`);
  for (const table of filled) await run(`REINDEX TABLE ${table}`);
  await run('VACUUM ANALYZE');
  await admin.end();
}

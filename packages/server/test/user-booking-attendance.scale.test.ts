import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addNode } from './support/directory.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';

const PEOPLE = 2_000;
const DAYS = 31;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

test('2,000 people on 31 days: all rows, in bounded time and memory', async () => {
  const tenantId = await server.organisation();
  const key = await server.key(tenantId);
  const offices = [
    await addNode(server.db.owner, tenantId, { kind: 'location', timeZone: 'Europe/London' }),
    await addNode(server.db.owner, tenantId, { kind: 'location', timeZone: 'Australia/Sydney' }),
  ];
  server.clock.nowMs = Date.parse('2026-04-10T00:00:00Z');
  await fill(tenantId, offices);
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.app.server.address() as AddressInfo;

  const startMemory = process.memoryUsage().rss;
  let peakMemory = startMemory;
  let rows = 0;
  let firstByteMs: number | undefined;
  const startedMs = performance.now();
  const reply = await fetch(
    `http://127.0.0.1:${port}/v1/analytics/user-booking-attendance/basic?startDate=20260301&endDate=20260331`,
    { headers: { authorization: basic(key) } },
  );
  const text = new TextDecoder();
  let bytes = 0;
  let rest = '';
  for await (const chunk of reply.body ?? []) {
    firstByteMs ??= performance.now() - startedMs;
    bytes += chunk.length;
    const pieces = (rest + text.decode(chunk, { stream: true })).split('"userId"');
    rest = pieces.pop() ?? '';
    rows += pieces.length;
    peakMemory = Math.max(peakMemory, process.memoryUsage().rss);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const growthMiB = Math.round((peakMemory - startMemory) / 1024 / 1024);
  console.log(
    `${rows} rows, ${Math.round(bytes / 1024 / 1024)} MiB in ${seconds.toFixed(1)} s ` +
      `(${Math.round(rows / seconds)} rows/s, first byte after ${Math.round(firstByteMs ?? 0)} ms), ` +
      `${growthMiB} MiB more at the peak`,
  );
  expect(rest.endsWith(']')).toBe(true);
  // Every tenth person is remote and came: their plan's row and the walk-in's.
  expect(rows).toBe(PEOPLE * DAYS * 1.1);
  expect(seconds).toBeLessThan(30);
  expect(growthMiB).toBeLessThan(200);
});

/** Person n is planned remote where n is a multiple of ten, else at the office; two of three came, and all remote ones. */
async function fill(tenantId: string, offices: string[]): Promise<void> {
  await server.db.owner.inTenant(tenantId, async (tx) => {
    await tx.query(
      `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, primary_location_id)
       SELECT $1, md5('user ' || n)::uuid, 'user ' || n, 'user ' || n, ($2::uuid[])[1 + n % 2]
       FROM generate_series(1, $3::integer) n`,
      [tenantId, offices, PEOPLE],
    );
    await tx.query(
      `INSERT INTO day_plans (tenant_id, user_id, day, plan, location_id, set_by)
       SELECT $1, md5('user ' || n)::uuid, '2026-03-01'::date + d, CASE WHEN n % 10 = 0 THEN 'r' ELSE 'o' END,
              CASE WHEN n % 10 > 0 THEN ($2::uuid[])[1 + n % 2] END, 'week'
       FROM generate_series(1, $3::integer) n, generate_series(0, $4::integer - 1) d`,
      [tenantId, offices, PEOPLE, DAYS],
    );
    await tx.query(
      `INSERT INTO bookings (tenant_id, user_id, day, location_id, node_id, node_kind, set_by)
       SELECT tenant_id, user_id, day, location_id, location_id, 'location', 'engine' FROM day_plans
       WHERE tenant_id = $1 AND plan = 'o'`,
      [tenantId],
    );
    await tx.query(
      `INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id,
                                    event_id, source_id, received_at)
       SELECT $1, '2026-03-01 06:00:00Z'::timestamptz + d * interval '1 day' + e * interval '1 hour', gen_random_uuid(),
              '2026-03-01'::date + d, md5('user ' || n)::uuid, ($2::uuid[])[1 + n % 2], ($2::uuid[])[1 + n % 2],
              'e', 'door', '2026-04-01 00:00:00Z'
       FROM generate_series(1, $3::integer) n, generate_series(0, $4::integer - 1) d, generate_series(1, 3) e
       WHERE n % 10 = 0 OR n % 3 > 0`,
      [tenantId, offices, PEOPLE, DAYS],
    );
  });
}

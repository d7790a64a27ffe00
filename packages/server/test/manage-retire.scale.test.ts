import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ManageClient, makeLondon, manageClient } from './support/manage.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { readCounterFaults } from './workday/support.ts';

const PEOPLE = 5_000;
const DAYS = 14;

let server: TestServer;
let client: ManageClient;
beforeAll(async () => {
  server = await startTestServer();
  client = await manageClient(server);
});
afterAll(() => server.close());

test('a zone and then an office with 5,000 people booked for 14 days are retired within two minutes each', async () => {
  const { tenantId } = client;
  const { locationId, zoneId } = await makeLondon(client);
  const userIds = Array.from({ length: PEOPLE }, () => randomUUID());
  // The rows come in slices, with statistics, as in a directory in use.
  for (let start = 0; start < PEOPLE; start += 250) {
    const slice = userIds.slice(start, start + 250);
    await server.db.owner.inTenant(tenantId, async (tx) => {
      await tx.query(
        `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded)
         SELECT $1, u, u::text, u::text FROM unnest($2::uuid[]) AS u`,
        [tenantId, slice],
      );
      const days = `FROM unnest($3::uuid[]) AS u, generate_series(0, ${DAYS - 1}) AS n`;
      await tx.query(
        `INSERT INTO day_plans (tenant_id, user_id, day, plan, location_id, set_by)
         SELECT $1, u, date '2026-03-10' + n, 'o', $2, 'week' ${days}`,
        [tenantId, locationId, slice],
      );
      await tx.query(
        `INSERT INTO bookings (tenant_id, user_id, day, location_id, node_id, node_kind, zone_id, set_by)
         SELECT $1, u, date '2026-03-10' + n, $2, $4, 'zone', $4, 'engine' ${days}`,
        [tenantId, locationId, slice, zoneId],
      );
    });
    await server.db.owner.inSystem((tx) => tx.query('ANALYZE users; ANALYZE day_plans; ANALYZE bookings'));
  }
  const count = async (where: string) => {
    const { rows } = await server.db.owner.inTenant(tenantId, (tx) =>
      tx.query(`SELECT count(*) AS n FROM bookings WHERE tenant_id = $1 AND ${where}`, [tenantId]),
    );
    return rows[0].n;
  };

  const startedMs = performance.now();
  await client.patch(`zones/${zoneId}`, { status: 'inactive' });
  const zoneMs = Math.round(performance.now() - startedMs);
  expect(await count("node_kind = 'location'")).toBe(PEOPLE * DAYS);
  await client.patch(`locations/${locationId}`, { status: 'inactive' });
  const officeMs = Math.round(performance.now() - startedMs - zoneMs);
  expect(await count('true')).toBe(0);
  expect(await readCounterFaults(server.db.owner, tenantId)).toEqual([]);
  console.info('70,000 bookings', { zoneMs, officeMs });
  expect(zoneMs).toBeLessThan(120_000);
  expect(officeMs).toBeLessThan(120_000);
});

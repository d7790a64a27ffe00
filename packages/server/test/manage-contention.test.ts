import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { addNode, type TestUser } from './support/directory.ts';
import { ManagedWorkplace } from './support/manage-days.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { readCounterFaults } from './workday/support.ts';

const CLIENTS = 20;
const DAYS = ['2026-03-11', '2026-03-12', '2026-03-13'] as const;

let server: TestServer;
let work: ManagedWorkplace;
let users: TestUser[];
beforeAll(async () => {
  // As many connections as clients, so that the requests really compete.
  server = await startTestServer({}, { database: { target: {}, poolSize: CLIENTS, exportPoolSize: 1 } });
});
beforeEach(async () => {
  work = await ManagedWorkplace.at(server);
  users = await Promise.all(Array.from({ length: CLIENTS }, () => work.addUser()));
});
afterAll(() => server.close());

/** The number of answers by status, when all users request their day at the same time. */
async function all(day: string, wishOf: (n: number) => object): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  const replies = await Promise.all(
    users.map((user, n) => work.call('PUT', work.dayPath(day, user), wishOf(n))),
  );
  for (const { statusCode } of replies) counts[statusCode] = (counts[statusCode] ?? 0) + 1;
  return counts;
}

test('if twenty clients compete for one desk, one books it, and the others get a 409', async () => {
  for (const day of DAYS) {
    expect(await all(day, () => work.at(work.office.placeId))).toEqual({ 200: 1, 409: CLIENTS - 1 });
  }
  const booked = await work.sql('SELECT user_id FROM bookings WHERE tenant_id = $1');
  expect(booked).toHaveLength(DAYS.length);
});

test('if twenty clients compete for the last seat of a zone, one books it, at a desk or not', async () => {
  const { zoneId } = work.office;
  const desks = await Promise.all(
    users.map(() => addNode(server.db.owner, work.tenantId, { kind: 'place', parentId: zoneId })),
  );
  await work.sql('UPDATE nodes SET capacity = 2 WHERE tenant_id = $1 AND node_id = $2', zoneId);
  for (const day of DAYS) {
    await work.setDay(day, work.at(zoneId));
    expect(await all(day, (n) => work.at(n % 2 ? zoneId : desks[n]))).toEqual({ 200: 1, 409: CLIENTS - 1 });
  }
  expect(await readCounterFaults(server.db.owner, work.tenantId)).toEqual([]);
});

test('concurrent calls for the same desks in different orders all end, and each desk has one user', async () => {
  const { zoneId, placeId } = work.office;
  const other = await addNode(server.db.owner, work.tenantId, { kind: 'place', parentId: zoneId });
  const replies = await Promise.all(
    users.map((_, n) => {
      const turned = [...users.slice(n), ...users.slice(0, n)];
      const items = turned.map(({ userId }, at) => ({
        userId,
        day: DAYS[at % DAYS.length],
        ...work.at((at + n) % 2 ? placeId : other),
      }));
      return work.call('POST', 'days', { items });
    }),
  );
  expect(replies.map(({ statusCode }) => statusCode)).toEqual(Array(CLIENTS).fill(200));
  const desks = await work.sql<{ taken: number }>(
    `SELECT count(*) AS taken FROM bookings WHERE tenant_id = $1 AND node_kind = 'place' GROUP BY node_id, day`,
  );
  expect(desks).toEqual(Array(2 * DAYS.length).fill({ taken: 1 }));
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { costOf } from './support/cost.ts';
import { addNode } from './support/directory.ts';
import { type LogLine, ManagedWorkplace } from './support/manage-days.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { BAD_TEXTS } from './support/submissions.ts';

/** The server's clock shows noon of 10 March 2026, a Tuesday, in UTC. */
const [YESTERDAY, TODAY, TOMORROW] = ['2026-03-09', '2026-03-10', '2026-03-11'] as const;

let server: TestServer;
let work: ManagedWorkplace;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  work = await ManagedWorkplace.at(server);
});
afterAll(() => server.close());

interface Result {
  id: string | null;
  result: string;
  message: string;
  reason?: string;
}
const send = async (items: unknown[]) =>
  (await work.ask<{ results: Result[] }>('POST', 'days', { items })).results;
/** The result of each item in short: the code of a refusal, if any. */
const short = async (items: unknown[]) =>
  (await send(items)).map(({ result, reason }) => (result === 'refused' ? reason : result));
const item = (day: string, wish: object, userId = work.user.userId) => ({ userId, day, ...wish });

test('items apply in order, and a refused item has its reason and stops no other', async () => {
  const { zoneId, placeId, locationId } = work.office;
  const ben = await work.addUser();
  const left = await work.addUser({ status: 'inactive' });
  const kept = await addNode(server.db.owner, work.tenantId, { kind: 'place', parentId: zoneId });
  await work.sql(
    'INSERT INTO desk_assignments (tenant_id, place_id, user_id) VALUES ($1, $2, $3)',
    kept,
    (await work.addUser()).userId,
  );
  const room = await addNode(server.db.owner, work.tenantId, {
    kind: 'zone',
    parentId: work.office.levelId,
    name: 'Attic',
  });
  await work.sql('UPDATE nodes SET capacity = 0 WHERE tenant_id = $1 AND node_id = $2', room);
  const [ada, bens] = [work.user.userId, ben.userId];
  const results = await send([
    item(TODAY, work.at(placeId)),
    item(TODAY, work.at(placeId), bens),
    item('20260311', work.at(placeId), bens),
    item(TODAY, work.at(kept), bens),
    item(TODAY, work.at(room), bens),
    item(TODAY, work.at(randomUUID()), bens),
    item(YESTERDAY, { plan: 'r' }),
    item(TODAY, { plan: 'r' }, randomUUID()),
    item(TODAY, { plan: 'r' }, left.userId),
    item('2026-02-30', { plan: 'r' }),
    item(TODAY, { plan: 'z' }),
    { userName: ben.userName.toUpperCase(), day: TODAY, plan: 'o', locationId },
    { userName: 'nobody', day: TODAY, plan: 'r' },
    { day: TODAY, plan: 'r' },
    item(TODAY, { plan: 'r' }),
    item(TODAY, work.at(placeId), bens),
    item(TODAY, work.at(placeId), bens),
  ]);
  expect(results.map(({ id, result, reason }) => [id, result === 'refused' ? reason : result])).toEqual([
    [ada, 'updated'],
    [null, 'desk-taken'],
    [bens, 'updated'],
    [null, 'not-bookable'],
    [null, 'zone-full'],
    [null, 'not-acceptable'],
    [null, 'past-day'],
    [null, 'unknown-user'],
    [null, 'unknown-user'],
    [null, 'not-acceptable'],
    [null, 'not-acceptable'],
    [bens, 'updated'],
    [null, 'unknown-user'],
    [null, 'not-acceptable'],
    [ada, 'updated'],
    [bens, 'updated'],
    [bens, 'unchanged'],
  ]);
  for (const [n, text] of [
    [0, 'Success'],
    [4, 'Zone Attic is full'],
    [5, 'booking.nodeId'],
    [6, YESTERDAY],
    [9, 'day "2026-02-30"'],
    [10, 'plan "z"'],
    [12, '"nobody"'],
  ] as const) {
    expect(results[n]?.message).toContain(text);
  }
  expect(await work.days(TODAY)).toMatchObject([{ plan: 'r' }]);
  expect(await work.days(TODAY, TOMORROW, ben)).toMatchObject([
    { booking: { nodeId: placeId } },
    { booking: { nodeId: placeId } },
  ]);
});

test('each item has its own reason in the action log', async () => {
  await send([
    item(TODAY, { plan: 'r', reason: 'Plumbing' }),
    item(TOMORROW, { plan: 'r' }),
    item(TOMORROW, { plan: null, reason: 'Never mind' }),
  ]);
  expect((await work.log()).map(({ day, action, reason }: LogLine) => [day, action, reason])).toEqual([
    [TODAY, 'created', 'Plumbing'],
    [TOMORROW, 'created', null],
    [TOMORROW, 'deleted', 'Never mind'],
  ]);
});

test('a plan of null resets the day, after earlier items of the same call', async () => {
  await work.setWeek({ kind: 'o', locationId: null });
  const { placeId, locationId } = work.office;
  expect(await short([item(TODAY, work.at(placeId)), item(TODAY, { plan: null })])).toEqual([
    'updated',
    'updated',
  ]);
  expect(await work.days(TODAY)).toMatchObject([{ setBy: 'week', booking: { nodeId: locationId } }]);
  expect(await short([item(TODAY, { plan: null })])).toEqual(['unchanged']);
});

test('null members count as absent, unknown ones are ignored, and texts that cannot be stored are refused', async () => {
  const absent = { userName: null, locationId: null, booking: null, reason: null, unknown: 1 };
  expect(
    await short([
      item(TODAY, { plan: 'r', ...absent }),
      ...BAD_TEXTS.map((reason) => item(TODAY, { plan: 'a', reason })),
      ...BAD_TEXTS.map((userName) => ({ userName, day: TODAY, plan: 'a' })),
      ...BAD_TEXTS.map((day) => item(day, { plan: 'a' })),
      { userId: 'x', day: TODAY, plan: 'a' },
      { userId: work.user.userId, userName: work.user.email, day: TODAY, plan: 'a' },
    ]),
  ).toEqual(['updated', ...Array(3 * BAD_TEXTS.length + 1).fill('not-acceptable'), 'updated']);
});

test('a malformed call is one 400, and stores nothing', async () => {
  const good = item(TODAY, { plan: 'r' });
  for (const [items, path] of [
    [undefined, '/items'],
    [[], '/items'],
    [Array(1_001).fill(good), '/items'],
    [[good, { userId: work.user.userId, day: TODAY }], '/items/1/plan'],
    [[good, { userId: work.user.userId, plan: 'r' }], '/items/1/day'],
    [[good, item(TODAY, { plan: 7 })], '/items/1/plan'],
    [[good, item(TODAY, { plan: 'o', booking: 'desk' })], '/items/1/booking'],
    [[good, 7], '/items/1'],
  ] as const) {
    const reply = await work.call('POST', 'days', { items });
    expectProblem(reply, 400);
    expect(reply.json().errors[0]).toMatchObject({ path });
  }
  expect(await work.log()).toEqual([]);
});

test('a thousand items take few round trips to the database', async () => {
  const users = await work.sql<{ userId: string }>(
    `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded)
     SELECT $1, gen_random_uuid(), 'u' || n, 'u' || n FROM generate_series(1, 100) AS n RETURNING user_id AS "userId"`,
  );
  const days = Array.from({ length: 10 }, (_, n) => `2026-03-${11 + n}`);
  const items = users.flatMap(({ userId }, n) =>
    days.map((day) => item(day, work.at(n % 2 ? work.office.zoneId : undefined), userId)),
  );
  const cost = await costOf(async () => {
    expect(await short(items)).toEqual(Array(1_000).fill('updated'));
  });
  expect(cost.roundTrips).toBeLessThan(200);
});

test("another organisation's users and desks are unknown", async () => {
  const other = await ManagedWorkplace.at(server);
  expect(
    await short([
      item(TODAY, { plan: 'r' }, other.user.userId),
      { userName: other.user.email, day: TODAY, plan: 'r' },
      item(TODAY, other.at()),
      item(TODAY, work.at(other.office.placeId)),
    ]),
  ).toEqual(['unknown-user', 'unknown-user', 'not-acceptable', 'not-acceptable']);
  expect(await other.days(TODAY)).toMatchObject([{ plan: null }]);
});

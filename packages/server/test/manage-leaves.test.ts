import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ManageClient, manageClient } from './support/manage.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { browserWithRole } from './support/sessions.ts';
import { NODES, PEOPLE, smallOrganisation } from './support/small-organisation.ts';

/** Today is Friday 13 March 2026. */
const [TODAY, MONDAY, TUESDAY] = ['2026-03-13', '2026-03-16', '2026-03-17'] as const;

let server: TestServer;
let manage: ManageClient;
let tenantId: string;
beforeAll(async () => {
  server = await startTestServer();
  ({ tenantId } = await smallOrganisation(server));
  manage = await manageClient(server, tenantId);
});
afterAll(() => server.close());

const leavesOf = (userId: string) => `users/${userId}/leaves`;
const schedule = async (userId: string, startDate: string, endDate: string, leaveType?: string) => {
  const reply = await manage.send('POST', leavesOf(userId), { startDate, endDate, leaveType });
  expect(reply.statusCode).toBe(200);
  return reply.json();
};
const cancel = async (userId: string, startDate: string, endDate: string) => {
  const reply = await manage.send('DELETE', `${leavesOf(userId)}?startDate=${startDate}&endDate=${endDate}`);
  expect(reply.statusCode).toBe(200);
  return reply.json();
};
const plansOf = async (userId: string, startDate: string, endDate: string) => {
  const days = await manage.get(`users/${userId}/days?startDate=${startDate}&endDate=${endDate}`);
  return (days as unknown as { plan: string | null; setBy: string | null; booking?: object }[]).map(
    ({ plan, setBy, booking }) => [plan, setBy, Boolean(booking)],
  );
};

test('a user with leave is away on each day from today on, loses bookings, and has the leave in the profile', async () => {
  expect(await plansOf(PEOPLE.ann, TODAY, TODAY)).toEqual([['o', expect.anything(), true]]);
  const leaves = await schedule(PEOPLE.ann, '2026-03-12', '2026-03-14', 'holiday');
  expect(leaves).toEqual([{ startDate: '2026-03-12', endDate: '2026-03-14', leaveType: 'holiday' }]);
  expect(await plansOf(PEOPLE.ann, '2026-03-12', '2026-03-14')).toEqual([
    ['o', expect.anything(), true],
    ['a', 'leave', false],
    ['a', 'leave', false],
  ]);
  expect(await schedule(PEOPLE.ann, '2026-03-12', '2026-03-14', 'holiday')).toEqual(leaves);
  expect((await manage.get(`users/${PEOPLE.ann}/profile`)).leaves).toEqual(leaves);
});

test('cancelled days get the plan of the week plan again, and the rest of the leave stays', async () => {
  const week = { monday: { plan: 'o', locationId: NODES.hq }, tuesday: { plan: 'r' } };
  expect((await manage.send('PUT', `users/${PEOPLE.ben}/week-plan`, { weekPlan: week })).statusCode).toBe(
    200,
  );
  await schedule(PEOPLE.ben, MONDAY, TUESDAY);
  expect(await plansOf(PEOPLE.ben, MONDAY, TUESDAY)).toEqual([
    ['a', 'leave', false],
    ['a', 'leave', false],
  ]);
  expect(await cancel(PEOPLE.ben, MONDAY, MONDAY)).toEqual([
    { startDate: TUESDAY, endDate: TUESDAY, leaveType: null },
  ]);
  expect(await plansOf(PEOPLE.ben, MONDAY, TUESDAY)).toEqual([
    ['o', 'week', true],
    ['a', 'leave', false],
  ]);
});

test('the action log names the planner, and says why', async () => {
  const { cookie, ...headers } = await browserWithRole(server, tenantId, 'planner');
  const reply = await server.app.inject({
    method: 'POST',
    url: `/v1/manage/${leavesOf(PEOPLE.cy)}`,
    headers: { cookie, ...headers },
    payload: { startDate: MONDAY, endDate: MONDAY, leaveType: 'sick' },
  });
  expect(reply.statusCode).toBe(200);
  const { items } = (await manage.get(`users/${PEOPLE.cy}/changes?day=${MONDAY}`)) as unknown as {
    items: object[];
  };
  expect(items[0]).toMatchObject({
    changedBy: 'admin',
    changedByName: 'planner@example.com',
    knownReason: { code: 'leaveScheduled', leaveType: 'sick' },
  });
});

test.each([
  [{ startDate: 'x', endDate: MONDAY }, '/startDate'],
  [{ startDate: MONDAY, endDate: '2026-02-30' }, '/endDate'],
  [{ startDate: TUESDAY, endDate: MONDAY }, '/endDate'],
  [{ startDate: '1999-12-31', endDate: MONDAY }, '/startDate'],
  [{ startDate: MONDAY, endDate: '2099-01-01' }, '/endDate'],
  [{ startDate: MONDAY, endDate: MONDAY, leaveType: 'paid' }, '/leaveType'],
  [{ startDate: MONDAY }, '/endDate'],
])('%j is refused with the member, and stores nothing', async (body, path) => {
  const reply = await manage.send('POST', leavesOf(PEOPLE.dee), body);
  expectProblem(reply, 400);
  expect(reply.json().errors[0].path).toBe(path);
  expect((await manage.get(`users/${PEOPLE.dee}/profile`)).leaves).toEqual([]);
});

test('a cancellation without days, of a user who does not exist, or of an inactive one is refused', async () => {
  const query = `startDate=${MONDAY}&endDate=${MONDAY}`;
  expectProblem(await manage.send('DELETE', leavesOf(PEOPLE.dee)), 400);
  expectProblem(await manage.send('DELETE', `${leavesOf(PEOPLE.dee)}?startDate=x&endDate=${MONDAY}`), 400);
  for (const id of ['x', randomUUID()])
    expectProblem(await manage.send('DELETE', `${leavesOf(id)}?${query}`), 404);
  const other = await manageClient(server);
  expectProblem(await other.send('DELETE', `${leavesOf(PEOPLE.dee)}?${query}`), 404);
  await manage.patch(`users/${PEOPLE.eve}`, { status: 'inactive' });
  expectProblem(await manage.send('DELETE', `${leavesOf(PEOPLE.eve)}?${query}`), 409);
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { costOf } from './support/cost.ts';
import { addNode, type TestUser } from './support/directory.ts';
import { ManagedWorkplace } from './support/manage-days.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';

/** The server's clock shows noon of 10 March 2026, a Tuesday, in UTC. The horizon is 14 days. */
const [TODAY, TOMORROW, HORIZON] = ['2026-03-10', '2026-03-11', '2026-03-24'] as const;
const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
const NO_WEEK = Object.fromEntries(WEEKDAYS.map((day) => [day, null]));
const REMOTE = Object.fromEntries(WEEKDAYS.map((day) => [day, { plan: 'r' }]));
const OFFICE = Object.fromEntries(WEEKDAYS.map((day) => [day, { plan: 'o', locationId: null }]));

let server: TestServer;
let work: ManagedWorkplace;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  work = await ManagedWorkplace.at(server);
});
afterAll(() => server.close());

const path = ({ userId }: { userId: string } = work.user) => `users/${userId}/week-plan`;
const put = (body: object, user?: TestUser) => work.ask('PUT', path(user), body);
const read = async (user?: TestUser) =>
  (await work.ask<{ weekPlan: object }>('GET', path(user))).weekPlan as Record<string, unknown>;
/** The days from today to the day after the horizon: the letter of the plan and its setBy. */
const plans = async (user?: TestUser) =>
  (await work.days(TODAY, '2026-03-25', user)).map(({ plan, setBy }) => plan && `${plan} ${setBy}`);

test('a week plan is read as it was set; a missing or null weekday has no plan', async () => {
  expect(await read()).toEqual(NO_WEEK);
  const { locationId } = work.office;
  const weekPlan = {
    monday: { plan: 'o', locationId: locationId.toUpperCase() },
    tuesday: { plan: 'o' },
    wednesday: { plan: 'r', locationId: null },
    thursday: { plan: 'a' },
    friday: null,
  };
  const stored = {
    ...NO_WEEK,
    monday: { plan: 'o', locationId },
    tuesday: { plan: 'o', locationId: null },
    wednesday: { plan: 'r' },
    thursday: { plan: 'a' },
  };
  expect(await put({ weekPlan })).toMatchObject({ userId: work.user.userId, weekPlan: stored });
  expect(await read()).toEqual(stored);
  expect(await put({ weekPlan: stored })).toMatchObject({ weekPlan: stored });
  expect(await put({ weekPlan: { sunday: { plan: 'r' } } })).toMatchObject({
    weekPlan: { ...NO_WEEK, sunday: { plan: 'r' } },
  });
});

test('an invalid value is refused with the name of the weekday, and leaves the week plan unchanged', async () => {
  await put({ weekPlan: REMOTE });
  const closed = await addNode(server.db.owner, work.tenantId, { kind: 'location', status: 'inactive' });
  const cases: [object, string][] = [
    [{ weekPlan: { monday: { plan: 'x' } } }, '/weekPlan/monday/plan'],
    [{ weekPlan: { friday: { plan: 'r', locationId: closed } } }, '/weekPlan/friday/locationId'],
    ...['London', closed, randomUUID(), work.office.levelId].map((locationId): [object, string] => [
      { weekPlan: { monday: { plan: 'r' }, sunday: { plan: 'o', locationId } } },
      '/weekPlan/sunday/locationId',
    ]),
    [{ weekPlan: {}, applyFrom: 'tomorrow' }, '/applyFrom'],
    [{}, '/weekPlan'],
    [{ weekPlan: null }, '/weekPlan'],
  ];
  for (const [body, at] of cases) {
    const reply = await work.call('PUT', path(), body);
    expectProblem(reply, 400);
    expect(reply.json().errors[0], JSON.stringify(body)).toMatchObject({ path: at });
  }
  expect(await read()).toEqual(REMOTE);
});

describe('existing days', () => {
  test('stay as they are without applyFrom', async () => {
    await put({ weekPlan: REMOTE, applyFrom: TODAY });
    const before = await plans();
    await put({ weekPlan: OFFICE });
    expect(await plans()).toEqual(before);
  });

  test('from the week plan, or without a plan, follow it from applyFrom to the horizon, and others stay', async () => {
    await put({ weekPlan: REMOTE, applyFrom: '2000-01-01' });
    expect(await plans()).toEqual([...Array(15).fill('r week'), null]);
    expect(await work.days('2026-03-09')).toMatchObject([{ plan: null }]);
    await work.setDay('2026-03-13', { plan: 'r' });
    const leave = { eventId: 'e', email: work.user.email, eventType: 'scheduled' };
    await work.submit('timeoff', {
      timeOffEvents: [{ ...leave, startDate: '2026-03-16', endDate: '2026-03-16' }],
    });
    await put({ weekPlan: { ...OFFICE, sunday: null }, applyFrom: TOMORROW });
    const expected = Array(16).fill('o week');
    expected[0] = 'r week';
    expected[3] = 'r day';
    expected[6] = 'a leave';
    for (const n of [5, 12, 15]) expected[n] = null;
    expect(await plans()).toEqual(expected);
    // A Sunday without a plan gets one again.
    await put({ weekPlan: OFFICE, applyFrom: TOMORROW });
    for (const n of [5, 12]) expected[n] = 'o week';
    expect(await plans()).toEqual(expected);
    const log = await work.log();
    expect(log.filter(({ day }) => day === HORIZON).map(({ action }) => action)).toEqual([
      'created',
      'changed',
      'created',
    ]);
    expect(log.at(-1)).toMatchObject({ changedBy: 'admin', reason: 'Week plan changed' });
  });

  test('keep their bookings if the office stays the same, and the same week again changes nothing', async () => {
    const { placeId, locationId } = work.office;
    await work.sql(
      'INSERT INTO desk_assignments (tenant_id, place_id, user_id) VALUES ($1, $2, $3)',
      placeId,
      work.user.userId,
    );
    await put({ weekPlan: OFFICE, applyFrom: TODAY });
    await work.sql('DELETE FROM desk_assignments WHERE tenant_id = $1');
    const log = await work.log();
    const week = Object.fromEntries(WEEKDAYS.map((day) => [day, { plan: 'o', locationId }]));
    await put({ weekPlan: week, applyFrom: TODAY });
    expect(await work.days(HORIZON)).toMatchObject([{ plan: 'o', booking: { nodeId: placeId } }]);
    expect(await work.log()).toEqual(log);
  });

  test("beyond today's horizon, from a former one, are deleted until the horizon reaches them", async () => {
    await work.sql(
      'INSERT INTO office_settings (tenant_id, location_id, horizon_days) VALUES ($1, $2, 20)',
      work.office.locationId,
    );
    await put({ weekPlan: REMOTE, applyFrom: TODAY });
    await work.sql('UPDATE office_settings SET horizon_days = 14 WHERE tenant_id = $1');
    await put({ weekPlan: OFFICE, applyFrom: TODAY });
    const ahead = await work.days('2026-03-24', '2026-03-31');
    expect(ahead.map(({ plan }) => plan)).toEqual(['o', ...Array(7).fill(null)]);
  });
});

describe('many week plans', () => {
  interface Results {
    timestamp: string;
    results: { id: string | null; result: string; message: string; reason?: string }[];
  }
  const post = (items: unknown[]) => work.ask<Results>('POST', 'week-plans', { items });

  test('have one result each, in order, and a refused one stops no other', async () => {
    const ben = await work.addUser();
    const left = await work.addUser({ status: 'inactive' });
    const [ada, one] = [work.user.userId, { weekPlan: REMOTE }];
    const { timestamp, results } = await post([
      { userName: work.user.userName.toUpperCase(), ...one },
      { userId: ben.userId.toUpperCase(), userName: ben.email, ...one, applyFrom: TODAY },
      { userId: left.userId, ...one },
      { userName: 'nobody', ...one },
      { userId: ada, userName: ben.userName, ...one },
      { ...one },
      { userId: ada, weekPlan: { monday: { plan: 'x' } } },
      { userId: ada, weekPlan: { monday: { plan: 'o', locationId: randomUUID() } } },
      { userId: ada, weekPlan: REMOTE },
      { userId: ada, weekPlan: OFFICE },
    ]);
    expect(timestamp).toBe(new Date(server.clock.nowMs).toISOString());
    expect(results.map(({ id, result, reason }) => [id, result, reason])).toEqual([
      [ada, 'updated', undefined],
      [ben.userId, 'updated', undefined],
      [null, 'refused', 'unknown-user'],
      [null, 'refused', 'unknown-user'],
      [null, 'refused', 'not-acceptable'],
      [null, 'refused', 'not-acceptable'],
      [null, 'refused', 'not-acceptable'],
      [null, 'refused', 'not-acceptable'],
      [ada, 'unchanged', undefined],
      [ada, 'updated', undefined],
    ]);
    expect(results.map(({ message }) => message)).toMatchObject([
      'Success',
      'Success',
      expect.stringContaining(left.userId),
      expect.stringContaining('userName "nobody"'),
      expect.stringContaining(`userName "${ben.userName}"`),
      expect.stringContaining('userId is missing'),
      expect.stringContaining('weekPlan.monday.plan "x"'),
      expect.stringContaining('weekPlan.monday.locationId'),
      'Success',
      'Success',
    ]);
    expect(await read()).toEqual(OFFICE);
    expect((await plans(ben))[0]).toBe('r week');
    expect((await plans())[0]).toBeNull();
  });

  test('are at most a thousand, which take few round trips to the database', async () => {
    const users = await work.sql<{ userId: string }>(
      `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded)
       SELECT $1, gen_random_uuid(), 'u' || n, 'u' || n FROM generate_series(1, 1000) AS n RETURNING user_id AS "userId"`,
    );
    const items = users.map(({ userId }) => ({ userId, weekPlan: REMOTE }));
    const cost = await costOf(async () => {
      const { results } = await post(items);
      expect(results.filter(({ result }) => result === 'updated')).toHaveLength(1_000);
    });
    expect(cost.roundTrips).toBeLessThan(200);
    const [stored] = await work.sql<{ count: number }>(
      'SELECT count(*) FROM week_plans WHERE tenant_id = $1',
    );
    expect(stored?.count).toBe(7_000);
    for (const wrong of [[], [...items, items[0]]]) {
      expectProblem(await work.call('POST', 'week-plans', { items: wrong }), 400);
    }
  });

  test('are read in pages, of active users, of one primary location or of all', async () => {
    const nomad = await work.addUser();
    await work.addUser({ status: 'inactive' });
    await put({ weekPlan: REMOTE });
    type Answer = { items: { userId: string; userName: string; weekPlan: object }[]; next: string | null };
    const list = (query: string) => work.ask<Answer>('GET', `week-plans?${query}`);
    const { userId, userName } = work.user;
    const own = { userId, userName, weekPlan: REMOTE };
    const theirs = { userId: nomad.userId, userName: nomad.userName, weekPlan: NO_WEEK };
    const sorted = [own, theirs].sort((a, b) => (a.userId < b.userId ? -1 : 1));
    expect(await list('')).toEqual({ items: sorted, next: null });
    const first = await list('limit=1');
    expect(first).toEqual({ items: [sorted[0]], next: sorted[0]?.userId });
    expect(await list(`limit=1&after=${first.next}`)).toEqual({ items: [sorted[1]], next: null });
    expect(await list(`locationId=${work.office.locationId}`)).toEqual({ items: [own], next: null });
    for (const id of ['x', randomUUID()]) expect((await list(`locationId=${id}`)).items).toEqual([]);
    expectProblem(await work.call('GET', 'week-plans?limit=0'), 400);
  });
});

test("another organisation's users and offices are unknown", async () => {
  const other = await ManagedWorkplace.at(server);
  for (const reply of [
    await work.call('GET', path(other.user)),
    await work.call('PUT', path(other.user), { weekPlan: {} }),
    await work.call('GET', path({ userId: 'x' })),
  ]) {
    expectProblem(reply, 404);
  }
  const weekPlan = { monday: { plan: 'o', locationId: other.office.locationId } };
  expectProblem(await work.call('PUT', path(), { weekPlan }), 400);
  const items = [
    { userId: other.user.userId, weekPlan: {} },
    { userName: other.user.userName, weekPlan: {} },
  ];
  const { results } = await work.ask<{ results: object[] }>('POST', 'week-plans', { items });
  expect(results).toMatchObject(Array(2).fill({ result: 'refused', reason: 'unknown-user' }));
});

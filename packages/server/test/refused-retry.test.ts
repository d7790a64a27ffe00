import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { claimRefusedEvents } from '../src/store/events/refused-event-retries.ts';
import { card } from './support/credentials.ts';
import { addNode, addUser } from './support/directory.ts';
import { addSite, goodEvent, presenceRows, results, type Site } from './support/presence.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';
import { browserWithRole } from './support/sessions.ts';

let server: TestServer;
let site: Site;
let token: string;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  server.clock.nowMs = Date.parse('2026-03-10T12:00:00Z');
  site = await addSite(server);
  token = await server.token(site.key);
});
afterAll(() => server.close());

interface Step {
  mended: number;
  refused: number;
  skipped: number;
  remaining: number;
  next: string | null;
  results: { refusalId: string; eventId: string; result: string; cause: string; reason: string | null }[];
}
interface Item {
  refusalId: string;
  eventId: string;
  cause: string;
  reason: string;
  event: string;
  mended: boolean;
  triedAt: string | null;
  triedBy: string | null;
}

const call = (method: 'GET' | 'POST', url: string, payload?: object, bearer = token) =>
  server.app.inject({
    method,
    url: `/v1/${url}`,
    headers: { authorization: `Bearer ${bearer}` },
    ...(payload ? { payload } : {}),
  });
async function retry(body: object = {}, bearer = token): Promise<Step> {
  const reply = await call('POST', 'manage/refused-events/retry', body, bearer);
  if (reply.statusCode !== 200) throw new Error(`${reply.statusCode} ${reply.body}`);
  return reply.json();
}
async function list(query = ''): Promise<Item[]> {
  return (await call('GET', `manage/refused-events?${query}`)).json().items;
}
const newcomer = (eventId: string, more: object = {}) =>
  goodEvent(site, { eventId, userId: undefined, userEmail: 'new@example.com', ...more });
const addNewcomer = (userName = 'new@example.com') =>
  addUser(server.db.owner, site.tenantId, { userName, email: userName });
const eventIds = async () => (await presenceRows(server, site)).map(({ eventId }) => eventId).sort();

describe('POST /v1/manage/refused-events/retry', () => {
  test('stores an event once its cause is mended, and marks its row', async () => {
    await results(server, site, [newcomer('e1'), newcomer('e2')], 'north door');
    const [row] = (await list()).filter(({ eventId }) => eventId === 'e1');
    const { userId } = await addNewcomer();
    server.clock.advanceS(60);
    const refusalId = row?.refusalId;
    expect(await retry({ refusalId })).toEqual({
      mended: 1,
      refused: 0,
      skipped: 0,
      remaining: 0,
      next: null,
      results: [{ refusalId, eventId: 'e1', result: 'mended', cause: 'unknownUser', reason: null }],
    });
    expect(await presenceRows(server, site)).toMatchObject([
      { eventId: 'e1', userId, sourceId: 'north door' },
    ]);
    expect((await list()).map(({ eventId }) => eventId)).toEqual(['e2']);
    expect(await list('state=mended')).toMatchObject([
      { eventId: 'e1', mended: true, triedAt: '2026-03-10T12:01:00.000Z', triedBy: site.key.apiKey },
    ]);
  });

  test('keeps an event that is refused again in its row, with the new cause', async () => {
    const spaceId = '00000000-0000-4000-8000-000000000001';
    await results(server, site, [newcomer('e1', { locationId: spaceId, locationType: 'space' })]);
    await addNewcomer();
    expect(await retry()).toMatchObject({ refused: 1, results: [{ cause: 'unknownPlace' }] });
    const [row, ...others] = await list('state=all');
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      cause: 'unknownPlace',
      resultCode: 2,
      mended: false,
      triedBy: site.key.apiKey,
    });
    await addNode(server.db.owner, site.tenantId, {
      kind: 'space',
      parentId: site.office.levelId,
      nodeId: spaceId,
    });
    expect(await retry()).toMatchObject({ mended: 1 });
    expect(await eventIds()).toEqual(['e1']);
  });

  test('tries all with one cause in steps, the oldest first, and ends even if more is refused meanwhile', async () => {
    for (const eventId of ['e1', 'e2', 'e3']) {
      await results(server, site, [
        newcomer(eventId),
        goodEvent(site, { eventId: 'p', locationId: 'nowhere' }),
      ]);
      server.clock.advanceS(1);
    }
    await addNewcomer();
    const step = await retry({ cause: 'unknownUser', limit: 2 });
    expect(step).toMatchObject({ mended: 2, remaining: 1, results: [{ eventId: 'e1' }, { eventId: 'e2' }] });
    server.clock.advanceS(1);
    await results(server, site, [
      goodEvent(site, { eventId: 'late', userId: undefined, userEmail: 'nobody' }),
    ]);
    const rest = await retry({ cause: 'unknownUser', limit: 2, after: step.next });
    expect(rest).toMatchObject({ mended: 1, remaining: 0, next: null, results: [{ eventId: 'e3' }] });
    expect(await eventIds()).toEqual(['e1', 'e2', 'e3']);
  });

  test('stores no event twice that its source has sent again', async () => {
    await results(server, site, [newcomer('e1')]);
    await addNewcomer();
    await results(server, site, [newcomer('e1')]);
    expect(await retry()).toMatchObject({ mended: 1 });
    expect(await eventIds()).toEqual(['e1']);
  });

  test.each([
    ['does not exist any more', 'DELETE FROM api_keys', 'no longer exists'],
    ['is revoked', "UPDATE api_keys SET revoked_at = '2026-03-10'", 'is revoked'],
    ['has expired', "UPDATE api_keys SET expires_at = '2026-03-10T12:00:00Z'", 'has expired'],
    ['has another role now', "UPDATE api_keys SET role = 'data-warehouse'", 'may not send this'],
  ])('does not try events of a key that %s', async (_what, change, reason) => {
    const sender = await server.key(site.tenantId, { role: 'submitting-events' });
    await results(server, { ...site, headers: { authorization: basic(sender) } }, [newcomer('e1')]);
    await addNewcomer();
    await server.db.owner.inTenant(site.tenantId, (tx) =>
      tx.query(`${change} WHERE tenant_id = $1 AND api_key = $2`, [site.tenantId, sender.apiKey]),
    );
    const step = await retry();
    expect(step).toMatchObject({ mended: 0, skipped: 1, results: [{ cause: 'unknownUser' }] });
    expect(step.results[0]?.reason).toContain(reason);
    expect(await list()).toMatchObject([{ cause: 'unknownUser', triedAt: null }]);
    expect(await eventIds()).toEqual([]);
  });

  test('says of one event why it cannot be tried', async () => {
    await results(server, site, [newcomer('long', { note: 'x'.repeat(20_000) })]);
    await results(server, site, [newcomer('named badly')], 'x'.repeat(2_000));
    await call('POST', 'occupancy', { sourceId: 'sensor' });
    const reasons = await Promise.all(
      (await list()).map(async ({ refusalId }) => (await retry({ refusalId })).results[0]),
    );
    const byId = Object.fromEntries(reasons.map((each) => [each?.eventId, each?.reason]));
    expect(byId).toMatchObject({
      long: expect.stringContaining('16 KiB'),
      'named badly': expect.stringContaining('sourceId'),
      null: expect.stringContaining('malformed'),
    });
    expect(await retry()).toMatchObject({ results: [], next: null });
    const unknown = { refusalId: '00000000-0000-4000-8000-000000000000' };
    expect((await call('POST', 'manage/refused-events/retry', unknown)).statusCode).toBe(404);
  });

  test('of concurrent tries of one event, one wins', async () => {
    await results(server, site, [newcomer('e1')]);
    await addNewcomer();
    const [{ refusalId } = { refusalId: '' }] = await list();
    const steps = await Promise.all(Array.from({ length: 8 }, () => retry({ refusalId })));
    expect(steps.reduce((sum, { mended }) => sum + mended, 0)).toBe(1);
    expect(steps.reduce((sum, { skipped }) => sum + skipped, 0)).toBe(7);
    expect(await eventIds()).toEqual(['e1']);
  });

  test('after a process that ended during a try, another try may follow', async () => {
    await results(server, site, [newcomer('e1')]);
    await addNewcomer();
    const now = new Date(server.clock.nowMs);
    const range = { filter: {}, after: undefined, until: now };
    await server.db.restricted.inTenant(site.tenantId, (tx) =>
      claimRefusedEvents(tx, site.tenantId, range, {
        limit: 1,
        now,
        claimedUntil: new Date(now.getTime() + 60_000),
      }),
    );
    expect(await retry()).toMatchObject({ results: [] });
    server.clock.advanceS(61);
    expect(await retry()).toMatchObject({ mended: 1 });
  });

  test('never reaches events of another organisation', async () => {
    await results(server, site, [newcomer('e1')]);
    const [{ refusalId } = { refusalId: '' }] = await list();
    const stranger = await server.token(await server.key(await server.organisation()));
    expect(await retry({}, stranger)).toMatchObject({ results: [] });
    expect((await call('POST', 'manage/refused-events/retry', { refusalId }, stranger)).statusCode).toBe(404);
  });

  test.each([{ after: '1' }, { limit: 0 }, { limit: 101 }, { cause: 'none' }, { refusalId: 'x' }])(
    '%j is a 400, and is kept as no malformed request',
    async (body) => {
      expect((await call('POST', 'manage/refused-events/retry', body)).statusCode).toBe(400);
      expect(await list()).toEqual([]);
    },
  );
});

describe('a retry goes the way of new events', () => {
  test('of occupancy and of visitors', async () => {
    const locationId = '00000000-0000-4000-8000-000000000002';
    const common = { eventId: 'e1', timestamp: '2026-03-10T09:00:00Z', locationId };
    await call('POST', 'occupancy', {
      sourceId: 'sensor',
      occupancyEvents: [{ ...common, locationType: 'space', occupied: true }],
    });
    await call('POST', 'visitor-arrival', {
      sourceId: 'desk',
      visitorArrivals: [{ ...common, visitorName: 'Ada' }],
    });
    const { levelId } = site.office;
    await addNode(server.db.owner, site.tenantId, { kind: 'space', parentId: levelId, nodeId: locationId });
    expect(await retry({ cause: 'unknownPlace' })).toMatchObject({ mended: 2 });
    for (const dataset of ['occupancy', 'visitors']) {
      const reply = await call('GET', `analytics/${dataset}?startDate=2026-03-10&endDate=2026-03-10`);
      expect(reply.json()).toMatchObject([{ eventId: 'e1' }]);
    }
  });

  test('of time off, in the order in which it was sent', async () => {
    const timeOff = (eventId: string, eventType: string) => ({
      eventId,
      email: 'new@example.com',
      eventType,
      startDate: '2026-03-12',
      endDate: '2026-03-13',
    });
    for (const [eventId, eventType] of [
      ['t1', 'scheduled'],
      ['t2', 'cancelled'],
      ['t3', 'scheduled'],
    ] as const) {
      await call('POST', 'timeoff', { timeOffEvents: [timeOff(eventId, eventType)] });
      server.clock.advanceS(1);
    }
    const { userId } = await addNewcomer();
    expect(await retry()).toMatchObject({ mended: 3, results: [{ eventId: 't1' }, { eventId: 't2' }, {}] });
    const days = (
      await call('GET', `manage/users/${userId}/days?startDate=2026-03-12&endDate=2026-03-13`)
    ).json();
    expect(JSON.stringify(days)).toContain('leave');
  });

  test('of cards; a card that fails again keeps the row, alone', async () => {
    const held = card({ cardNumber: '1' });
    await call('POST', 'access-credentials', {
      data: [{ username: site.user.email, updateId: 'u0', credentials: [held] }],
    });
    await call('POST', 'access-credentials', {
      data: [
        { username: 'new@example.com', updateId: 'u1', credentials: [card({ cardNumber: '2' }), held] },
        { username: 'new@example.com', updateId: 'u2', credentials: [card({ cardNumber: '3' })] },
      ],
    });
    await addNewcomer();
    expect(await retry()).toMatchObject({ mended: 1, refused: 1 });
    const [row, ...others] = await list();
    expect(others).toEqual([]);
    expect(row).toMatchObject({ eventId: 'u1', cause: 'cardHeld' });
    expect(JSON.parse(row?.event ?? '').credentials).toMatchObject([{ cardNumber: '1' }]);
  });

  test('at the time of the retry', async () => {
    await results(server, site, [goodEvent(site, { timestamp: '2026-03-12T09:00:00Z' })]);
    expect(await list()).toMatchObject([{ cause: 'timeOutOfRange' }]);
    server.clock.advanceS(2 * 86_400);
    token = await server.token(site.key);
    expect(await retry()).toMatchObject({ mended: 1 });
  });
});

test('an event that a person sent is tried while that person may send events', async () => {
  const browser = await browserWithRole(server, site.tenantId, 'integrations', 'ada@example.com');
  const payload = { sourceId: 'console', presenceEvents: [newcomer('e1')] };
  const reply = await server.app.inject({ method: 'POST', url: '/v1/presence', headers: browser, payload });
  expect(reply.statusCode).toBe(200);
  await addNewcomer();
  const setRole = (role: string) =>
    server.db.owner.inSystem((tx) =>
      tx.query('UPDATE account_roles SET role = $2 WHERE tenant_id = $1', [site.tenantId, role]),
    );
  await setRole('planner');
  expect((await retry()).results[0]?.reason).toContain('the role planner, which may not send this');
  await setRole('integrations');
  const byPerson = await server.app.inject({
    method: 'POST',
    url: '/v1/manage/refused-events/retry',
    headers: browser,
    payload: {},
  });
  expect(byPerson.json()).toMatchObject({ mended: 1 });
  expect(await list('state=mended')).toMatchObject([{ triedBy: 'ada@example.com' }]);
});

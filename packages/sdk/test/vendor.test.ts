import { afterAll, beforeAll, expect, test } from 'vitest';
import { NotFoundError, UnsupportedError } from '../src/index.ts';
import { eventsOf, type Setup, setUp } from './support/setup.ts';

/** The routes that the vendor's pages describe. */
const DOCUMENTED = [
  '/v1/auth',
  '/v1/auth/token',
  '/v1/presence',
  '/v1/presence/basic',
  '/v1/occupancy',
  '/v1/timeoff',
  '/v1/access-credentials',
  '/v1/visitor-arrival',
  '/v1/analytics/users',
  '/v1/analytics/locations',
  '/v1/analytics/user-booking-attendance',
  '/v1/analytics/change-log/user',
];

/** The members of our answers that the vendor's answers also have. */
const ONLY = ['eventId', 'resultCode', 'message'];

let setup: Setup;
beforeAll(async () => {
  setup = await setUp();
  setup.proxy.fate = ({ path }) => {
    if (!DOCUMENTED.includes(path)) return { status: 404, body: 'Not Found' };
    if (path !== '/v1/presence') return 'pass';
    return { rewrite: (body) => JSON.stringify(JSON.parse(body), (key, value) => only(key, value)) };
  };
});
afterAll(() => setup.close());

function only(key: string, value: unknown): unknown {
  if (key !== 'results' || !Array.isArray(value)) return value;
  return value.map((each) => Object.fromEntries(ONLY.map((name) => [name, each[name]])));
}

test('everything that the vendor documents works without additions of this server', async () => {
  const client = setup.client({ maxRetries: 0 });
  const { office, user } = setup.site;
  const at = { timestamp: new Date(Date.now() - 60_000), locationId: office.placeId, locationType: 'place' };

  const presence = await client.presence.submit('door', eventsOf(setup, 150));
  const occupancy = await client.occupancy.submit('sensor', [{ eventId: 'o1', ...at, occupied: true }]);
  const visitors = await client.visitors.submit('desk', [{ eventId: 'v1', ...at, visitorName: 'Grace' }]);
  const day = new Date('2026-03-02T00:00:00Z');
  const leave = { eventId: 't1', email: user.email, eventType: 'scheduled', startDate: day, endDate: day };
  const timeOff = await client.timeOff.submit([leave]);
  const card = (number: number) => ({
    username: user.email,
    updateId: `u${number}`,
    credentials: [
      { active: true, cardNumber: `${number}`, scanData: [`s${number}`], credentialType: 'card' },
    ],
  });
  // One update is answered by an object, several by a list.
  const one = await client.accessCredentials.submit([card(1)]);
  const several = await client.accessCredentials.submit(
    Array.from({ length: 101 }, (_, index) => card(index)),
  );
  for (const { refused } of [presence, occupancy, visitors, timeOff, one, several])
    expect(refused).toEqual([]);
  expect(several.results.map(({ updateId }) => updateId)).toEqual(
    Array.from({ length: 101 }, (_, index) => `u${index}`),
  );

  expect(await client.analytics.users()).toHaveLength(1);
  expect(await client.analytics.locations()).toHaveLength(1);
  const range = { startDate: '2026-01-01', endDate: '2026-06-30' };
  expect(await client.analytics.userBookingAttendance(range)).toEqual(expect.any(Array));
  expect(await client.analytics.changeLog(range)).toEqual(expect.any(Array));
});

test('a call that the vendor does not have is a NotFoundError', async () => {
  const { analytics, manage, directory } = setup.client();
  for (const call of [
    () => analytics.spaces(),
    () => manage.organisation(),
    () => manage.desks.list(),
    () => directory.setGroupRelationships([]),
  ])
    await expect(call()).rejects.toBeInstanceOf(NotFoundError);
});

test('with a server without cursors, cursor is undefined and changedSince is an UnsupportedError', async () => {
  // Like the vendor: answers have none of our additions, and unknown parameters are ignored.
  const client = setup.client({
    fetch: async (input, init) => {
      const url = new URL(String(input));
      for (const name of ['changedSince', 'limit']) url.searchParams.delete(name);
      const response = await fetch(url, init);
      const headers = new Headers(response.headers);
      for (const name of ['Rollcall-Cursor', 'Link']) headers.delete(name);
      return new Response(response.body, { status: response.status, headers });
    },
  });
  const users = client.analytics.users({ limit: 1 });
  expect(await users).toHaveLength(1);
  expect(users.cursor).toBeUndefined();
  const before = setup.proxy.count('/v1/analytics/users');
  const changed = client.analytics.users({ changedSince: 'any' });
  await expect(changed).rejects.toBeInstanceOf(UnsupportedError);
  expect(setup.proxy.count('/v1/analytics/users')).toBe(before + 1);
  const walk = async () => {
    for await (const _ of changed) expect.fail('a row that was not asked for');
  };
  await expect(walk()).rejects.toBeInstanceOf(UnsupportedError);
});

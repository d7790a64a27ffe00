import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { NetworkError, type Retry, type Rollcall } from '../src/index.ts';
import { daysAgo, eventsOf, type Setup, setUp } from './support/setup.ts';

let setup: Setup;
beforeAll(async () => {
  setup = await setUp();
});
afterEach(() => setup.proxy.reset());
afterAll(() => setup.close());

test('a failed login is not repeated again for each retry of the call', async () => {
  setup.proxy.fate = () => 'refuse';
  await expect(setup.client({ maxRetries: 2 }).analytics.users()).rejects.toBeInstanceOf(NetworkError);
  expect(setup.proxy.count('/v1/auth')).toBe(3);
});

test('the client calls onRetry before each retry, and an error that onRetry throws ends the call', async () => {
  setup.proxy.fate = () => 'refuse';
  const told: Retry[] = [];
  const onRetry = (retry: Retry) => {
    told.push(retry);
    if (retry.retries === 2) throw new Error('enough');
  };
  await expect(setup.client({ maxRetries: 10, onRetry }).analytics.users()).rejects.toThrow('enough');
  expect(told.map(({ retries, error }) => [retries, error.name])).toEqual([
    [0, 'NetworkError'],
    [1, 'NetworkError'],
    [2, 'NetworkError'],
  ]);
});

test('submit tells new events from stored ones if tellNew is set', async () => {
  const events = eventsOf(setup, 250, 3, 60_000);
  const client = setup.client();
  const submit = async (tellNew?: boolean) => {
    const { results } = await client.presence.submit('told', events, { tellNew });
    return new Set(results.map(({ isNew }) => isNew));
  };
  expect(await submit(true)).toEqual(new Set([true]));
  expect(await submit(true)).toEqual(new Set([false]));
  expect(await submit()).toEqual(new Set([undefined]));
});

type Prepare = (manage: Rollcall['manage']) => Promise<() => Promise<unknown>>;
const zone: Prepare = async (manage) => {
  const { zoneId } = setup.site.office;
  const { version: ifVersion } = await manage.zones.read(zoneId);
  return () => manage.zones.update(zoneId, { capacity: 7 }, { ifVersion });
};
const settings: Prepare = async (manage) => {
  const { locationId } = setup.site.office;
  const { version: ifVersion } = await manage.settings.read(locationId);
  return () => manage.settings.update(locationId, { horizonDays: 7 }, { ifVersion });
};
const assignment: Prepare = async (manage) => {
  const { office, user } = setup.site;
  const { version: ifVersion } = await manage.desks.read(office.placeId);
  return () => manage.deskAssignments.set(office.placeId, { userId: user.userId }, { ifVersion });
};
const noAssignment: Prepare = async (manage) => {
  const { placeId } = setup.site.office;
  const { version: ifVersion } = await manage.desks.read(placeId);
  return () => manage.deskAssignments.clear(placeId, { ifVersion });
};
const tomorrow = async (manage: Rollcall['manage']) => {
  const { userId } = setup.site.user;
  const day = daysAgo(-1);
  const [found] = await manage.days.list(userId, { startDate: day, endDate: day });
  return { userId, day, version: found?.version ?? '' };
};
const oneDay: Prepare = async (manage) => {
  const { userId, day, version } = await tomorrow(manage);
  return () => manage.days.set(userId, day, { plan: 'r', version });
};
const manyDays: Prepare = async (manage) => {
  const item = { ...(await tomorrow(manage)), plan: 'a' } as const;
  return () => manage.days.submit([item]);
};
const week: Prepare = async (manage) => {
  const { userId } = setup.site.user;
  const { version } = await manage.weekPlans.get(userId);
  return () => manage.weekPlans.set(userId, { weekPlan: { monday: { plan: 'r' } }, version });
};

test.each([
  ['zones.update', zone],
  ['settings.update', settings],
  ['deskAssignments.set', assignment],
  ['deskAssignments.clear', noAssignment],
  ['days.set', oneDay],
  ['days.submit', manyDays],
  ['weekPlans.set', week],
])('a change of one version is not repeated when its answer is lost: %s', async (_name, prepare) => {
  const change = await prepare(setup.client({ maxRetries: 1 }).manage);
  setup.proxy.reset();
  setup.proxy.fate = () => 'lose';
  // The server has carried it out. A second call would be refused as a conflict with somebody else.
  await expect(change()).rejects.toBeInstanceOf(NetworkError);
  expect(setup.proxy.seen).toHaveLength(1);
});

test('a call that a rate limit refuses is repeated after the wait of Retry-After', async () => {
  const { server, site } = setup;
  const { apiKey, secret } = await server.key(site.tenantId, { limits: { events: 120 } });
  const retries: Retry[] = [];
  const client = setup.client({
    apiKey,
    secret,
    onRetry: (retry) => {
      retries.push(retry);
      // The clock of durations stands still in tests.
      server.stopwatch.nowMs += retry.delayMs;
    },
  });
  const { results } = await client.presence.submit('limited', eventsOf(setup, 121, 5));
  expect(results.map(({ resultCode }) => resultCode)).toEqual(Array.from({ length: 121 }, () => 0));
  expect(retries.map(({ error }) => [error.status, error.retryAfterMs])).toEqual([[429, 1_000]]);
});

test('a wait of Retry-After that is longer than maxRetryDelayMs ends the call at once', async () => {
  const { server, site } = setup;
  const { apiKey, secret } = await server.key(site.tenantId, { limits: { reads: 1 } });
  const client = setup.client({ apiKey, secret, maxRetryDelayMs: 59_000 });
  await client.analytics.users();
  await expect(client.analytics.users()).rejects.toMatchObject({
    name: 'RateLimitError',
    status: 429,
    retryAfterMs: 60_000,
  });
});

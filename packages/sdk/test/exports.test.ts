import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { insertPresence } from '../../server/test/support/presence.ts';
import { TimeoutError, TransferError, ValidationError } from '../src/index.ts';
import { type Setup, setUp } from './support/setup.ts';

const ROWS = 6000;
const MARCH = { startDate: '2026-03-01', endDate: '2026-03-31' };
const PATH = '/v1/analytics/presence';

let setup: Setup;
beforeAll(async () => {
  setup = await setUp();
  await insertPresence(setup.server, setup.site, ROWS);
});
afterEach(() => setup.proxy.reset());
afterAll(() => setup.close());

test('an export is walked through, and awaited, with the same rows', async () => {
  const rows = setup.client().analytics.presence(MARCH);
  expect(setup.proxy.seen).toEqual([]);
  const walked: unknown[] = [];
  for await (const row of rows) walked.push(row);
  expect(walked).toHaveLength(ROWS);
  expect(await rows).toEqual(walked);
});

test('a long range is asked for in windows of 30 days, one after the other, with the same filters', async () => {
  const year = { startDate: new Date('2026-01-01T00:00:00Z'), endDate: '20261231' };
  const { locationId } = setup.site.office;
  const locationIds = [locationId, '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c01'];
  expect(await setup.client().analytics.presence({ ...year, locationIds })).toHaveLength(ROWS);
  const calls = setup.proxy.seen.filter(({ path }) => path === PATH);
  expect(calls).toHaveLength(13);
  expect(new Set(calls.map(({ query }) => query.get('locationIds')))).toEqual(new Set([locationIds.join()]));
});

test('metrics are asked for in one call, so that no window cuts a period', async () => {
  const { analytics } = setup.client();
  const year = { startDate: '2026-01-01', endDate: '2026-12-31' };
  const months = await analytics.metrics({
    ...year,
    period: 'month',
    locationIds: [setup.site.office.locationId],
  });
  expect(months).toMatchObject([{ periodStart: '2026-03-01T00:00:00.000Z', attendance: 1 }]);
  expect(setup.proxy.seen.filter(({ path }) => path === '/v1/analytics/metrics')).toHaveLength(1);
  expect(await analytics.occupancyMetrics(MARCH)).toEqual([]);
});

test('who stops walking ends the transfer', async () => {
  let body: ReadableStream | null = null;
  const { baseUrl } = setup.proxy;
  const client = setup.client({
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (String(input).startsWith(`${baseUrl}${PATH}`)) body = response.body;
      return response;
    },
  });
  for await (const row of client.analytics.presence(MARCH)) {
    expect(row.userId).toBe(setup.site.user.userId);
    break;
  }
  const rest = await (body as ReadableStream | null)?.getReader().read();
  expect(rest).toEqual({ done: true, value: undefined });
});

test.each(['break', 'shorten'] as const)(
  'a stream that breaks off is a TransferError after the rows that came (%s); awaited, it is repeated',
  async (fate) => {
    const fates = [fate, fate];
    setup.proxy.fate = ({ path }) => (path === PATH ? (fates.shift() ?? 'pass') : 'pass');
    const rows = setup.client().analytics.presence(MARCH);
    let count = 0;
    const walk = async () => {
      for await (const _ of rows) count++;
    };
    const failure = await walk().catch((error) => error);
    expect(failure).toBeInstanceOf(TransferError);
    expect(failure).toMatchObject({ status: 200, correlationId: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(ROWS);
    expect(await rows).toHaveLength(ROWS);
  },
);

test('a range that the server refuses is a ValidationError', async () => {
  const reversed = { startDate: '2026-03-02', endDate: '2026-03-01' };
  await expect(setup.client().analytics.presence(reversed)).rejects.toBeInstanceOf(ValidationError);
});

test("the time of a slow reader is not the server's, and an aborted walk throws its reason", async () => {
  const controller = new AbortController();
  const client = setup.client({ timeoutMs: 1500 });
  let count = 0;
  const walk = async () => {
    for await (const _ of client.analytics.presence(MARCH, { signal: controller.signal })) {
      if (count++ === 0) await new Promise((resolve) => setTimeout(resolve, 2000));
      if (count === 3000) controller.abort(new Error('enough'));
    }
  };
  const failure = await walk().catch((error) => error);
  expect(failure).not.toBeInstanceOf(TimeoutError);
  expect(failure).toEqual(new Error('enough'));
  expect(count).toBeGreaterThanOrEqual(3000);
});

test('management: lists turn their pages, changes come back, and items are refused by themselves', async () => {
  const { manage } = setup.client();
  const { levelId } = setup.site.office as { levelId?: string };
  const items = Array.from({ length: 1500 }, (_, index) => ({
    userName: index === 7 ? ' ' : `person${index}@example.com`,
  }));
  const { results, refused } = await manage.users.submit(items);
  expect(results).toHaveLength(1500);
  expect(refused.map(({ index }) => index)).toEqual([7]);
  const users = await manage.users.list({ status: 'active' });
  expect(users).toHaveLength(1500);
  const [first] = users;
  const changed = await manage.users.update(first?.userId ?? '', { firstName: 'Ada' });
  expect(changed).toMatchObject({ userId: first?.userId, firstName: 'Ada' });
  expect(await manage.users.get(first?.userId ?? '')).toEqual(changed);
  const range = { startDate: '2026-01-01', endDate: '2026-03-31' };
  expect(await manage.days.list(first?.userId ?? '', range)).toHaveLength(90);
  expect(levelId === undefined || (await manage.levels.get(levelId)).levelId === levelId).toBe(true);
});

import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createLogger } from '../src/http/logging.ts';
import { RequestRecord } from '../src/http/request-record.ts';
import { TASKS } from '../src/jobs/tasks.ts';
import { trimAnsweredRequests } from '../src/store/events/answered-requests.ts';
import { addSite, goodEvent, results, type Site, submit } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { browserWithRole } from './support/sessions.ts';
import { until } from './support/waiting.ts';

const DAY_S = 86_400;

let server: TestServer;
let site: Site;
let token: string;
beforeAll(async () => {
  // Only the servers' storing of requests runs on this clock.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  server = await startTestServer();
});
beforeEach(async () => {
  server.clock.nowMs = Date.parse('2026-03-10T12:00:00Z');
  site = await addSite(server);
  token = await server.token(site.key);
});
afterAll(async () => {
  await server.close();
  vi.useRealTimers();
});

interface Item {
  answeredAt: string;
  method: string;
  route: string;
  status: number;
  caller: string | null;
  durationMs: number;
  requestBytes: number | null;
  responseBytes: number | null;
  correlationId: string;
  further: number;
}

async function list(query = ''): Promise<{ items: Item[]; next: string | null }> {
  const reply = await server.app.inject({
    url: `/v1/manage/requests?${query}`,
    headers: { authorization: `Bearer ${token}` },
  });
  if (reply.statusCode !== 200) throw new Error(`${reply.statusCode} ${reply.body}`);
  return reply.json();
}
const PRESENCE = `route=${encodeURIComponent('/v1/presence/basic')}`;
/** Waits until the server has stored as many requests of presence. */
async function stored(count: number): Promise<Item[]> {
  vi.advanceTimersByTime(5_000);
  let items: Item[] = [];
  await until(async () => {
    ({ items } = await list(PRESENCE));
    return items.length >= count;
  });
  return items;
}

test('a request is listed without personal data', async () => {
  const correlationId = 'door-7';
  await server.app.inject({
    method: 'POST',
    url: '/v1/presence/basic?secret=1',
    headers: { ...site.headers, correlationid: correlationId },
    payload: { sourceId: 'door', presenceEvents: [goodEvent(site)] },
  });
  const [item, ...others] = await stored(1);
  expect(others).toEqual([]);
  expect(item).toMatchObject({
    answeredAt: '2026-03-10T12:00:00.000Z',
    method: 'POST',
    route: '/v1/presence/basic',
    status: 200,
    caller: site.key.apiKey.toLowerCase(),
    refusal: null,
    requestBytes: expect.any(Number),
    responseBytes: expect.any(Number),
    correlationId,
    further: 0,
  });
  // In tenths, as the log has it.
  expect(item?.durationMs).toBe(Math.round((item?.durationMs ?? 0) * 10) / 10);
  const { items } = await list(`correlationId=${correlationId}`);
  expect(JSON.stringify(items)).not.toMatch(/secret|door"|example\.com/);
});

test('of successes that are alike, three are listed and the others are counted; failures are all listed', async () => {
  for (let index = 0; index < 10; index++) await results(server, site, [goodEvent(site)]);
  for (let index = 0; index < 10; index++) await submit(server, site, 'nonsense');
  const items = await stored(13);
  const good = items.filter(({ status }) => status === 200);
  expect(good).toHaveLength(3);
  expect(good.reduce((sum, { further }) => sum + 1 + further, 0)).toBe(10);
  expect(items.filter(({ status }) => status === 400)).toHaveLength(10);
  expect((await list(`${PRESENCE}&failed=true`)).items).toHaveLength(10);
  const paged: Item[] = [];
  for (let query: string | undefined = 'limit=5'; query; ) {
    const page = await list(`${PRESENCE}&${query}`);
    paged.push(...page.items);
    query = page.next === null ? undefined : `limit=5&after=${page.next}`;
  }
  expect(paged).toEqual(items);
});

test('no length that a client announces costs others their requests', async () => {
  const reply = await server.app.inject({
    method: 'POST',
    url: '/v1/presence/basic',
    headers: {
      ...site.headers,
      'content-type': 'application/json',
      'content-length': '10000000000000000000',
    },
  });
  expect(reply.statusCode).toBe(413);
  const [item] = await stored(1);
  expect(item).toMatchObject({ status: 413, requestBytes: null });
});

test('what an organisation may keep in five seconds is bounded', async () => {
  const { read: clock } = server.clock;
  const record = new RequestRecord({ database: server.db.restricted, clock, log: createLogger('silent') });
  const common = {
    tenantId: site.tenantId,
    method: 'GET',
    durationMs: 1,
    correlationId: 'bound',
    caller: null,
    refusal: null,
  };
  const noBytes = () => ({ requestBytes: null, responseBytes: null });
  for (let count = 0; count < 500; count++) record.note({ ...common, route: '/a', status: 500 }, noBytes);
  for (let kind = 0; kind < 500; kind++) record.note({ ...common, route: `/${kind}`, status: 200 }, noBytes);
  await record.close();
  const { items } = await list('correlationId=bound&limit=1000');
  const failures = items.filter(({ status }) => status === 500);
  expect(failures).toHaveLength(200);
  expect(failures.reduce((sum, { further }) => sum + 1 + further, 0)).toBe(500);
  expect(items).toHaveLength(200 + 199);
});

test('the newest requests of an organisation are kept', async () => {
  for (let index = 0; index < 3; index++) {
    server.clock.advanceS(1);
    await submit(server, site, 'nonsense');
  }
  const items = await stored(3);
  const trimming = { before: new Date(0), keep: 2 };
  await server.db.restricted.inTenant(site.tenantId, (tx) =>
    trimAnsweredRequests(tx, site.tenantId, trimming),
  );
  expect((await list()).items).toEqual(items.slice(0, 2));
});

test('a person is not named', async () => {
  const browser = await browserWithRole(server, site.tenantId, 'integrations', 'ada@example.com');
  await server.app.inject({ url: '/v1/manage/users', headers: browser });
  await results(server, site, [goodEvent(site)]);
  await stored(1);
  const { items } = await list('failed=true');
  expect(items).toMatchObject([{ route: '/v1/manage/users', status: 403, caller: null }]);
});

test('another organisation sees none of them, and after a day the job deletes them', async () => {
  await results(server, site, [goodEvent(site)]);
  await stored(1);
  const own = token;
  token = await server.token(await server.key(await server.organisation()));
  expect((await list(PRESENCE)).items).toEqual([]);
  token = own;
  server.clock.advanceS(DAY_S + 1);
  const job = TASKS.find(({ name }) => name === 'activity');
  await job?.run({
    database: server.db.restricted,
    target: server.db.target,
    clock: server.clock.read,
    log: createLogger('silent'),
    signal: new AbortController().signal,
  });
  token = await server.token(site.key);
  expect((await list(PRESENCE)).items).toEqual([]);
});

test.each(['limit=0', 'after=1', 'failed=maybe', 'route=%00'])('%s is a 400', async (query) => {
  const reply = await server.app.inject({
    url: `/v1/manage/requests?${query}`,
    headers: { authorization: `Bearer ${token}` },
  });
  expect(reply.statusCode).toBe(400);
});

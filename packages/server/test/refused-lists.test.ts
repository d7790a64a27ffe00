import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addSite, goodEvent, results, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';

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

interface Item extends Record<string, unknown> {
  eventId: string;
}

async function list(query = '', path = 'refused-events', bearer = token) {
  const reply = await server.app.inject({
    url: `/v1/manage/${path}?${query}`,
    headers: { authorization: `Bearer ${bearer}` },
  });
  return { status: reply.statusCode, ...(reply.json() as { items: Item[]; next: string | null }) };
}

const unknownUser = (eventId: string) =>
  goodEvent(site, { eventId, userId: undefined, userEmail: 'nobody@example.com' });
const unknownPlace = (eventId: string) =>
  goodEvent(site, { eventId, locationId: '00000000-0000-4000-8000-000000000000' });

async function refuseSome(): Promise<void> {
  await results(server, site, [unknownUser('u1'), unknownUser('u2'), unknownPlace('p1')]);
  server.clock.advanceS(3_600);
  await results(server, site, [unknownUser('u3')]);
  await server.app.inject({
    method: 'POST',
    url: '/v1/occupancy',
    headers: { authorization: `Bearer ${token}` },
    payload: { sourceId: 'sensor' },
  });
}

describe('GET /v1/manage/refused-events', () => {
  test('lists refused events with their reasons, newest first, and never those of another organisation', async () => {
    await refuseSome();
    const { status, items, next } = await list();
    expect([status, items.length, next]).toEqual([200, 5, null]);
    expect(items[0]?.refusedAt).toBe('2026-03-10T13:00:00.000Z');
    expect(items).toContainEqual({
      refusalId: expect.any(String),
      refusedAt: '2026-03-10T12:00:00.000Z',
      endpoint: 'presence',
      apiKey: site.key.apiKey.toLowerCase(),
      sourceId: expect.any(String),
      eventId: 'p1',
      resultCode: 2,
      cause: 'unknownPlace',
      reason: 'locationId: no active location has this id',
      event: expect.stringContaining('"eventId":"p1"'),
      obstacle: null,
      triedAt: null,
      triedBy: null,
      mended: false,
    });
    const malformed = { endpoint: 'occupancy', sourceId: 'sensor', resultCode: null };
    expect(items).toContainEqual(
      expect.objectContaining({ ...malformed, cause: 'malformedRequest', obstacle: 'malformedRequest' }),
    );
    const other = await server.token(await server.key(await server.organisation()));
    expect(await list('', 'refused-events', other)).toMatchObject({ status: 200, items: [] });
  });

  test('filters by time, endpoint, source, cause, reason and id', async () => {
    await refuseSome();
    const ids = async (query: string) => (await list(query)).items.map(({ eventId }) => eventId).sort();
    expect(await ids('since=2026-03-10T12:30:00Z&endpoint=presence')).toEqual(['u3']);
    // Before the earliest instant of the database.
    expect(await ids('since=/Date(-999999999999999)/&endpoint=occupancy')).toHaveLength(1);
    expect(await ids('endpoint=occupancy')).toEqual([null]);
    expect(await ids('sourceId=sensor')).toEqual([null]);
    expect(await ids('cause=unknownPlace')).toEqual(['p1']);
    expect(await ids('cause=malformedRequest')).toEqual([null]);
    const [first] = (await list('cause=unknownPlace')).items;
    expect(await ids(`refusalId=${first?.refusalId}`)).toEqual(['p1']);
    expect(await ids('state=mended')).toEqual([]);
    expect(await ids('state=all')).toHaveLength(5);
    expect(await ids(`reason=${encodeURIComponent('locationId: no active location has this id')}`)).toEqual([
      'p1',
    ]);
  });

  test('comes in pages that have each event once', async () => {
    await refuseSome();
    const whole = (await list()).items;
    const paged: Item[] = [];
    for (let query: string | undefined = 'limit=2'; query; ) {
      const { items, next } = await list(query);
      expect(items.length).toBeLessThanOrEqual(2);
      paged.push(...items);
      query = next === null ? undefined : `limit=2&after=${next}`;
    }
    expect(paged).toEqual(whole);
  });

  test.each([
    'since=yesterday',
    'since=2026-02-30T00:00:00Z',
    'after=1',
    'limit=0',
    'endpoint=desks',
    'reason=%00',
    'cause=unknown',
    'state=closed',
    'refusalId=1',
  ])('%s is a 400, and is kept as no malformed request', async (query) => {
    expect((await list(query)).status).toBe(400);
    expect((await list()).items).toEqual([]);
  });
});

test('GET /v1/manage/refused-events/reasons counts by endpoint and reason, the most frequent first', async () => {
  await refuseSome();
  const { items } = await list('endpoint=presence', 'refused-events/reasons');
  expect(items).toMatchObject([
    {
      endpoint: 'presence',
      resultCode: 1,
      count: 3,
      firstRefusedAt: '2026-03-10T12:00:00.000Z',
      lastRefusedAt: '2026-03-10T13:00:00.000Z',
      lastEventId: 'u3',
    },
    { resultCode: 2, count: 1, reason: 'locationId: no active location has this id', lastEventId: 'p1' },
  ]);
  expect((await list('limit=1', 'refused-events/reasons')).items).toHaveLength(1);
});

test('GET /v1/manage/refused-events/causes counts by cause, and what can be tried again', async () => {
  await refuseSome();
  const { items } = await list('', 'refused-events/causes');
  expect(items).toMatchObject([
    { cause: 'unknownUser', count: 3, retriable: 3, endpoints: ['presence'] },
    { cause: 'malformedRequest', count: 1, retriable: 0, endpoints: ['occupancy'] },
    {
      cause: 'unknownPlace',
      count: 1,
      retriable: 1,
      lastReason: 'locationId: no active location has this id',
    },
  ]);
});

test('an event that an earlier release kept has no cause, and says that it cannot be tried again', async () => {
  await refuseSome();
  await server.db.owner.inTenant(site.tenantId, (tx) =>
    tx.query('UPDATE refused_events SET cause = NULL, sender = NULL WHERE tenant_id = $1', [site.tenantId]),
  );
  const { items } = await list();
  expect(items).toHaveLength(5);
  for (const item of items) expect(item).toMatchObject({ cause: null, obstacle: 'earlierRelease' });
  expect((await list('', 'refused-events/causes')).items).toMatchObject([
    { cause: null, count: 5, retriable: 0 },
  ]);
});

import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { seeingAll } from './support/backup.ts';
import { addSite, goodEvent, presenceRows, results, type Site, submit } from './support/presence.ts';
import { login, startTestServer, type TestServer } from './support/server.ts';
import { DatabaseProxy } from './support/sockets.ts';

const STATEMENT_TIMEOUT_MS = 500;
const DATES = 'startDate=2026-03-01&endDate=2026-03-31';

let proxy: DatabaseProxy;
let server: TestServer;
let site: Site;
let bearer: { authorization: string };
beforeAll(async () => {
  proxy = await DatabaseProxy.start(inject('adminTarget'));
  server = await startTestServer(
    {},
    { database: { target: proxy.target, statementTimeoutMs: STATEMENT_TIMEOUT_MS } },
  );
  site = await addSite(server);
  bearer = { authorization: `Bearer ${await server.token(site.key)}` };
});
afterAll(async () => {
  await proxy.restore();
  await server.close();
  await proxy.close();
});

const get = (url: string, headers = {}) => server.app.inject({ url, headers });
const isReady = async () => (await get('/readyz')).statusCode;

/** Requests that need the database. */
function askEverything() {
  const payload = { sourceId: 'door', presenceEvents: [goodEvent(site, { eventId: 'lost' })] };
  return [
    server.app.inject({ method: 'POST', url: '/v1/presence/', headers: bearer, payload }),
    submit(server, site, payload.presenceEvents),
    get('/v1/analytics/users/basic', site.headers),
    get(`/v1/analytics/presence?${DATES}`, bearer),
    get(`/v1/analytics/metrics?${DATES}`, bearer),
    get('/readyz'),
  ];
}

// This test is first, because an outage ends only when the database has answered a second later.
test('the log has two lines for an outage, with a count between them, and no stack for each request', async () => {
  const since = server.logs.length;
  const lines = () => server.logs.slice(since).map((line) => JSON.parse(line) as Record<string, unknown>);
  await proxy.cut('refuses');
  const malformed = () =>
    server.app.inject({ method: 'POST', url: '/v1/presence', headers: bearer, payload: { sourceId: 5 } });
  const rounds = 5;
  const statuses: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const answers = await Promise.all([...askEverything(), malformed()]);
    statuses.push(...answers.map(({ statusCode }) => statusCode));
  }
  // A malformed request with a known key is answered 400, although the server could not keep it.
  expect(statuses.filter((status) => status !== 503 && status !== 400)).toEqual([]);
  await proxy.restore();
  await expect.poll(() => lines().map(({ msg }) => msg)).toContain('the database answers again');
  const said = lines().filter(({ msg }) => msg !== 'answered');
  expect(said).toMatchObject([
    { level: 'error', msg: expect.stringContaining('the database does not answer in time') },
    { level: 'info', failures: statuses.length, seconds: expect.any(Number) },
  ]);
  expect(server.logs.slice(since).filter((line) => line.includes('"stack"'))).toEqual([]);
  // Each request has its own line, except probes, which are logged at the level debug.
  const answered = lines().filter(({ msg }) => msg === 'answered');
  const failedIds = answered.filter(({ status }) => status === 503).map(({ correlationId }) => correlationId);
  expect(new Set(failedIds).size).toBe(statuses.filter((status) => status === 503).length - rounds);
  expect(answered.filter(({ route }) => route === '/readyz')).toEqual([]);
});

test('write conflicts are a 503, and no outage in the log', async () => {
  await seeingAll(server.db.target, (client) =>
    client.query(`
      CREATE FUNCTION lose_to_others() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'others came first' USING ERRCODE = 'serialization_failure'; END $$;
      GRANT EXECUTE ON FUNCTION lose_to_others() TO PUBLIC;
      CREATE TRIGGER lose_to_others BEFORE INSERT ON presence_events FOR EACH ROW
        WHEN (NEW.event_id = 'contended') EXECUTE FUNCTION lose_to_others()`),
  );
  const since = server.logs.length;
  const reply = await submit(server, site, [goodEvent(site, { eventId: 'contended' })]);
  expect(reply.statusCode).toBe(503);
  expect(server.logs.slice(since).join('')).toContain('40001');
  expect(server.logs.slice(since).join('')).not.toContain('does not answer in time');
});

describe.each([
  ['that does not exist', 'refuses'],
  ['that ends its connections', 'resets'],
  ['that stops answering', 'frozen'],
] as const)('a database %s', (_, how) => {
  test('is a 503 that asks for a retry, and requests succeed when the database is back', async () => {
    const before = `before ${how}`;
    expect(await results(server, site, [goodEvent(site, { eventId: before })])).toMatchObject([
      { resultCode: 0 },
    ]);
    await proxy.cut(how);

    expect((await get('/healthz')).statusCode).toBe(200);
    for (const reply of await Promise.all(askEverything())) {
      expect(reply.statusCode).toBe(503);
      expect(reply.headers).toMatchObject({
        'content-type': 'application/problem+json',
        'retry-after': expect.stringMatching(/^\d+$/),
      });
      expect(reply.json()).toMatchObject({ status: 503, title: 'Service Unavailable' });
      expect(reply.body).not.toMatch(/postgres|ECONN|SELECT|pool|127\.0\.0\.1/i);
    }
    expect((await get('/healthz')).statusCode).toBe(200);

    await proxy.restore();
    await expect.poll(isReady).toBe(200);
    expect(await results(server, site, [goodEvent(site, { eventId: `after ${how}` })])).toMatchObject([
      { resultCode: 0 },
    ]);
    expect((await get(`/v1/analytics/presence?${DATES}`, bearer)).statusCode).toBe(200);
    const stored = (await presenceRows(server, site)).map((row) => row.eventId);
    expect(stored).toEqual(expect.arrayContaining([before, `after ${how}`]));
    expect(stored).not.toContain('lost');
  });
});

test('a login without a database is a 503 in the form of the token endpoints', async () => {
  await proxy.cut('refuses');
  const unknown = { apiKey: 'not remembered', secret: 's' };
  const byHash = await server.app.inject({
    method: 'POST',
    url: '/v1/auth/',
    payload: login(unknown, server.clock.nowS),
  });
  const byCredentials = await server.app.inject({
    method: 'POST',
    url: '/v1/auth/token',
    payload: { client_id: unknown.apiKey, client_secret: unknown.secret },
  });
  expect(byHash.json()).toMatchObject({ authenticated: false, message: expect.any(String) });
  expect(byCredentials.json()).toMatchObject({ error: 'temporarily_unavailable' });
  for (const reply of [byHash, byCredentials]) {
    expect(reply.statusCode).toBe(503);
    expect(reply.headers['retry-after']).toMatch(/^\d+$/);
  }
  await proxy.restore();
  await expect.poll(isReady).toBe(200);
});

test('each event with code 0 during the loss of the database is stored, and the others can be sent again', async () => {
  let cut: Promise<void> | undefined;
  const sent = Array.from({ length: 60 }, async (_, index) => {
    const events = [goodEvent(site, { eventId: `race ${index}` })];
    const reply = await submit(server, site, events);
    if (index === 20) cut ??= proxy.cut('resets');
    return { events, reply };
  });
  const answers = await Promise.all(sent);
  await cut;
  expect(
    answers.map(({ reply }) => reply.statusCode).filter((status) => status !== 503 && status !== 200),
  ).toEqual([]);
  await proxy.restore();
  await expect.poll(isReady).toBe(200);
  const stored = async () => new Set((await presenceRows(server, site)).map((row) => row.eventId));
  const accepted = answers.filter(({ reply }) => reply.statusCode === 200);
  expect([...(await stored())]).toEqual(
    expect.arrayContaining(accepted.map(({ events }) => events[0]?.eventId)),
  );
  for (const { events } of answers) await results(server, site, events);
  expect([...(await stored())].filter((eventId) => eventId.startsWith('race'))).toHaveLength(60);
});

test('a statement that takes too long is a 503, and stores nothing', async () => {
  await server.db.owner.inSystem(async (tx) => {
    await tx.query('LOCK TABLE presence_events');
    const reply = await submit(server, site, [goodEvent(site, { eventId: 'too long' })]);
    expect(reply.statusCode).toBe(503);
    expect(reply.headers['retry-after']).toMatch(/^\d+$/);
  });
  const stored = (await presenceRows(server, site)).map((row) => row.eventId);
  expect(stored).not.toContain('too long');
});

test('until the schema is current, every route except /healthz and the pages of the console is a 503', async () => {
  const lifecycle = { migrated: false };
  const starting = await startTestServer({}, { lifecycle });
  try {
    // The pages open, and say that the server is not ready.
    const visible = starting.app.routeTable.filter(
      ({ url }) => url !== '/healthz' && !url.startsWith('/console'),
    );
    expect(visible.length).toBeGreaterThan(15);
    for (const { method, url } of [...visible, { method: 'GET', url: '/nowhere' }]) {
      const reply = await starting.app.inject({ method: [method].flat()[0] as 'GET', url });
      expect([url, reply.statusCode]).toEqual([url, 503]);
      expect(reply.headers['retry-after']).toMatch(/^\d+$/);
    }
    expect((await starting.app.inject('/healthz')).statusCode).toBe(200);
    expect(starting.logs.filter((line) => line.includes('"error"'))).toEqual([]);
    expect(starting.logs.filter((line) => line.includes('"status":503'))).not.toEqual([]);
    lifecycle.migrated = true;
    expect((await starting.app.inject('/readyz')).statusCode).toBe(200);
  } finally {
    await starting.close();
  }
});

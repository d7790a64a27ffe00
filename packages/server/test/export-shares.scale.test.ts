import type http from 'node:http';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { LONGEST_WAIT_S, MOST_WAITING } from '../src/http/slots.ts';
import { countTransactions } from './support/database.ts';
import { addLargeSite } from './support/large-site.ts';
import { addSite, type Site } from './support/presence.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';
import { countConnections, listen, openPaused, readAll } from './support/sockets.ts';
import { until } from './support/waiting.ts';

/** An organisation may have half of the connections of each kind. */
const CONNECTIONS = 4;
const SHARE = CONNECTIONS / 2;
const EXPORT = 'presence/basic?startDate=2026-03-01&endDate=2026-03-31';
const LISTS = ['users/basic', 'groups/basic', 'locations/basic', 'desks/basic', 'spaces/basic'];
const METRICS = ['metrics', 'metrics/occupancy'].map(
  (path) => `${path}/basic?startDate=2026-03-01&endDate=2026-03-31`,
);

let server: TestServer;
let baseUrl: string;
let large: Site;
let otherLarge: Site;
let small: Site;
const clients = new Set<AbortController>();

beforeAll(async () => {
  const pools = { exportPoolSize: CONNECTIONS, listPoolSize: CONNECTIONS };
  // Here, readers that read nothing keep their slots, however far the stopwatch is set.
  server = await startTestServer({ exportGraceS: 86_400 }, { database: pools });
  baseUrl = await listen(server);
  large = await addLargeSite(server, { people: 40_000 });
  otherLarge = await addLargeSite(server);
  small = await addSite(server);
});
afterEach(async () => {
  for (const client of clients) client.abort();
  clients.clear();
  await expect.poll(() => countTransactions(server.db)).toBe(0);
});
afterAll(() => server.close());

/** Requests an answer of the warehouse and reads nothing of its body. Resolves when the headers have arrived. */
function open(
  site: Pick<Site, 'headers'>,
  path = EXPORT,
  client = new AbortController(),
): Promise<http.IncomingMessage> {
  clients.add(client);
  const response = openPaused(`${baseUrl}/v1/analytics/${path}`, site, {}, client.signal);
  response.then(
    (answer) => answer.on('error', () => undefined),
    () => undefined,
  );
  return response;
}

const openMany = (site: Site, count: number, path?: string) =>
  Promise.all(Array.from({ length: count }, () => open(site, path)));

async function read(response: http.IncomingMessage | Promise<http.IncomingMessage>) {
  const { statusCode, headers } = await response;
  return { statusCode, headers, ...(await readAll(await response)) };
}

/** Whether the promise is settled now. */
const isSettled = (promise: Promise<unknown>) =>
  Promise.race([
    promise.then(
      () => true,
      () => true,
    ),
    new Promise((resolve) => setImmediate(() => resolve(false))),
  ]);

/** Advances the time by the longest wait for a slot, again and again, until the answer has arrived. */
async function afterWaiting(response: Promise<http.IncomingMessage>): Promise<http.IncomingMessage> {
  await until(() => {
    server.stopwatch.nowMs += LONGEST_WAIT_S * 1_000;
    return isSettled(response);
  });
  return response;
}

test('an organisation has half of the export connections for all its keys, and others have the other half', async () => {
  const [first] = await openMany(large, SHARE);
  const key = await server.key(large.tenantId);
  const waiting = open({ headers: { authorization: basic(key) } });
  const others = await openMany(otherLarge, SHARE);
  expect(others.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
  for (const response of others) expect((await readAll(response)).complete).toBe(true);
  expect(await isSettled(waiting)).toBe(false);
  first?.destroy();
  expect((await waiting).statusCode).toBe(200);
});

test('a request that waits too long for a slot is a 503 with the reason and a Retry-After', async () => {
  await openMany(large, SHARE);
  const own = await read(afterWaiting(open(large)));
  expect(own.statusCode).toBe(503);
  expect(own.headers).toMatchObject({ 'content-type': 'application/problem+json', 'retry-after': '10' });
  expect(JSON.parse(own.text)).toMatchObject({
    detail:
      'Your organisation already runs 2 exports, the most that it may run at once, and this request waited 20 s for a slot; please try again.',
    correlationId: expect.any(String),
  });
  await openMany(otherLarge, SHARE);
  const others = await read(afterWaiting(open(small)));
  expect(others.statusCode).toBe(503);
  expect(JSON.parse(others.text).detail).toBe(
    'The server already runs as many exports as it can, and this request waited 20 s for a slot; please try again.',
  );
});

test('a free slot goes to an organisation without slots before one with slots, whatever their waiting times', async () => {
  const [first] = await openMany(large, SHARE);
  const [second] = await openMany(otherLarge, SHARE);
  const before = await countConnections(server);
  const third = open(large);
  await expect.poll(() => countConnections(server)).toBe(before + 1);
  const others = open(small);
  await expect.poll(() => countConnections(server)).toBe(before + 2);
  // Both requests wait once the server has answered another request on a later connection.
  await read(open(small, 'locations/basic'));
  first?.destroy();
  expect((await read(others)).statusCode).toBe(200);
  second?.destroy();
  expect((await third).statusCode).toBe(200);
});

test('the queue of an organisation is bounded, and a client that hangs up leaves it', async () => {
  await openMany(large, SHARE);
  const first = new AbortController();
  const before = await countConnections(server);
  const refusals: Promise<http.IncomingMessage>[] = [open(large, EXPORT, first)];
  await expect.poll(() => countConnections(server)).toBe(before + 1);
  // The order of their arrival is unknown. One of them is one too many.
  for (let count = 0; count < MOST_WAITING; count++) refusals.push(open(large));
  const refused = await read(Promise.race(refusals));
  expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '10']);
  expect(JSON.parse(refused.text).detail).toBe(
    'Your organisation already runs 2 exports, the most that it may run at once, and 50 more requests already wait; please try again.',
  );
  expect((await read(open(small))).statusCode).toBe(200);

  const full = await countConnections(server);
  first.abort();
  await expect.poll(() => countConnections(server)).toBeLessThan(full);
  const next = [open(large), open(large)];
  expect((await Promise.race(next)).statusCode).toBe(503);
  const settled = await Promise.all(next.map(isSettled));
  expect(settled.sort()).toEqual([false, true]);
});

test('short lists, metrics and pages wait for no export, of any organisation', async () => {
  await openMany(large, SHARE);
  await openMany(otherLarge, SHARE);
  const waiting = open(large);
  for (const path of [...LISTS, ...METRICS, `${EXPORT}&limit=1`]) {
    for (const site of [large, otherLarge, small]) {
      const { statusCode, complete } = await read(open(site, path));
      expect([path, statusCode, complete]).toEqual([path, 200, true]);
    }
  }
  expect(await isSettled(waiting)).toBe(false);
});

test.each(['users/basic', `${EXPORT}&limit=8000`])(
  'slow readers of %s delay no short list of other organisations',
  async (path) => {
    await openMany(large, SHARE, path);
    const waiting = open(large, 'locations/basic');
    for (const list of [...LISTS, ...METRICS]) expect((await read(open(small, list))).statusCode).toBe(200);
    expect(await isSettled(waiting)).toBe(false);
    const { statusCode, text } = await read(afterWaiting(waiting));
    expect([statusCode, JSON.parse(text).detail]).toEqual([
      503,
      expect.stringMatching(/^Your organisation already runs 2 short lists/),
    ]);
  },
);

test('clients that hang up keep their slots only while the database works for them', async () => {
  await server.db.owner.inSystem(async (tx) => {
    await tx.query('LOCK TABLE presence_events');
    for (let request = 0; request < SHARE; request++) open(large).catch(() => undefined);
    await expect.poll(() => countTransactions(server.db)).toBe(SHARE + 1);
    for (const client of clients) client.abort();
    await expect.poll(() => countConnections(server)).toBe(0);
    const { statusCode } = await afterWaiting(open(large));
    expect(statusCode).toBe(503);
    await expect.poll(() => countTransactions(server.db)).toBe(SHARE + 1);
  });
  expect((await open(large)).statusCode).toBe(200);
});

import { pbkdf2 } from 'node:crypto';
import { once } from 'node:events';
import type http from 'node:http';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Post, type Sent, send } from './support/bodies.ts';
import { addSite, goodEvent, presenceRows, type Site, submit } from './support/presence.ts';
import { basic, login, startTestServer, type TestServer } from './support/server.ts';
import { countConnections, listen, pipeline, requestsArrive } from './support/sockets.ts';
import { until } from './support/waiting.ts';

const BACKLOG = 8;
/** Three quarters of the backlog. */
const MOST_OF_A_KEY = 6;
const MIB = 1024 * 1024;
/** The threads in which Node.js unpacks bodies and derives keys, unless the environment sets another number. */
const THREADS = 4;
const pbkdf2InThread = promisify(pbkdf2);

let server: TestServer;
let site: Site;
let neighbour: Site;
let baseUrl: string;
beforeAll(async () => {
  server = await startTestServer({ eventBacklog: BACKLOG, eventBacklogMib: 1, trustProxy: true });
  site = await addSite(server);
  neighbour = await addSite(server);
  baseUrl = await listen(server);
  for (const each of [site, neighbour]) expect((await post('warm', each).answer).status).toBe(200);
});
afterAll(() => server.close());

const eventOf = (eventId: string, of: Site) =>
  JSON.stringify({ sourceId: 'door', presenceEvents: [goodEvent(of, { eventId })] });
const toPresence = (of: Site, sent: Omit<Post, 'headers'>) =>
  send(`${baseUrl}/v1/presence/basic`, { ...sent, headers: of.headers });
const post = (eventId: string, of = site) => toPresence(of, { body: eventOf(eventId, of) });
/** A body of `bytes` with one event and padding. */
const large = (bytes: number, of = site) => {
  const body = eventOf('large', of);
  return `${body.slice(0, -1)},"padding":"${'x'.repeat(bytes - body.length - 13)}"}`;
};
const stalled = (of = site) => toPresence(of, { body: '{', announced: MIB });
const give = (held: Sent[]) => {
  for (const { request } of held) request.destroy();
};
/** A submission without events stores nothing, and shows whether the server would accept another one. */
const statusOf = async (of = site) =>
  (await toPresence(of, { body: '{"sourceId":"door","presenceEvents":[]}' }).answer).status;
const becomes = (status: number, of = site) => until(async () => (await statusOf(of)) === status);

/** Runs `work` while no event can be stored. */
function whileBlocked<T>(work: () => Promise<T>): Promise<T> {
  return server.db.owner.inSystem(async (tx) => {
    await tx.query('LOCK TABLE presence_events');
    return work();
  });
}

describe('Requests beyond the backlog', () => {
  test('are answered 503 at once, while those in flight wait; afterwards the server accepts requests again', async () => {
    const [taken, turnedAway] = await whileBlocked(async () => {
      const taken = Array.from({ length: MOST_OF_A_KEY }, (_, turn) => post(`taken ${turn}`));
      await becomes(503);
      const more = Array.from({ length: 40 }, (_, turn) => post(`more ${turn}`));
      const answers = await Promise.all(more.map(({ answer }) => answer));
      // Neither logins nor other requests wait for events.
      expect(await server.token(site.key)).toMatch(/^ey/);
      return [taken, answers] as const;
    });
    for (const { status, headers, text } of turnedAway) {
      expect({ status, retryAfter: headers['retry-after'] }).toEqual({ status: 503, retryAfter: '1' });
      expect(JSON.parse(text)).toMatchObject({ status: 503, correlationId: expect.any(String) });
    }
    for (const { answer } of taken) expect((await answer).status).toBe(200);
    expect((await post('afterwards').answer).status).toBe(200);
    const stored = (await presenceRows(server, site)).map(({ eventId }) => eventId);
    expect(stored.filter((eventId) => eventId.startsWith('more'))).toEqual([]);
    expect(stored.filter((eventId) => eventId.startsWith('taken'))).toHaveLength(MOST_OF_A_KEY);
  });

  test('free their share of the backlog when the client closes the connection', async () => {
    const held = Array.from({ length: MOST_OF_A_KEY }, () => stalled());
    await becomes(503);
    give(held);
    await becomes(200);
  });

  test('free their share when their connection ends while they wait behind another request on it', async () => {
    await whileBlocked(async () => {
      const { headers } = site;
      // An export waits for the same lock, and takes no share of the backlog.
      const dates = 'startDate=2026-03-01&endDate=2026-03-31';
      const first = { url: `${baseUrl}/v1/analytics/presence/basic?${dates}`, headers };
      const others = Array.from({ length: MOST_OF_A_KEY }, () => ({
        url: `${baseUrl}/v1/presence/basic`,
        headers: { ...headers, 'content-type': 'application/json' },
        body: eventOf('behind', site),
      }));
      const socket = await pipeline(baseUrl, [first, ...others]);
      await becomes(503);
      socket.resetAndDestroy();
      await becomes(200);
    });
  });

  test('free their share when the client leaves before the server has accepted them', async () => {
    const late = { ...site, headers: { authorization: basic(await server.key(site.tenantId)) } };
    await server.db.owner.inSystem(async (tx) => {
      await tx.query('LOCK TABLE api_key_index');
      const arrived = requestsArrive(server, MOST_OF_A_KEY);
      const held = Array.from({ length: MOST_OF_A_KEY }, () => post('too late', late));
      await arrived;
      give(held);
      await Promise.allSettled(held.map(({ answer }) => answer));
      await expect.poll(() => countConnections(server)).toBe(0);
    });
    await becomes(200, late);
  });

  test('unpack nothing after the client has left', async () => {
    const body = gzipSync(large(Math.round(0.7 * MIB)));
    const arrives = once(server.app.server, 'request') as Promise<[http.IncomingMessage]>;
    // Until these requests have ended, the server unpacks nothing.
    const busy = Array.from({ length: 2 * THREADS }, () => pbkdf2InThread('', '', 300_000, 64, 'sha512'));
    const { request } = send(`${baseUrl}/v1/presence/basic`, {
      headers: { ...site.headers, 'content-encoding': 'gzip', 'content-length': body.length },
      body,
    });
    const [arriving] = await arrives;
    if (!arriving.readableEnded) await once(arriving, 'end');
    request.destroy();
    if (!arriving.socket.closed) await once(arriving.socket, 'close');
    await Promise.all(busy);
    await until(
      async () => (await toPresence(site, { body: large(Math.round(0.7 * MIB)) }).answer).status === 200,
    );
  });

  test('free their share, with any answer', async () => {
    for (let turn = 0; turn < 3 * BACKLOG; turn++) {
      expect((await submit(server, site, 'no list')).statusCode).toBe(400);
      const headers = { authorization: basic({ apiKey: `nobody ${turn}`, secret: 'y' }) };
      expect((await submit(server, { ...site, headers }, [])).statusCode).toBe(401);
    }
    expect((await submit(server, site, [goodEvent(site, { eventId: 'still' })])).statusCode).toBe(200);
  });
});

describe('A key that uses its whole share', () => {
  test('leaves room for other keys of its organisation, and for other organisations', async () => {
    const second = { ...site, headers: { authorization: basic(await server.key(site.tenantId)) } };
    const held = Array.from({ length: MOST_OF_A_KEY }, () => stalled());
    await becomes(503);
    expect(await statusOf(second)).toBe(200);
    expect(await statusOf(neighbour)).toBe(200);
    give(held);
    await becomes(200);
  });

  test('has no larger share with a large announced length: bytes count when they arrive', async () => {
    const held = [stalled(), toPresence(site, { body: '{', isPart: true })];
    const half = large(MIB / 2);
    expect((await toPresence(site, { body: half }).answer).status).toBe(200);
    give(held);
  });

  test('is refused by the bytes of its unanswered requests, which store nothing, while others are accepted', async () => {
    // The share of the test before is free again.
    await until(
      async () => (await toPresence(site, { body: large(Math.round(0.7 * MIB)) }).answer).status === 200,
    );
    let isRefused = true;
    let held: Sent | undefined;
    const hold = () => {
      isRefused = false;
      held = toPresence(site, {
        body: large(Math.round(0.7 * MIB)).slice(0, -1),
        announced: Math.round(0.7 * MIB),
      });
      const note = () => {
        isRefused = true;
      };
      held.answer.then(note, note);
    };
    await until(async () => {
      // If the other request took its bytes first, the held one was refused, and comes again.
      if (isRefused) hold();
      const { status } = await toPresence(site, { body: large(Math.round(MIB / 5)) }).answer;
      return status === 503 && !isRefused;
    });
    expect(await statusOf(site)).toBe(200);
    expect((await toPresence(neighbour, { body: large(Math.round(MIB / 5), neighbour) }).answer).status).toBe(
      200,
    );
    give(held ? [held] : []);
    await until(
      async () => (await toPresence(site, { body: large(Math.round(MIB / 5)) }).answer).status === 200,
    );
    const stored = await presenceRows(server, site);
    expect(stored.filter(({ eventId }) => eventId === 'large')).toHaveLength(1);
  });

  test('is bounded on every route that takes a body, and events do not wait for those requests', async () => {
    const path = `${baseUrl}/v1/directory-management/user-attributes/basic`;
    const { headers } = site;
    const attributes = () => send(path, { headers, body: '{"userAttributes":[]}' }).answer;
    const held = Array.from({ length: MOST_OF_A_KEY }, () =>
      send(path, { headers, body: '{', announced: MIB }),
    );
    await until(async () => (await attributes()).status === 503);
    expect(await statusOf()).toBe(200);
    give(held);
    await until(async () => (await attributes()).status === 200);
  });
});

describe('A caller that is not authenticated', () => {
  const logInFrom = (address: string, part?: string) =>
    send(`${baseUrl}/v1/auth`, {
      headers: { 'x-forwarded-for': address },
      body: part ?? JSON.stringify(login(site.key, server.clock.nowS)),
      ...(part === undefined ? {} : { announced: 4_000 }),
    });

  test.each([
    ['an address of IPv4', '192.0.2.1', '192.0.2.1', '192.0.2.2'],
    ['a /64 of IPv6', '2001:db8:1:2::3', '2001:db8:1:2:ffff::9', '2001:db8:1:3::3'],
    ['an address of IPv4 in either form', '192.0.2.7', '::ffff:192.0.2.7', '::ffff:192.0.2.8'],
  ])('has the share of its network: %s', async (_what, address, same, other) => {
    const held = Array.from({ length: MOST_OF_A_KEY }, () => logInFrom(address, '{'));
    await until(async () => (await logInFrom(same).answer).status === 503);
    const { headers, text } = await logInFrom(same).answer;
    expect(headers['retry-after']).toBe('1');
    expect(JSON.parse(text)).toMatchObject({ authenticated: false, message: expect.any(String) });
    expect((await logInFrom(other).answer).status).toBe(200);
    expect(await statusOf()).toBe(200);
    give(held);
    await until(async () => (await logInFrom(same).answer).status === 200);
  });

  test('may send only as many bytes as credentials need', async () => {
    const body = JSON.stringify({ ...login(site.key, server.clock.nowS), padding: 'x'.repeat(9_000) });
    for (const path of ['/v1/auth', '/v1/auth/token']) {
      expect((await send(`${baseUrl}${path}`, { headers: {}, body }).answer).status).toBe(413);
    }
  });
});

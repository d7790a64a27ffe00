import crypto, { randomUUID } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { LightMyRequestResponse } from 'fastify';
import pg from 'pg';
import pino from 'pino';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { rotateKey } from '../src/auth/manage-keys.ts';
import { TASKS } from '../src/jobs/tasks.ts';
import { costOf } from './support/cost.ts';
import { expectProblem } from './support/problems.ts';
import { basic, login, replicaOf, startTestServer } from './support/server.ts';
import { until } from './support/waiting.ts';

/** So large that a thousand requests of a network at a time are not too many. */
const server = await startTestServer({ trustProxy: true, eventBacklog: 10_000 });
afterAll(() => server.close());
const { clock } = server;
const tenantId = await server.organisation();

interface Credentials {
  apiKey: string;
  secret: string;
}
type App = typeof server.app;
type Reply = LightMyRequestResponse;

/** Each way to prove a key, from a network address. */
const WAYS: Record<string, (who: Credentials, from: string, app?: App) => Promise<Reply>> = {
  'an HMAC login': (who, from, app = server.app) =>
    app.inject({
      method: 'POST',
      url: '/v1/auth',
      headers: { 'x-forwarded-for': from, correlationid: 'same' },
      payload: login(who, clock.nowS),
    }),
  'client credentials in a body': ({ apiKey, secret }, from, app = server.app) =>
    app.inject({
      method: 'POST',
      url: '/v1/auth/token',
      headers: { 'x-forwarded-for': from, correlationid: 'same' },
      payload: { client_id: apiKey, client_secret: secret },
    }),
  'client credentials in a header': (who, from, app = server.app) =>
    app.inject({
      method: 'POST',
      url: '/v1/auth/token',
      headers: { 'x-forwarded-for': from, correlationid: 'same', authorization: basic(who) },
    }),
  'HTTP Basic': (who, from, app = server.app) =>
    app.inject({
      method: 'POST',
      url: '/v1/presence/basic',
      headers: { 'x-forwarded-for': from, correlationid: 'same', authorization: basic(who) },
      payload: { sourceId: 'reader', presenceEvents: [] },
    }),
};
const logIn = WAYS['an HMAC login'] as (typeof WAYS)[string];

let networks = 0;
/** An address of a network that no other test uses. */
const newNetwork = () => `198.51.${100 + Math.floor(networks / 250)}.${1 + (networks++ % 250)}`;
const wrongSecret = () => `wrong ${randomUUID()}`;
const statusesOf = (replies: readonly Reply[]) => {
  const counts: Record<number, number> = {};
  for (const { statusCode } of replies) counts[statusCode] = (counts[statusCode] ?? 0) + 1;
  return counts;
};
/** So many failures, one after the other. */
async function fail(apiKey: string, from: string, times: number, way = logIn, app?: App): Promise<Reply[]> {
  const replies: Reply[] = [];
  for (let turn = 0; turn < times; turn++)
    replies.push(await way({ apiKey, secret: wrongSecret() }, from, app));
  return replies;
}
const retryAfterS = ({ headers }: Reply) => Number(headers['retry-after']);

describe.each(Object.entries(WAYS))('By %s', (_, way) => {
  test('20 failures of an id from a network refuse even the right secret, for a minute', async () => {
    const [key, network] = [await server.key(tenantId), newNetwork()];
    expect(statusesOf(await fail(key.apiKey, network, 20, way))).toEqual({ 401: 20 });
    clock.advanceS(1);
    const refused = await way(key, network);
    expect(refused.statusCode).toBe(429);
    expect(retryAfterS(refused)).toBe(59);
    expect(refused.headers['cache-control']).toBe('no-store');
    expect(refused.headers).not.toHaveProperty('www-authenticate');
    clock.advanceS(58);
    expect(retryAfterS(await way(key, network))).toBe(1);
    clock.advanceS(1);
    expect((await way(key, network)).statusCode).toBe(200);
  });

  test('20 of 1,000 guesses at the same time are checked, of a key that the server remembers or not', async () => {
    const [remembered, never] = [await server.key(tenantId), await server.key(tenantId)];
    expect((await way(remembered, newNetwork())).statusCode).toBe(200);
    for (const { apiKey } of [remembered, never, { apiKey: randomUUID() }]) {
      const network = newNetwork();
      const guesses = Array.from({ length: 1_000 }, () => way({ apiKey, secret: wrongSecret() }, network));
      expect(statusesOf(await Promise.all(guesses))).toEqual({ 401: 20, 429: 980 });
    }
  });

  test('an unknown id is refused by the same answer as a known one, byte for byte', async () => {
    const answers = new Set<string>();
    for (const { apiKey } of [await server.key(tenantId), { apiKey: randomUUID() }]) {
      const network = newNetwork();
      expect(statusesOf(await fail(apiKey, network, 20, way))).toEqual({ 401: 20 });
      const { statusCode, headers, body } = await way({ apiKey, secret: 'guess' }, network);
      const { date: _date, ...rest } = headers;
      answers.add(JSON.stringify([statusCode, rest, body]));
    }
    expect([...answers]).toEqual([expect.stringMatching(/^\[429,/)]);
  });

  test('a right secret is never counted, however many come at the same time from a new network', async () => {
    const [key, network] = [await server.key(tenantId), newNetwork()];
    const logins = Array.from({ length: 100 }, () => way(key, network));
    expect(statusesOf(await Promise.all(logins))).toEqual({ 200: 100 });
  });

  test('a network from which the key has logged in is never refused', async () => {
    const [key, network] = [await server.key(tenantId), newNetwork()];
    expect((await way(key, network)).statusCode).toBe(200);
    expect(statusesOf(await fail(key.apiKey, network, 45, way))).toEqual({ 401: 45 });
    expect((await way(key, network)).statusCode).toBe(200);
  });
});

test('the answer has the shape of its route', async () => {
  const [{ apiKey }, network] = [await server.key(tenantId), newNetwork()];
  await fail(apiKey, network, 20);
  const answers = await Promise.all(
    Object.values(WAYS).map((way) => way({ apiKey, secret: wrongSecret() }, network)),
  );
  const [byHash, inBody, inHeader, byBasic] = answers.map((reply) => reply.json());
  const detail = expect.stringMatching(/^Too many logins .* wait before the next one\.$/);
  expect(byHash).toEqual({ authenticated: false, message: detail, correlationId: 'same' });
  for (const body of [inBody, inHeader]) {
    expect(body).toEqual({
      error: 'temporarily_unavailable',
      error_description: detail,
      correlationId: 'same',
    });
  }
  expect(byBasic).toMatchObject({ status: 429, detail });
  expectProblem(answers.at(-1) as Reply, 429);
});

test('failures of all ways count together', async () => {
  const [key, network] = [await server.key(tenantId), newNetwork()];
  for (const way of Object.values(WAYS)) await fail(key.apiKey, network, 5, way);
  for (const way of Object.values(WAYS)) expect((await way(key, network)).statusCode).toBe(429);
});

test('the ids of a GUID in any case count together', async () => {
  const [{ apiKey }, network] = [await server.key(tenantId), newNetwork()];
  await fail(apiKey.toLowerCase(), network, 10);
  await fail(apiKey.toUpperCase(), network, 10);
  expect((await logIn({ apiKey, secret: 'guess' }, network)).statusCode).toBe(429);
});

test('a stranger locks nobody out: another network and another id of the same network are not refused', async () => {
  const [attacked, other] = [await server.key(tenantId), await server.key(tenantId)];
  const network = newNetwork();
  await fail(attacked.apiKey, network, 30);
  expect((await logIn(attacked, newNetwork())).statusCode).toBe(200);
  expect((await logIn(other, network)).statusCode).toBe(200);
  expect((await logIn(attacked, network)).statusCode).toBe(429);
});

test('addresses of one /64 of IPv6 count together, and those of another one do not', async () => {
  const key = await server.key(tenantId);
  for (let host = 1; host <= 20; host++) await fail(key.apiKey, `2001:db8:1:2::${host}`, 1);
  expect((await logIn(key, '2001:db8:1:2:ffff::1')).statusCode).toBe(429);
  expect((await logIn(key, '2001:db8:1:3::1')).statusCode).toBe(200);
});

test('fewer than 20 failures within a minute refuse nothing, and do not add up', async () => {
  const [key, network] = [await server.key(tenantId), newNetwork()];
  for (let minute = 0; minute < 3; minute++) {
    expect(statusesOf(await fail(key.apiKey, network, 19))).toEqual({ 401: 19 });
    clock.advanceS(60);
  }
  // The clock was set back.
  await fail(key.apiKey, network, 20);
  clock.advanceS(-3_600);
  expect(statusesOf(await fail(key.apiKey, network, 1))).toEqual({ 401: 1 });
  clock.advanceS(3_600);
});

test('a wrong clock is no guess', async () => {
  const [key, network] = [await server.key(tenantId), newNetwork()];
  const late = () =>
    server.app.inject({
      method: 'POST',
      url: '/v1/auth',
      headers: { 'x-forwarded-for': network },
      payload: login(key, clock.nowS - 3_600),
    });
  for (let turn = 0; turn < 30; turn++) expect((await late()).statusCode).toBe(401);
  expect((await logIn(key, network)).statusCode).toBe(200);
});

test('a client that encodes its credentials as OAuth says is never refused, although their plain reading fails', async () => {
  const key = await server.key(tenantId, {
    existing: { apiKey: 'North+Door 7', secret: 'a+b c%20d, and more' },
  });
  const encode = (part: string) => new URLSearchParams({ x: part }).toString().slice(2);
  const encoded = { apiKey: encode(key.apiKey), secret: encode(key.secret) };
  const network = newNetwork();
  const way = WAYS['client credentials in a header'] as (typeof WAYS)[string];
  for (let turn = 0; turn < 3; turn++) {
    const logins = Array.from({ length: 50 }, () => way(encoded, network));
    expect(statusesOf(await Promise.all(logins))).toEqual({ 200: 50 });
  }
  // Nor does it take back the failures of somebody who guesses.
  await fail(key.apiKey, newNetwork(), 20, way);
  const [attacked, elsewhere] = [await server.key(tenantId), newNetwork()];
  await fail(attacked.apiKey, elsewhere, 20);
  expect((await way(attacked, elsewhere)).statusCode).toBe(429);
});

/** How many failures of an id and a network a process checks. */
const checkedBy = async (app: App) =>
  statusesOf(await fail(randomUUID(), newNetwork(), 21, logIn, app))[401] ?? 0;
/** A replica that ends has its part of the limit for a moment more. */
const untilAlone = () => until(async () => (await checkedBy(server.app)) === 20);
const replica = () => {
  // The test ends the replica first: these functions run in the opposite order.
  onTestFinished(untilAlone);
  return replicaOf(server, { config: { trustProxy: true } });
};

test('several processes divide the 20 failures, and each checks one at least', async () => {
  const second = await replica();
  await until(async () => (await checkedBy(server.app)) === 10 && (await checkedBy(second)) === 10);
  const asOwner = (sql: string) => server.db.owner.inSystem((tx) => tx.query(sql));
  await asOwner(
    `INSERT INTO server_processes
     SELECT gen_random_uuid(), clock_timestamp() + interval '1 day' FROM generate_series(1, 50)`,
  );
  await until(async () => (await checkedBy(second)) === 1);
  await asOwner('DELETE FROM server_processes WHERE seen_at > clock_timestamp()');
  await second.close();
});

describe('Known networks', () => {
  const rows = async (apiKey: string) =>
    server.db.owner.inTenant(tenantId, async (tx) => {
      const found = await tx.query<{ network: string; loggedInAt: Date }>(
        `SELECT network, logged_in_at AS "loggedInAt" FROM api_key_networks
         WHERE tenant_id = $1 AND api_key_folded = $2 ORDER BY logged_in_at, network`,
        [tenantId, apiKey.toLowerCase()],
      );
      return found.rows;
    });
  test('outlive a restart for 30 days, and other replicas know them', async () => {
    const [key, network] = [await server.key(tenantId), newNetwork()];
    const first = await replica();
    expect((await logIn(key, network, first)).statusCode).toBe(200);
    await first.close();
    const second = await replica();
    onTestFinished(() => second.close());
    for (const app of [server.app, second]) {
      expect(statusesOf(await fail(key.apiKey, network, 30, logIn, app))).toEqual({ 401: 30 });
      // The processes divide the limit as soon as they know of each other.
      expect((await fail(key.apiKey, newNetwork(), 21, logIn, app)).at(-1)?.statusCode).toBe(429);
    }
    const beganMs = clock.nowMs;
    onTestFinished(() => {
      clock.nowMs = beganMs;
    });
    clock.advanceS(30 * 86_400);
    expect((await fail(key.apiKey, network, 21, logIn, second)).at(-1)?.statusCode).toBe(429);
  });

  test('are looked up once a minute, together, and cost a login no query', async () => {
    const [key, network] = [await server.key(tenantId), newNetwork()];
    await logIn(key, newNetwork());
    // Other queries are the background's.
    await until(async () => (await costOf(() => logIn(key, newNetwork()))).roundTrips === 0);
    await fail(key.apiKey, network, 20);
    const query = vi.spyOn(pg.Client.prototype, 'query');
    onTestFinished(() => query.mockRestore());
    const lookUps = () => query.mock.calls.filter(([text]) => /EXISTS.*api_key_networks/s.test(String(text)));
    for (let round = 0; round < 2; round++) {
      await Promise.all(Array.from({ length: 50 }, () => logIn({ ...key, secret: wrongSecret() }, network)));
      expect(lookUps()).toHaveLength(1);
    }
  });

  test('are stored at the end, once for each network, and not again within an hour', async () => {
    const [key, network] = [await server.key(tenantId), newNetwork()];
    const loggedInAt = new Date(clock.nowMs);
    const store = async () => {
      const app = await replica();
      for (let turn = 0; turn < 3; turn++) await logIn(key, network, app);
      await logIn(key, '2001:db8:7:8:9::a', app);
      await logIn(key, '2001:db8:7:8:9::b', app);
      await app.close();
    };
    await store();
    const stored = [
      { network: '20010db800070008', loggedInAt },
      { network, loggedInAt },
    ].sort((one, other) => (one.network < other.network ? -1 : 1));
    expect(await rows(key.apiKey)).toEqual(stored);
    clock.advanceS(240);
    await store();
    expect(await rows(key.apiKey)).toEqual(stored);
    clock.advanceS(3_600);
    await store();
    const later = new Date(clock.nowMs);
    expect(await rows(key.apiKey)).toEqual(stored.map((row) => ({ ...row, loggedInAt: later })));
  });

  test('are the latest 200 of a key, and a job deletes old ones', async () => {
    const key = await server.key(tenantId);
    const addressOf = (number: number) => `203.0.${Math.floor(number / 200)}.${number % 200}`;
    for (const [from, to] of [
      [0, 150],
      [150, 210],
    ] as const) {
      const app = await replica();
      for (let number = from; number < to; number++) await logIn(key, addressOf(number), app);
      await app.close();
      clock.advanceS(600);
    }
    const stored = await rows(key.apiKey);
    expect(stored).toHaveLength(200);
    expect(stored.filter(({ network }) => network === addressOf(209))).toHaveLength(1);
    const prune = () =>
      TASKS.find(({ name }) => name === 'sign-ins')?.run({
        database: server.db.restricted,
        target: server.db.target,
        clock: clock.read,
        log: pino({ level: 'silent' }),
        signal: new AbortController().signal,
      });
    const beganMs = clock.nowMs;
    onTestFinished(() => {
      clock.nowMs = beganMs;
    });
    clock.advanceS(30 * 86_400 - 900);
    await prune();
    expect(await rows(key.apiKey)).toHaveLength(60);
    clock.advanceS(900);
    await prune();
    expect(await rows(key.apiKey)).toHaveLength(0);
  });
});

test('the log says which failures were not checked', async () => {
  const [key, network] = [await server.key(tenantId), newNetwork()];
  const since = server.logs.length;
  await fail(key.apiKey, network, 25);
  const linesSaying = (message: string) =>
    server.logs
      .slice(since)
      .map(
        (line) =>
          JSON.parse(line) as { msg: string; address?: string; failures?: number; unchecked?: unknown },
      )
      .filter(({ msg, address }) => msg === message && address === network);
  await expect
    .poll(() => {
      const more = linesSaying('more logins failed').reduce((sum, { failures = 0 }) => sum + failures, 0);
      return linesSaying('a login failed').length + more;
    })
    .toBe(25);
  const unchecked = [...linesSaying('a login failed'), ...linesSaying('more logins failed')].reduce(
    (sum, line) => sum + Number(line.unchecked ?? 0),
    0,
  );
  expect(unchecked).toBe(5);
});

describe('Unknown ids and wrong secrets take the same steps', () => {
  /** What a failed attempt asks of the database and of the cipher. */
  async function stepsOf(attempt: () => Promise<Reply>) {
    const query = vi.spyOn(pg.Client.prototype, 'query');
    const decipher = vi.spyOn(crypto, 'createDecipheriv');
    syncBuiltinESMExports();
    try {
      const { statusCode } = await attempt();
      const lookUps = query.mock.calls.filter(([text]) => String(text).includes('tenant_of_api_key'));
      return { statusCode, lookUps: lookUps.length, opened: decipher.mock.calls.length };
    } finally {
      query.mockRestore();
      decipher.mockRestore();
      syncBuiltinESMExports();
    }
  }

  test.each(Object.entries(WAYS))('by %s', async (_, way) => {
    const [remembered, never] = [await server.key(tenantId), await server.key(tenantId)];
    expect((await way(remembered, newNetwork())).statusCode).toBe(200);
    const rotated = await server.key(tenantId);
    const { db, masterKey } = server;
    const deps = { owner: db.owner, masterKey, clock: clock.read };
    await rotateKey({ apiKey: rotated.apiKey, graceMs: 60_000 }, deps);
    for (const { apiKey } of [remembered, never, rotated, { apiKey: randomUUID() }]) {
      const steps = await stepsOf(() => way({ apiKey, secret: wrongSecret() }, newNetwork()));
      expect(steps).toEqual({ statusCode: 401, lookUps: 1, opened: 2 });
    }
  });
});

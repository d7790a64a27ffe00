import type { LightMyRequestResponse } from 'fastify';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import type { ChangedLimits } from '../src/auth/limits-of-keys.ts';
import { changeKey } from '../src/auth/manage-keys.ts';
import { DEFAULT_LIMITS, ORGANISATION_TIMES, rateClassOf } from '../src/http/rates/rate-classes.ts';
import { RateLimits } from '../src/http/rates/rate-limits.ts';
import type { KeyLimits } from '../src/store/auth/key-limits.ts';
import { seeingAll } from './support/backup.ts';
import { addSite, goodEvent, presenceRows } from './support/presence.ts';
import { expectProblem } from './support/problems.ts';
import { expectScimError, scimClient } from './support/scim.ts';
import { basic, login, replicaOf, startTestServer } from './support/server.ts';
import { browserWithRole } from './support/sessions.ts';
import { answersWithinASecond, until } from './support/waiting.ts';

const server = await startTestServer();
afterAll(() => server.close());
const { app, db, clock, stopwatch } = server;
const site = await addSite(server);
const { tenantId } = site;

type Credentials = { apiKey: string; secret: string };
const keyWith = (limits: KeyLimits) => server.key(tenantId, { limits });
const submit = (key: Credentials, count: number, to = app) =>
  to.inject({
    method: 'POST',
    url: '/v1/presence/basic',
    headers: { authorization: basic(key) },
    payload: {
      sourceId: key.apiKey,
      presenceEvents: Array.from({ length: count }, (_, index) => goodEvent(site, { eventId: `e${index}` })),
    },
  });
const read = (key: Credentials, method: 'GET' | 'HEAD' = 'GET', to = app) =>
  to.inject({ method, url: '/v1/analytics/users/basic', headers: { authorization: basic(key) } });
const logIn = (key: Credentials, to = app) =>
  to.inject({ method: 'POST', url: '/v1/auth', payload: login(key, clock.nowS) });
const waitS = (seconds: number) => {
  stopwatch.nowMs += seconds * 1_000;
};
const fieldsOf = ({ headers }: LightMyRequestResponse) => [
  headers['ratelimit-policy'],
  headers.ratelimit,
  headers['retry-after'],
];
const statusOf = async (reply: Promise<LightMyRequestResponse>) => (await reply).statusCode;
/** The units that remain for the caller of an answer. */
const remainingOf = ({ headers }: LightMyRequestResponse) =>
  Number(/;r=(\d+);/.exec(String(headers.ratelimit))?.[1]);

describe('Every route', () => {
  const routes = app.routeTable.flatMap(({ method, url, config }) =>
    [method].flat().map((each) => ({
      name: `${each} ${url}`,
      access: config?.access,
      rateClass: rateClassOf({ method: each, ...(config && { config }) }),
    })),
  );
  const ofClass = (wanted: string) =>
    routes.filter(({ rateClass }) => rateClass === wanted).map(({ name }) => name);

  test('that takes credentials has a class', () => {
    const guarded = routes.filter(({ access }) => access !== 'public');
    expect(guarded.length).toBeGreaterThan(100);
    expect(guarded.filter(({ rateClass }) => rateClass === undefined)).toEqual([]);
  });

  test('is in the class that its declaration says', () => {
    expect(ofClass('events').sort()).toEqual([
      'POST /v1/access-credentials',
      'POST /v1/occupancy',
      'POST /v1/presence',
      'POST /v1/presence/basic',
      'POST /v1/timeoff',
      'POST /v1/visitor-arrival',
    ]);
    expect(ofClass('reads')).toContain('GET /v1/analytics/presence/basic');
    expect(ofClass('reads')).toContain('GET /v1/session');
    expect(ofClass('reads').filter((name) => !/^(GET|HEAD) /.test(name))).toEqual([]);
    expect(ofClass('management')).toContain('PATCH /v1/manage/organisation');
    const scim = routes.filter(({ name }) => name.includes(' /scim/v2')).map(({ name }) => name);
    expect(ofClass('management')).toEqual(expect.arrayContaining(scim));
  });

  test('with a class, and each login, documents the 429', async () => {
    const { paths } = (await app.inject('/openapi.json')).json();
    const documented = Object.entries(paths as Record<string, Record<string, { responses: object }>>).flatMap(
      ([path, operations]) =>
        Object.entries(operations).map(([method, { responses }]) => ({
          name: `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`,
          has429: '429' in responses,
        })),
    );
    const logins = ['POST /v1/auth', 'POST /v1/auth/token'];
    const limited = new Set([...logins, ...['events', 'reads', 'management'].flatMap(ofClass)]);
    expect(documented.map(({ name }) => name)).toEqual(expect.arrayContaining(logins));
    const of = documented.filter(({ name }) => limited.has(name));
    expect(of.length).toBeGreaterThan(100);
    expect(of.filter(({ has429 }) => !has429)).toEqual([]);
  });
});

describe('Events', () => {
  test('beyond the limit are refused together, and pass after exactly the wait of Retry-After', async () => {
    const key = await keyWith({ events: 100 });
    const first = await submit(key, 60);
    expect(first.statusCode).toBe(200);
    expect(fieldsOf(first)).toEqual(['"events";q=100;w=60', '"events";r=40;t=36', undefined]);

    const refused = await submit(key, 50);
    expect(expectProblem(refused, 429)).toBe(
      'Too many events of this caller; the server has not carried out this request, try again in 6 s.',
    );
    expect(fieldsOf(refused)).toEqual(['"events";q=100;w=60', '"events";r=40;t=6', '6']);
    const stored = await presenceRows(server, site);
    expect(stored.filter(({ sourceId }) => sourceId === key.apiKey)).toHaveLength(60);
    expect(await statusOf(submit(key, 40))).toBe(200);

    waitS(29.9);
    expect(fieldsOf(await submit(key, 50))[2]).toBe('1');
    waitS(0.1);
    expect(await statusOf(submit(key, 50))).toBe(200);
  });

  test('of one body may be more than the limit while nothing is used up, and cost as much time', async () => {
    const key = await keyWith({ events: 10 });
    expect(await statusOf(submit(key, 30))).toBe(200);
    expect(fieldsOf(await submit(key, 1))[2]).toBe('126');
    waitS(126);
    expect(await statusOf(submit(key, 1))).toBe(200);
    expect(await statusOf(submit(key, 30))).toBe(429);
    waitS(60);
    expect(await statusOf(submit(key, 30))).toBe(200);
  });

  test('that a key owes by a small limit are few by a larger one, which counts at once', async () => {
    const key = await keyWith({ events: 1 });
    expect(await statusOf(submit(key, 30))).toBe(200);
    expect(await statusOf(submit(key, 1))).toBe(429);
    await changeKey(key.apiKey, { limits: { events: 60 } }, { owner: db.owner, clock: Date.now });
    await until(async () => (await statusOf(submit(key, 1))) === 200);
  });

  test('are one in a request without any, which the server reads like another one', async () => {
    const key = await keyWith({ events: 2 });
    expect(await statusOf(submit(key, 0))).toBe(200);
    expect(await statusOf(submit(key, 2))).toBe(429);
    expect(await statusOf(submit(key, 1))).toBe(200);
  });

  test('are refused before the body is read if none is left', async () => {
    const key = await keyWith({ events: 2 });
    await submit(key, 2);
    const malformed = await app.inject({
      method: 'POST',
      url: '/v1/presence/basic',
      headers: { authorization: basic(key), 'content-type': 'text/plain' },
      payload: 'no events',
    });
    expect(malformed.statusCode).toBe(429);
  });

  test('are none in a malformed request, which counts as one, and a refusal by a limit is no refused event', async () => {
    const key = await keyWith({ events: 3 });
    const post = (payload: object) =>
      app.inject({
        method: 'POST',
        url: '/v1/presence/basic',
        headers: { authorization: basic(key) },
        payload,
      });
    expect(await statusOf(post({ presenceEvents: 'none' }))).toBe(400);
    expect(await statusOf(submit(key, 3))).toBe(429);
    expect(await statusOf(submit(key, 2))).toBe(200);
    const { rows } = await db.owner.inTenant(tenantId, (tx) =>
      tx.query('SELECT result_code, cause FROM refused_events WHERE api_key_folded = $1', [key.apiKey]),
    );
    expect(rows).toEqual([{ result_code: null, cause: 'malformedRequest' }]);
  });
});

describe('Requests', () => {
  test('that read count one by one, HEAD as GET, apart from events and from other keys', async () => {
    const key = await keyWith({ reads: 2, events: 1 });
    expect(fieldsOf(await read(key))).toEqual(['"reads";q=2;w=60', '"reads";r=1;t=30', undefined]);
    expect(await statusOf(read(key, 'HEAD'))).toBe(200);
    const refused = await read(key);
    expectProblem(refused, 429);
    expect(fieldsOf(refused)).toEqual(['"reads";q=2;w=60', '"reads";r=0;t=30', '30']);
    expect(await statusOf(submit(key, 1))).toBe(200);
    expect(await statusOf(read(await keyWith({ reads: 2 })))).toBe(200);
    waitS(30);
    expect(await statusOf(read(key))).toBe(200);
  });

  test('that a guard refuses count nothing', async () => {
    const key = await server.key(tenantId, { role: 'submitting-events', limits: { reads: 1 } });
    for (let turn = 0; turn < 3; turn++) expect(await statusOf(read(key))).toBe(403);
  });

  test('of SCIM tokens count as management, in their error format', async () => {
    const key = await keyWith({ management: 1 });
    const token = await server.token(key);
    const list = () => app.inject({ url: '/scim/v2/Users', headers: { authorization: `Bearer ${token}` } });
    expect(await statusOf(list())).toBe(200);
    expectScimError(await list(), 429);
    const { call } = await scimClient(server, tenantId);
    const [first, second] = [await call('GET', '/Users'), await call('GET', '/Users')];
    expect(fieldsOf(first)[0]).toBe('"management";q=120000;w=60');
    expect([remainingOf(first), remainingOf(second)]).toEqual([119_999, 119_998]);
  });

  test('of people count for each account, also those about their own session', async () => {
    const [one, other] = [
      await browserWithRole(server, tenantId, 'administrator'),
      await browserWithRole(server, tenantId, 'viewer'),
    ];
    const get = (headers: Record<string, string>, url: string) => app.inject({ url, headers });
    const before = remainingOf(await get(one, '/v1/manage/nodes'));
    const ofOther = remainingOf(await get(other, '/v1/manage/nodes'));
    expect(remainingOf(await get(one, '/v1/session'))).toBe(before - 1);
    expect(remainingOf(await get(other, '/v1/manage/nodes'))).toBe(ofOther - 1);
  });
});

describe('Logins', () => {
  const grant = ({ apiKey, secret }: Credentials) =>
    app.inject({
      method: 'POST',
      url: '/v1/auth/token',
      payload: { client_id: apiKey, client_secret: secret },
    });

  test('count by HMAC and by client credentials together, each refused in its own format', async () => {
    const key = await keyWith({ login: 2 });
    expect(fieldsOf(await logIn(key))).toEqual([undefined, undefined, undefined]);
    expect(await statusOf(grant(key))).toBe(200);
    const [refused, refusedGrant] = [await logIn(key), await grant(key)];
    expect(refused.statusCode).toBe(429);
    expect(fieldsOf(refused)).toEqual(['"login";q=2;w=60', '"login";r=0;t=30', '30']);
    expect(refused.json()).toEqual({
      authenticated: false,
      message:
        'Too many logins of this caller; the server has not carried out this request, try again in 30 s.',
      correlationId: expect.any(String),
    });
    expect([refusedGrant.statusCode, refusedGrant.json().error]).toEqual([429, 'temporarily_unavailable']);
    waitS(30);
    expect(await statusOf(logIn(key))).toBe(200);
  });

  test('with a wrong secret use up nothing of the key', async () => {
    const key = await keyWith({ login: 1 });
    for (let turn = 0; turn < 5; turn++) expect(await statusOf(logIn({ ...key, secret: 'wrong' }))).toBe(401);
    expect(await statusOf(logIn(key))).toBe(200);
  });

  test('before each of 300 calls a second are far from the default', async () => {
    const key = await keyWith({ login: DEFAULT_LIMITS.login / 100 });
    for (let second = 0; second < 60; second++) {
      // A hundredth of the calls, at a hundredth of the default.
      for (let call = 0; call < 3; call++) expect(await statusOf(logIn(key))).toBe(200);
      waitS(1);
    }
    expect(await statusOf(logIn(key))).toBe(200);
  });
});

describe('An organisation', () => {
  const limits = () => {
    const clock = { nowMs: 0 };
    const rates = new RateLimits({
      stopwatch: () => clock.nowMs,
      processes: { count: 1 },
      log: { warn: () => undefined },
    });
    onTestFinished(() => rates.close());
    return { rates, clock };
  };
  const caller = (nameFolded: string, limits: KeyLimits = {}) => ({
    kind: 'key' as const,
    nameFolded,
    tenantId: 'one',
    limits,
  });
  const whole = DEFAULT_LIMITS.reads;
  const passes = (work: () => unknown) => {
    try {
      work();
      return true;
    } catch {
      return false;
    }
  };

  test('has a multiple of the limit of a key, and is refused by a policy of its own', () => {
    const { rates } = limits();
    for (let key = 0; key < ORGANISATION_TIMES; key++) rates.take('reads', caller(`key ${key}`), whole);
    expect(() => rates.take('reads', caller('another key'), 1)).toThrow(
      expect.objectContaining({
        status: 429,
        message: expect.stringContaining('reads of this organisation'),
        headers: expect.objectContaining({ 'ratelimit-policy': `"reads-organisation";q=${4 * whole};w=60` }),
      }),
    );
    rates.take('reads', { ...caller('a key of another one'), tenantId: 'two' }, whole);
  });

  test('does not pay for requests that the limit of a key refuses, nor a key for those of its organisation', () => {
    const { rates, clock } = limits();
    rates.take('reads', caller('greedy'), whole);
    for (let turn = 0; turn < 10; turn++)
      expect(passes(() => rates.take('reads', caller('greedy'), whole))).toBe(false);
    for (const key of ['second', 'third', 'fourth']) rates.take('reads', caller(key), whole);
    expect(passes(() => rates.take('reads', caller('fifth'), whole))).toBe(false);
    clock.nowMs += 15_000;
    rates.take('reads', caller('fifth'), whole);
  });

  test('does not hold back a key with a larger limit, whose requests count in proportion', () => {
    const { rates } = limits();
    const large = caller('large', { reads: 40 * whole });
    rates.take('reads', large, 20 * whole);
    rates.take('reads', caller('small'), whole);
    expect(passes(() => rates.take('reads', caller('another'), 2 * whole))).toBe(false);
    expect(passes(() => rates.take('reads', caller('another'), whole))).toBe(true);
  });
});

describe('The limits of a key', () => {
  test('are told with those of all keys, and with the largest that a caller may give', async () => {
    const authorization = `Bearer ${await server.token(await server.key(tenantId))}`;
    const { defaultLimits, mostLimits } = (
      await server.app.inject({ url: '/v1/manage/keys', headers: { authorization } })
    ).json();
    expect(defaultLimits).toEqual({ login: 120_000, events: 6_000_000, reads: 120_000, management: 120_000 });
    expect(mostLimits).toEqual({
      login: 480_000,
      events: 24_000_000,
      reads: 480_000,
      management: 480_000,
      exports: 100,
    });
  });

  test('are set and changed over HTTP, up to those of an organisation, and another server follows within a second', async () => {
    const own = await startTestServer();
    onTestFinished(() => own.close());
    const other = await replicaOf(own);
    onTestFinished(() => other.close());
    const administrator = await browserWithRole(own, await own.organisation(), 'administrator');
    const send = (method: 'POST' | 'PATCH', url: string, payload: object) =>
      own.app.inject({ method, url, headers: administrator, payload });
    const wanted = { name: 'dashboard', role: 'data-warehouse', authentication: 'basic' };
    expectProblem(
      await send('POST', '/v1/manage/keys', {
        ...wanted,
        limits: { login: DEFAULT_LIMITS.login * ORGANISATION_TIMES + 1 },
      }),
      400,
    );
    const made = await send('POST', '/v1/manage/keys', { ...wanted, limits: { reads: 500, exports: null } });
    expect(made.statusCode).toBe(201);
    const { key, secret } = made.json();
    expect(key.limits).toEqual({ reads: 500 });
    const policy = async () =>
      (await read({ apiKey: key.apiKey, secret }, 'GET', other)).headers['ratelimit-policy'];
    // Each server has its part as soon as it knows the other one.
    await until(async () => (await policy()) === '"reads";q=250;w=60');

    const path = `/v1/manage/keys/${key.apiKey}`;
    const changed = await send('PATCH', path, { limits: { reads: 70_000, exports: 2 } });
    expect([changed.statusCode, changed.json().limits]).toEqual([200, { reads: 70_000, exports: 2 }]);
    await answersWithinASecond(policy, '"reads";q=35000;w=60');

    for (const limits of [
      { reads: 0 },
      { reads: 1.5 },
      { reads: DEFAULT_LIMITS.reads * ORGANISATION_TIMES + 1 },
      { exports: 101 },
      { read: 5 },
    ])
      expectProblem(await send('PATCH', path, { limits }), 400);
    expect((await send('PATCH', path, { limits: { exports: null } })).json().limits).toEqual({
      reads: 70_000,
    });
    expect((await send('PATCH', path, { limits: null })).json().limits).toEqual({});
    await own.app.inject({ method: 'DELETE', url: path, headers: administrator });
    expectProblem(await send('PATCH', path, { limits: {} }), 409);
  });

  test('are changed one by one on the command line, which may give more', async () => {
    const key = await keyWith({ reads: 5, events: 6 });
    const change = async (limits: ChangedLimits) =>
      (await changeKey(key.apiKey, { limits }, { owner: db.owner, clock: Date.now })).limits;
    expect(await change({ reads: 900_000_000, exports: 3 })).toEqual({
      reads: 900_000_000,
      events: 6,
      exports: 3,
    });
    expect(await change({ reads: null })).toEqual({ events: 6, exports: 3 });
  });

  test('that only the command line may give can be sent back, and made smaller', async () => {
    const { apiKey } = await keyWith({ reads: 900_000_000 });
    const browser = await browserWithRole(server, tenantId, 'administrator');
    const change = (limits: ChangedLimits) =>
      app.inject({
        method: 'PATCH',
        url: `/v1/manage/keys/${apiKey}`,
        headers: browser,
        payload: { limits },
      });
    const unchanged = await change({ reads: 900_000_000, exports: 3 });
    expect(unchanged.json().limits).toEqual({ reads: 900_000_000, exports: 3 });
    expect(expectProblem(await change({ reads: 900_000_001 }), 400)).toContain(
      '/limits/reads must be <= 480000',
    );
    expect((await change({ reads: 480_000 })).json().limits).toEqual({ reads: 480_000, exports: 3 });
  });
});

test('exports of a key run at most as many at once as its limit says, and those of other keys as before', async () => {
  const [key, other] = [await keyWith({ exports: 1 }), await server.key(tenantId)];
  const exportOf = async (who: Credentials) =>
    await app.inject({
      url: '/v1/analytics/presence/basic?startDate=2026-03-01&endDate=2026-03-20',
      headers: { authorization: basic(who) },
    });
  const { both, refused, ofOther } = await seeingAll(db.target, async (client) => {
    await client.query('BEGIN; LOCK TABLE presence_events IN ACCESS EXCLUSIVE MODE');
    const both = [exportOf(key), exportOf(key)];
    const ofOther = exportOf(other);
    // The one that runs waits for the lock.
    const refused = await Promise.race(both);
    await client.query('COMMIT');
    return { both, refused, ofOther };
  });
  expect(expectProblem(refused, 429)).toContain('already runs 1 export,');
  expect(fieldsOf(refused)).toEqual(['"exports";q=1;qu="concurrent-requests"', '"exports";r=0', '10']);
  expect((await Promise.all(both.map(statusOf))).sort()).toEqual([200, 429]);
  expect(await statusOf(ofOther)).toBe(200);
  await until(async () => (await statusOf(exportOf(key))) === 200);
});

describe('Servers on one database', () => {
  const quotaOf = async (of: typeof app) =>
    Number(/q=(\d+);/.exec(String((await read(key, 'GET', of)).headers['ratelimit-policy']))?.[1]);
  let key: Credentials;

  test('grant a part of each limit, and that of a server that ends or dies goes to the others', async () => {
    const own = await startTestServer();
    onTestFinished(() => own.close());
    key = await own.key(await own.organisation(), { limits: { reads: 600 } });
    expect(await quotaOf(own.app)).toBe(600);

    const second = await replicaOf(own);
    await until(async () => (await quotaOf(own.app)) === 300 && (await quotaOf(second)) === 300);
    await second.close();
    await until(async () => (await quotaOf(own.app)) === 600);

    // A process that was killed leaves its row.
    const asOwner = (sql: string) => own.db.owner.inSystem((tx) => tx.query(sql));
    await asOwner(
      "INSERT INTO server_processes VALUES (gen_random_uuid(), clock_timestamp() + interval '1 day')",
    );
    await until(async () => (await quotaOf(own.app)) === 300);
    await asOwner(
      "UPDATE server_processes SET seen_at = seen_at - interval '1 day 11 seconds' WHERE seen_at > clock_timestamp()",
    );
    await until(async () => (await quotaOf(own.app)) === 600);
  });
});

test('the log counts refusals by caller and limit, without addresses of people', async () => {
  const own = await startTestServer();
  const ofSite = await addSite(own);
  const limited = await own.key(ofSite.tenantId, { limits: { reads: 1 } });
  for (let turn = 0; turn < 4; turn++) await read(limited, 'GET', own.app);
  await own.close();
  const lines = own.logs
    .join('')
    .split('\n')
    .filter((line) => line.includes('a rate limit refused requests'));
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({
      level: 'warn',
      limit: 'reads',
      of: 'caller',
      apiKey: limited.apiKey,
      refused: 3,
    }),
  ]);
});

import { afterAll, describe, expect, test } from 'vitest';
import type { KeyAccess } from '../src/auth/guard.ts';
import { revokeKey } from '../src/auth/manage-keys.ts';
import { PEOPLE_ACCESS, peopleRolesOf } from '../src/auth/people-access.ts';
import { ACCOUNT_ROLES } from '../src/store/auth/account-roles.ts';
import { API_KEY_ROLES } from '../src/store/auth/api-keys.ts';
import { addOffice, addUser } from './support/directory.ts';
import { expectProblem } from './support/problems.ts';
import { expectScimError, scimClient } from './support/scim.ts';
import { basic, replicaOf, startTestServer } from './support/server.ts';
import { type Browser, browserWithRole } from './support/sessions.ts';

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

// This runs here and not in beforeAll, because the tests below are made from its routes.
const server = await startTestServer();
const { app } = server;
afterAll(() => server.close());

const routes = app.routeTable.flatMap(({ method, url, config }) =>
  [method].flat().map((each) => ({
    method: each as Method,
    url,
    path: url.replace(/:\w+/g, '0').replace('*', 'x'),
    access: config?.access,
  })),
);
const guarded = routes.filter(
  (route): route is (typeof routes)[number] & { access: KeyAccess } => typeof route.access === 'object',
);
const ofSessions = routes.filter(({ access }) => access === 'session');
type GuardedRoute = (typeof guarded)[number];
const isScim = ({ url }: { url: string }) => url.startsWith('/scim/v2');
const onBearer = guarded.filter((route) => route.access.scheme === 'bearer');
const onBasic = guarded.filter((route) => route.access.scheme === 'basic');

const tenantId = await server.organisation();
const { token: scimToken } = await scimClient(server, tenantId);
const rightKey = await server.key(tenantId);
const rightToken = await server.token(rightKey);
const byRole = await Promise.all(
  API_KEY_ROLES.map(async (role) => {
    const key = await server.key(tenantId, { role });
    return { role, key, token: await server.token(key) };
  }),
);
const people = await Promise.all(
  ACCOUNT_ROLES.map(async (role) => ({ role, browser: await browserWithRole(server, tenantId, role) })),
);
const hmacKey = await server.key(tenantId, { role: 'all', authentication: 'hmac' });
// Keys know this network, so that none of their failures is refused.
await server.token(hmacKey);
const revokedKey = await server.key(tenantId);
const revokedToken = await server.token(revokedKey);
await revokeKey(revokedKey.apiKey, { owner: server.db.owner, clock: server.clock.read });
const expiredKey = await server.key(tenantId, { expiresAt: new Date(server.clock.nowMs + 10_000) });
const expiredToken = await server.token(expiredKey);
server.clock.advanceS(10);

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const withBasic = (key: { apiKey: string; secret: string }) => ({ authorization: basic(key) });

/** Calls the route as written and with a trailing slash. Both must give the same answer. */
async function call(
  { method, path }: Pick<GuardedRoute, 'method' | 'path'>,
  headers: Record<string, string>,
  payload?: string,
) {
  const request = { method, headers, ...(payload === undefined ? {} : { payload }) };
  const plain = await app.inject({ ...request, url: path });
  const slashed = await app.inject({ ...request, url: `${path}/` });
  expect(slashed.statusCode).toBe(plain.statusCode);
  return [plain, slashed];
}

async function expectRefused(
  route: Pick<GuardedRoute, 'method' | 'path' | 'url'>,
  headers: Record<string, string>,
  expected: { status: 401 | 403; challenge?: RegExp; detail?: string },
  payload?: string,
) {
  for (const reply of await call(route, headers, payload)) {
    const detail = isScim(route)
      ? expectScimError(reply, expected.status)
      : expectProblem(reply, expected.status);
    if (expected.challenge) expect(reply.headers['www-authenticate']).toMatch(expected.challenge);
    if (expected.detail && route.method !== 'HEAD') expect(detail).toContain(expected.detail);
  }
}

async function expectLetThrough(route: GuardedRoute, headers: Record<string, string>) {
  for (const reply of await call(route, headers)) {
    // A SCIM route without an implementation says so only to callers with access.
    expect(isScim(route) ? [200, 400, 404, 405, 501] : [200, 400, 404]).toContain(reply.statusCode);
    expect(reply.headers).not.toHaveProperty('www-authenticate');
  }
}

test('exactly these routes are public', () => {
  const open = routes.filter((route) => route.access === 'public' && route.method !== 'HEAD');
  expect(open.map((route) => `${route.method} ${route.url}`).sort()).toEqual([
    'GET /.well-known/jwks.json',
    'GET /.well-known/oauth-authorization-server',
    'GET /console',
    'GET /console/*',
    'GET /console/assets/:name',
    'GET /docs',
    'GET /docs/*',
    'GET /healthz',
    'GET /openapi.json',
    'GET /readyz',
    'GET /v1/session/methods',
    'POST /v1/auth',
    'POST /v1/auth/token',
    'POST /v1/session',
    'POST /v1/session/link',
    'POST /v1/session/openid',
    'POST /v1/session/openid/return',
    'POST /v1/session/passkey',
    'POST /v1/session/passkey/options',
    'POST /v1/set-up',
  ]);
});

test('the paths that take Basic end in /basic, and no others do', () => {
  expect(onBasic.length).toBeGreaterThan(5);
  expect(onBearer.length).toBeGreaterThan(5);
  expect(onBasic.filter((route) => !route.url.endsWith('/basic'))).toEqual([]);
  expect(onBearer.filter((route) => route.url.endsWith('/basic'))).toEqual([]);
});

test('the roles may call what the contract says', () => {
  const callable = (role: (typeof API_KEY_ROLES)[number]) =>
    guarded
      .filter(({ access }) => access.roles.includes(role))
      .map(({ method, path }) => `${method} ${path}`);
  const EVENTS = /^POST \/v1\/(presence|occupancy|access-credentials|timeoff|visitor-arrival)(\/basic)?$/;
  expect(callable('submitting-events').filter((route) => !EVENTS.test(route))).toEqual([]);
  expect(callable('visitor-only').filter((route) => route !== 'POST /v1/visitor-arrival')).toEqual([]);
  expect(callable('data-warehouse').filter((route) => !/^(GET|HEAD) \/v1\/analytics\//.test(route))).toEqual(
    [],
  );
  const COUNTS = /^(GET|HEAD) \/v1\/analytics\/metrics(\/(?!usage|occupancy)[a-z-]+)?$/;
  expect(callable('statistics').filter((route) => !COUNTS.test(route.replace(/\/basic$/, '')))).toEqual([]);
  expect(callable('all')).toHaveLength(guarded.length);
});

describe.each(guarded)('$method $url', (route) => {
  const { access } = route;

  test('is 401 without credentials, for any body', async () => {
    const challenge = access.scheme === 'bearer' ? /^Bearer / : /^Basic /;
    await expectRefused(route, {}, { status: 401, challenge });
    await expectRefused(route, { authorization: 'Negotiate x' }, { status: 401, challenge });
    if (route.method === 'HEAD' || route.method === 'GET') return;
    for (const type of ['application/json', 'text/plain', 'nonsense']) {
      await expectRefused(route, { 'content-type': type }, { status: 401, challenge }, '{"a');
    }
    const tooLarge = ' '.repeat(2 * 1024 * 1024);
    await expectRefused(route, { 'content-type': 'application/json' }, { status: 401, challenge }, tooLarge);
  });

  test('is 403 for the roles without access, and open to those with access', async () => {
    for (const { role, key, token } of byRole) {
      const headers = access.scheme === 'bearer' ? bearer(token) : withBasic(key);
      if (access.roles.includes(role)) await expectLetThrough(route, headers);
      else await expectRefused(route, headers, { status: 403 });
    }
  });
});

describe.each(onBearer)('$method $url', (route) => {
  const challenge = /^Bearer /;

  test('is 401 for HTTP Basic, and names the path that takes Basic', async () => {
    const twin = `${route.url}/basic`;
    const hasTwin = onBasic.some(({ method, url }) => method === route.method && url === twin);
    const detail = hasTwin ? twin : 'there is no path for HTTP Basic';
    await expectRefused(route, withBasic(rightKey), { status: 401, challenge, detail });
  });

  test('is 401 for tokens that are garbage, or whose key is revoked or has expired', async () => {
    const invalid = { status: 401, challenge: /^Bearer .*error="invalid_token"/ } as const;
    for (const token of ['', 'garbage', 'ey.ey.ey', `${rightToken}x`, rightToken.slice(0, -2)]) {
      await expectRefused(route, bearer(token), invalid);
    }
    await expectRefused(route, bearer(revokedToken), invalid);
    await expectRefused(route, bearer(expiredToken), invalid);
  });
});

test('SCIM tokens may call every route under /scim/v2, and no other', async () => {
  expect(onBearer.filter(({ access }) => access.scimTokens).length).toBeGreaterThan(10);
  for (const route of onBearer) {
    expect([route.url, route.access.scimTokens ?? false]).toEqual([route.url, isScim(route)]);
    if (isScim(route)) await expectLetThrough(route, bearer(scimToken));
    else
      await expectRefused(route, bearer(scimToken), {
        status: 401,
        challenge: /^Bearer .*error="invalid_token"/,
        detail: 'under /scim/v2 only',
      });
  }
});

describe.each(onBearer)('$method $url, for people', (route) => {
  const roles = peopleRolesOf(route) ?? [];

  test('is open to the roles of the table, and 403 for the others', async () => {
    for (const { role, browser } of people) {
      if (roles.includes(role)) await expectLetThrough(route, browser);
      else await expectRefused(route, browser, { status: 403, detail: roles.length > 0 ? role : 'People' });
    }
  });

  test('is 401 with a cookie that is no session, whatever the body', async () => {
    const [name] = people[0]?.browser.cookie.split('=') ?? [];
    for (const token of ['', 'x'.repeat(43), 'x'.repeat(2_000)]) {
      const browser = { cookie: `${name}=${token}`, 'sec-fetch-site': 'same-origin' };
      await expectRefused(route, browser, { status: 401, challenge: /^Bearer / });
    }
  });

  test('is 403 for a change that another origin sends with the cookie', async () => {
    const { browser } = people[0] as { browser: Browser };
    const isRead = ['GET', 'HEAD'].includes(route.method);
    for (const site of ['cross-site', 'same-site', 'none']) {
      const headers = { ...browser, 'sec-fetch-site': site };
      if (!isRead) await expectRefused(route, headers, { status: 403, detail: 'another origin' });
      else if (roles.includes('administrator')) await expectLetThrough(route, headers);
    }
    if (isRead) return;
    const { 'sec-fetch-site': _, ...old } = browser;
    await expectRefused(route, old, { status: 403, detail: 'Sec-Fetch-Site' });
    await expectRefused(
      route,
      { ...old, origin: 'http://localhost:81' },
      { status: 403, detail: 'another origin' },
    );
    await expectRefused(
      route,
      { ...browser, 'content-type': 'text/plain' },
      { status: 403, detail: 'application/json' },
      'x',
    );
  });

  test('is 403 for an organisation that the person does not belong to', async () => {
    const { browser } = people[0] as { browser: Browser };
    for (const slug of ['no-such-organisation', '', 'other org']) {
      await expectRefused(
        route,
        { ...browser, 'rollcall-organisation': slug },
        { status: 403, detail: 'organisation' },
      );
    }
  });
});

describe.each(ofSessions)('$method $url', (route) => {
  test('is 401 without a session, also for a token of a key', async () => {
    await expectRefused(route, {}, { status: 401, challenge: /^Bearer / });
    await expectRefused(route, bearer(rightToken), { status: 401, challenge: /^Bearer / });
  });

  test('is 403 for a change that another origin sends with the cookie', async () => {
    if (['GET', 'HEAD'].includes(route.method)) return;
    const headers = { ...people[0]?.browser, 'sec-fetch-site': 'same-site' };
    await expectRefused(route, headers, { status: 403, detail: 'another origin' });
  });
});

test('every route that takes Bearer tokens is in the table of people, and every entry is a route', () => {
  const served = onBearer
    .filter(({ method }) => method !== 'HEAD')
    .map(({ method, url }) => `${method} ${url}`);
  expect(served.filter((operation) => !operation.includes(' /scim/v2')).toSorted()).toEqual(
    Object.keys(PEOPLE_ACCESS).toSorted(),
  );
});

describe.each(onBasic)('$method $url', (route) => {
  const challenge = /^Basic .*charset="UTF-8"/;

  test('is 401 for a Bearer token, and names the path that takes Bearer', async () => {
    const detail = `call ${route.url.replace('/basic', '')}.`;
    await expectRefused(route, bearer(rightToken), { status: 401, challenge, detail });
    await expectRefused(
      route,
      { authentication: `Bearer ${rightToken}` },
      { status: 401, challenge, detail },
    );
  });

  test('is 401 for wrong credentials and for those of a revoked or expired key', async () => {
    const wrong = [
      { ...rightKey, secret: `${rightKey.secret}x` },
      { ...rightKey, secret: '' },
      { apiKey: `nobody at ${route.method} ${route.path}`, secret: rightKey.secret },
      { ...hmacKey, secret: 'wrong' },
      revokedKey,
      expiredKey,
    ];
    for (const key of wrong) await expectRefused(route, withBasic(key), { status: 401, challenge });
    for (const rest of ['', '!!!', Buffer.from('no colon').toString('base64')]) {
      await expectRefused(route, { authorization: `Basic ${rest}` }, { status: 401, challenge });
    }
  });

  test('is 403 for a key of the type HMAC with the right secret', async () => {
    await expectRefused(route, withBasic(hmacKey), { status: 403, detail: 'HMAC only' });
  });
});

test('a key of another organisation acts for that organisation, and neither reads nor changes data of the first', async () => {
  const office = await addOffice(server.db.owner, tenantId);
  const person = await addUser(server.db.owner, tenantId);
  const otherKey = await server.key(await server.organisation());
  const otherToken = await server.token(otherKey);
  const event = { eventId: 'e', timestamp: '2026-03-10T09:00:00Z', locationId: office.placeId };
  const submission = {
    sourceId: 's',
    presenceEvents: [{ ...event, locationType: 'place', userId: person.userId }],
  };
  const submit = async (headers: Record<string, string>, url: string) =>
    (await app.inject({ method: 'POST', url, headers, payload: submission })).json().results[0].resultCode;
  const read = async (headers: Record<string, string>, path: string, filter = '') => {
    const dates = path.startsWith('presence') ? 'startDate=20260310&endDate=20260310' : '';
    const url = `/v1/analytics/${path}?${dates}&${filter}`;
    return (await app.inject({ url, headers })).json();
  };

  expect(await submit(bearer(rightToken), '/v1/presence')).toBe(0);
  expect(await submit(bearer(otherToken), '/v1/presence')).toBe(1);
  expect(await submit(withBasic(otherKey), '/v1/presence/basic')).toBe(1);
  for (const dataset of ['users', 'locations', 'desks', 'spaces', 'presence']) {
    expect(await read(bearer(rightToken), dataset)).toHaveLength(1);
    expect(await read(bearer(otherToken), dataset)).toEqual([]);
    expect(await read(withBasic(otherKey), `${dataset}/basic`)).toEqual([]);
  }
  const byName = `userIds=${person.userId}&locationIds=${office.locationId}`;
  expect(await read(bearer(rightToken), 'presence', byName)).toHaveLength(1);
  expect(await read(bearer(otherToken), 'presence', byName)).toEqual([]);
});

test('a server with a route that does not declare its access refuses to start', async () => {
  const closed = await replicaOf(server, { lifecycle: { migrated: true } });
  closed.get('/v1/forgotten', async () => 'open');
  await expect(closed.ready()).rejects.toThrow('GET /v1/forgotten');
  await closed.close();
});

test('a server with a Bearer route that the table of people does not name refuses to start', async () => {
  const app = await replicaOf(server, { lifecycle: { migrated: true } });
  const access = { scheme: 'bearer', roles: ['all'] } as const;
  app.route({ method: 'GET', url: '/v1/manage/forgotten', config: { access }, handler: async () => 'open' });
  await expect(app.ready()).rejects.toThrow('GET /v1/manage/forgotten is missing');
  await app.close();
});

test('while the schema is outdated, every route except /healthz and the files of the console is 503', async () => {
  const waiting = await replicaOf(server, { lifecycle: { migrated: false } });
  for (const { method, url, path } of routes.filter((route) => !route.url.startsWith('/console'))) {
    const reply = await waiting.inject({ method, url: path });
    expect(`${url} ${reply.statusCode}`).toBe(`${url} ${url === '/healthz' ? 200 : 503}`);
  }
  await waiting.close();
});

import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Access } from '../src/auth/guard.ts';
import { refusesUnknownParameters } from '../src/http/query-parameters.ts';
import { addSite, goodEvent, presenceRows, results } from './support/presence.ts';
import { expectProblem } from './support/problems.ts';
import { scimClient } from './support/scim.ts';
import { startTestServer } from './support/server.ts';
import { browserWithRole } from './support/sessions.ts';

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

// This runs here and not in beforeAll, because the tests below are made from its routes.
const server = await startTestServer();
afterAll(() => server.close());
const site = await addSite(server);
const { authorization: basicHeader } = site.headers;
const bearerHeader = `Bearer ${await server.token(await server.key(site.tenantId))}`;
const DATES = 'startDate=2026-03-01&endDate=2026-03-31';

const browser = await browserWithRole(server, site.tenantId, 'administrator');

function headersOf(access: Access): Record<string, string> {
  if (access === 'session') return browser;
  const isBasic = typeof access === 'object' && access.scheme === 'basic';
  return { authorization: isBasic ? basicHeader : bearerHeader };
}

/** The parameters of a route in OpenAPI, which come from its schema. */
const routes = server.app.routeTable.flatMap(({ method, url, config, schema }) => {
  const { properties = {} } = (schema?.querystring ?? {}) as { properties?: Record<string, object> };
  const access = config?.access as Access;
  return [method].flat().map((each) => ({
    method: each as Method,
    url,
    path: url.replace(/:\w+/g, '6b0c3a52-4b7e-4d3a-8f0e-0d6f1f1c2a3b').replace('*', 'x'),
    parameters: Object.keys(properties),
    isHidden: (schema as { hide?: boolean } | undefined)?.hide === true,
    lists: Object.keys(properties).filter((name) => 'x-comma-list' in (properties[name] ?? {})),
    headers: headersOf(access),
  }));
});
type Route = (typeof routes)[number];
const strict = routes.filter(({ url }) => refusesUnknownParameters(url));

const call = ({ method, path, headers }: Route, query: string) =>
  server.app.inject({ method, url: `${path}?${query}`, headers });

/** Asserts a 400 that names the parameter, also in `errors`. Returns its message for the parameter. */
async function expectRefused(route: Route, query: string, name: string): Promise<string> {
  const reply = await call(route, query);
  const detail = expectProblem(reply, 400);
  if (route.method === 'HEAD') return '';
  expect(detail).toContain(JSON.stringify(name));
  const { errors } = reply.json() as { errors: { path: string; message: string }[] };
  expect(errors.map(({ path }) => path)).toContain(name);
  return errors.find(({ path }) => path === name)?.message ?? '';
}

test('every GET of the warehouse, with its /basic route and its HEAD, and every route of management, checks its query', () => {
  const names = strict.map(({ method, url }) => `${method} ${url}`);
  expect(names).toEqual(
    expect.arrayContaining([
      'GET /v1/analytics/presence',
      'HEAD /v1/analytics/presence/basic',
      'GET /v1/analytics/metrics',
      'POST /v1/manage/users',
      'PATCH /v1/manage/organisation',
      'GET /v1/manage/provisioning',
      'GET /v1/manage/locations/:locationId/redating',
      'DELETE /v1/manage/users/:userId/days/:day/booking',
    ]),
  );
  expect(strict.length).toBeGreaterThan(80);
});

describe.each(strict)('$method $url', (route) => {
  test('refuses an unknown parameter, and lists the known ones', async () => {
    for (const name of ['surprise', 'userids', 'userIds[]', 'LOCATIONID', '_']) {
      const message = await expectRefused(route, `${encodeURIComponent(name)}=x`, name);
      if (route.method === 'HEAD') continue;
      if (route.parameters.length === 0) expect(message).toContain('takes no query parameters');
      for (const parameter of route.parameters) expect(message).toContain(parameter);
    }
  });

  test('refuses its parameters without a value, and single-valued ones that are given twice', async () => {
    for (const name of route.parameters) {
      await expectRefused(route, `${name}=`, name);
      await expectRefused(route, `${name}`, name);
      await expectRefused(route, `${name}=%20`, name);
      if (route.lists.includes(name)) {
        await expectRefused(route, `${name}=,`, name);
        await expectRefused(route, `${name}=&${name}=`, name);
      } else {
        await expectRefused(route, `${name}=a&${name}=b`, name);
      }
    }
  });
});

test('the message for a misspelt name suggests the right one', async () => {
  const [presence, metrics] = ['presence', 'metrics'].map(
    (dataset) => strict.find(({ url }) => url === `/v1/analytics/${dataset}`) as Route,
  ) as [Route, Route];
  for (const name of ['userIds[]', 'userids', 'userId', 'user_ids', 'USERID']) {
    const message = await expectRefused(presence, `${DATES}&${encodeURIComponent(name)}=x`, name);
    expect(message).toContain('did you mean userIds?');
  }
  expect(await expectRefused(metrics, `${DATES}&groupId=x`, 'groupId')).toContain('did you mean groupIds?');
  expect(await expectRefused(presence, `${DATES}&desk=x`, 'desk')).not.toContain('did you mean');
});

test('the query is checked after the credentials, and before the body', async () => {
  const url = '/v1/manage/users?surprise=1';
  expectProblem(await server.app.inject({ method: 'POST', url, payload: '{"a' }), 401);
  const reply = await server.app.inject({
    method: 'POST',
    url,
    headers: { authorization: bearerHeader, 'content-type': 'application/json' },
    payload: '{"a',
  });
  expect(expectProblem(reply, 400)).toContain('surprise');
});

test('the answer to thousands of unknown parameters is short', async () => {
  const query = Array.from({ length: 1_500 }, (_, index) => `x${index}=1`).join('&');
  const reply = await call(strict[0] as Route, query);
  expectProblem(reply, 400);
  expect(reply.body.length).toBeLessThan(10_000);
});

describe('a comma list that is given several times', () => {
  test('counts as one list', async () => {
    const other = await addSite(server);
    await results(server, site, [goodEvent(site), goodEvent(site, { eventId: 'e2' })]);
    const { user, office } = site;
    const rows = (filter: string) => presenceRows(server, site, `${DATES}&${filter}`);
    expect(await rows(`userIds=${other.user.userId}&userIds=${user.userId}`)).toHaveLength(2);
    expect(await rows(`locationIds=${other.office.levelId}&locationIds=${office.levelId},x`)).toHaveLength(2);
    expect(await rows(`userIds=${other.user.userId}&userIds=x`)).toEqual([]);
    expect(await rows(`userIds=&userIds=${user.userId}`)).toHaveLength(2);
  });

  test('is checked as one list', async () => {
    const metrics = (query: string) =>
      server.app.inject({
        url: `/v1/analytics/metrics/basic?${DATES}&${query}`,
        headers: { authorization: basicHeader },
      });
    expect((await metrics('weekdays=1&weekdays=2')).statusCode).toBe(200);
    expect((await metrics('weekdays=1&weekdays=8')).statusCode).toBe(400);
    expect((await metrics('groupIds=x&groupIds=y')).statusCode).toBe(200);
  });

  test('counts as one list for SCIM, too; another repeated parameter is a 400 of SCIM', async () => {
    const scim = await scimClient(server);
    await scim.createUser({ userName: 'ada', externalId: 'x1' });
    const reply = await scim.get('/Users?attributes=userName&attributes=externalId');
    expect(reply.statusCode).toBe(200);
    expect(reply.json().Resources[0]).toMatchObject({ userName: 'ada', externalId: 'x1' });
    const twice = await scim.get('/Users?filter=id%20pr&filter=id%20pr');
    expect(twice.statusCode).toBe(400);
    expect(twice.json()).toMatchObject({ status: '400', detail: expect.stringContaining('filter') });
  });
});

test('SCIM, events, OAuth, the documentation and probes ignore unknown parameters', async () => {
  const scim = await scimClient(server);
  expect((await scim.get('/Users?aadOptscim062020&x=1&x=2')).statusCode).toBe(200);
  const headers = { authorization: bearerHeader };
  const post = (path: string, payload: object) =>
    server.app.inject({ method: 'POST', url: `${path}?surprise=1&surprise=2`, headers, payload });
  expect((await post('/v1/presence', { sourceId: 's', presenceEvents: [] })).statusCode).toBe(200);
  expect((await post('/v1/timeoff', { timeOffEvents: [] })).statusCode).toBe(200);
  expect((await post('/v1/directory-management/user-attributes', { userAttributes: [] })).statusCode).toBe(
    200,
  );
  const key = await server.key(site.tenantId);
  const login = await server.app.inject({
    method: 'POST',
    url: '/v1/auth/token?surprise=1&surprise=2',
    payload: { client_id: key.apiKey, client_secret: key.secret },
  });
  expect(login.statusCode).toBe(200);
  for (const path of ['/healthz', '/readyz', '/openapi.json', '/docs/json']) {
    expect((await server.app.inject(`${path}?surprise=1&surprise=2`)).statusCode).toBe(200);
  }
});

test('no GET answers 5xx, for any query', async () => {
  const reads = routes.filter(({ method, isHidden }) => method === 'GET' && !isHidden);
  const hostile = fc.constantFrom(
    ...['', ',', '%00', '%ED%A0%80', '%', '%ZZ', '__proto__', 'constructor', "'", '*', '9'.repeat(400)],
    ...['2026-03-01', '20260301', '-1', '1e3', 'true', '[object Object]', 'W10', '6b0c3a52,,x'],
  );
  const value = fc.oneof(hostile, fc.string({ unit: 'binary', maxLength: 12 }).map(encodeLossily));
  const spelling = fc.constantFrom(
    ...[(name: string) => name, (name: string) => `${name}[]`, (name: string) => `${name}[a]`],
    ...[(name: string) => name.toUpperCase(), () => '__proto__', () => 'toString', () => '%'],
  );
  const request = fc.constantFrom(...reads).chain((route) => {
    const name = fc.constantFrom('startDate', 'locationId', 'userIds', 'filter', ...route.parameters);
    const parameter = fc.tuple(spelling, name, value).map(([spell, of, given]) => `${spell(of)}=${given}`);
    return fc.tuple(fc.constant(route), fc.array(parameter, { maxLength: 6 }), fc.boolean());
  });
  await fc.assert(
    fc.asyncProperty(request, async ([route, parameters, isDated]) => {
      const dates = isDated && route.parameters.includes('startDate') ? [DATES] : [];
      const reply = await call(route, [...dates, ...parameters].join('&'));
      expect([200, 400, 404, 410]).toContain(reply.statusCode);
    }),
    { numRuns: 400 },
  );
});

/** Percent-encodes the text, except half surrogate pairs. */
function encodeLossily(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

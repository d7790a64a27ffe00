import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SERVER_SETTINGS } from '../src/config.ts';
import { addSite, goodEvent, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';

const NAMED = 'https://app.example.com';
const OTHER_NAMED = 'http://127.0.0.1:5173';
const UNNAMED = 'https://elsewhere.example.com';

let server: TestServer;
let site: Site;
beforeAll(async () => {
  server = await startTestServer({ corsOrigins: [NAMED, OTHER_NAMED] });
  site = await addSite(server);
});
afterAll(() => server.close());

function preflight(origin: string, url = '/v1/presence/', method = 'POST', to = server) {
  return to.app.inject({
    method: 'OPTIONS',
    url,
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': 'authorization,content-type,correlationid,x-calven-region',
    },
  });
}

const listOf = (header: unknown): string[] =>
  String(header)
    .split(',')
    .map((name) => name.trim().toLowerCase());

const corsHeaders = (headers: object): string[] =>
  Object.keys(headers).filter((name) => name.startsWith('access-control-'));

describe('a preflight', () => {
  test.each([
    [NAMED, '/v1/presence/', 'POST'],
    [OTHER_NAMED, '/v1/analytics/users', 'GET'],
    [NAMED, '/v1/directory-management/group-relationships', 'PUT'],
    [NAMED, '/v1/manage/organisation', 'PATCH'],
  ])('of an allowed origin is answered before authentication: %s %s', async (...call) => {
    const [origin, , method] = call;
    const { statusCode, headers, body } = await preflight(...call);
    expect([statusCode, body]).toEqual([204, '']);
    expect(headers['access-control-allow-origin']).toBe(origin);
    expect(listOf(headers['access-control-allow-methods'])).toContain(method.toLowerCase());
    expect(listOf(headers['access-control-allow-headers'])).toEqual(
      expect.arrayContaining(['authorization', 'content-type', 'correlationid', 'x-calven-region']),
    );
    expect(Number(headers['access-control-max-age'])).toBeGreaterThan(0);
    expect(headers['access-control-allow-credentials']).toBeUndefined();
    expect(listOf(headers.vary)).toContain('origin');
  });

  test.each([UNNAMED, 'null', `${NAMED}.example.org`, `${NAMED}:8443`, 'http://app.example.com'])(
    'of an origin that is not allowed gets no CORS headers: %s',
    async (origin) => {
      const { statusCode, headers } = await preflight(origin);
      expect(statusCode).toBe(405);
      expect(corsHeaders(headers)).toEqual([]);
      expect(listOf(headers.vary)).toContain('origin');
    },
  );
});

test('a page of an allowed origin may read an answer, with the headers that clients use', async () => {
  const { statusCode, headers } = await server.app.inject({
    method: 'POST',
    url: '/v1/presence/basic',
    headers: { ...site.headers, origin: NAMED },
    payload: { sourceId: 'page', presenceEvents: [goodEvent(site)] },
  });
  expect(statusCode).toBe(200);
  expect(headers['access-control-allow-origin']).toBe(NAMED);
  expect(headers['access-control-allow-credentials']).toBeUndefined();
  expect(listOf(headers['access-control-expose-headers'])).toEqual(
    expect.arrayContaining(['correlationid', 'etag', 'link', 'retry-after', 'rollcall-cursor']),
  );
  expect(listOf(headers.vary)).toContain('origin');
});

test('a page of an allowed origin may read an error, too', async () => {
  for (const url of ['/v1/analytics/users', '/v1/nothing']) {
    const { statusCode, headers } = await server.app.inject({ url, headers: { origin: NAMED } });
    expect([statusCode, headers['access-control-allow-origin']]).toEqual([
      url.endsWith('users') ? 401 : 404,
      NAMED,
    ]);
  }
});

test('an answer to any other origin, or to none, has no CORS header except Vary', async () => {
  for (const origin of [{ origin: UNNAMED }, {}]) {
    const { statusCode, headers } = await server.app.inject({
      url: '/v1/analytics/users/basic',
      headers: { ...site.headers, ...origin },
    });
    expect(statusCode).toBe(200);
    expect(corsHeaders(headers)).toEqual([]);
    // The answer keeps the Vary value that the export sets itself.
    expect(listOf(headers.vary)).toEqual(expect.arrayContaining(['accept', 'accept-encoding', 'origin']));
  }
});

test('without the setting there are no CORS headers', async () => {
  const plain = await startTestServer();
  try {
    const { statusCode, headers } = await preflight(NAMED, '/v1/presence', 'POST', plain);
    expect(statusCode).toBe(405);
    const answer = await plain.app.inject({ url: '/healthz', headers: { origin: NAMED } });
    for (const each of [headers, answer.headers]) {
      expect(corsHeaders(each)).toEqual([]);
      expect(listOf(each.vary)).not.toContain('origin');
    }
  } finally {
    await plain.close();
  }
});

test('the setting takes origins as browsers send them, and refuses other texts', () => {
  const { parse } = SERVER_SETTINGS.corsOrigins;
  expect(parse('https://App.example.com/, http://127.0.0.1:5173,https://a.example:443')).toEqual([
    NAMED,
    OTHER_NAMED,
    'https://a.example',
  ]);
  for (const text of [
    '*',
    'null',
    'app.example.com',
    'https://a.example/path',
    'https://*.a.example,',
    'ftp://a.example',
  ])
    expect(() => parse(text)).toThrow(/origins such as/);
});

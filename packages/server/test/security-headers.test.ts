import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import helmet from 'helmet';
import { afterAll, describe, expect, test } from 'vitest';
import { securityHeaders } from '../src/http/security-headers.ts';
import { startTestServer } from './support/server.ts';
import { browserWithRole } from './support/sessions.ts';

const server = await startTestServer({ trustProxy: '127.0.0.1' });
afterAll(() => server.close());
const tenantId = await server.organisation();

/** The headers that helmet adds to those of Node.js. */
async function helmetHeaders(strictTransportSecurity: boolean): Promise<Record<string, unknown>> {
  const protect = helmet({ contentSecurityPolicy: false, strictTransportSecurity });
  const server = http
    .createServer((request, response) => protect(request, response, () => response.end()))
    .listen(0);
  const [answer] = await once(
    http.get({ port: (server.address() as AddressInfo).port, agent: false }),
    'response',
  );
  answer.resume();
  server.close();
  const { date: _d, connection: _c, 'content-length': _l, ...headers } = answer.headers;
  return headers;
}

test('answers have the headers that helmet sets', async () => {
  const { headers } = await server.app.inject({ url: '/healthz' });
  expect(headers).toMatchObject(await helmetHeaders(false));
  expect(headers).not.toHaveProperty('strict-transport-security');
});

test('answers over TLS have Strict-Transport-Security, as from helmet', async () => {
  const { 'content-security-policy': _, ...headers } = securityHeaders('https');
  expect(headers).toEqual(await helmetHeaders(true));
});

test('answers over TLS that a trusted proxy ends have it, too, also refusals, and no proxy but a trusted one counts', async () => {
  const headers = { 'x-forwarded-proto': 'https' };
  const hsts = async (url: string, remoteAddress: string) =>
    (await server.app.inject({ url, headers, remoteAddress })).headers['strict-transport-security'];
  for (const url of ['/healthz', '/v1/analytics/users', '/nowhere', '/console'])
    expect([url, await hsts(url, '127.0.0.1')]).toEqual([url, 'max-age=31536000; includeSubDomains']);
  expect(await hsts('/healthz', '203.0.113.7')).toBeUndefined();
});

describe('The policy of contents', () => {
  const POLICY = /default-src 'none'.*base-uri 'none'.*frame-ancestors 'none'.*object-src 'none'/;

  test.each(['/healthz', '/openapi.json', '/v1/analytics/users', '/nowhere', '/%zz'])(
    'of %s lets a browser load and frame nothing',
    async (url) => {
      expect((await server.app.inject({ url })).headers['content-security-policy']).toMatch(POLICY);
    },
  );

  test('is on an answer to bytes that are no request', async () => {
    const { port } = new URL(await server.app.listen({ port: 0, host: '127.0.0.1' }));
    const socket = connect(Number(port), '127.0.0.1');
    socket.end('no http\r\n\r\n');
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toMatch(POLICY);
    expect(answer).toMatch(/x-content-type-options: nosniff/);
  });

  test('of pages names no base, no plugin and no frame', async () => {
    for (const url of ['/docs', '/console']) {
      const policy = String((await server.app.inject({ url })).headers['content-security-policy']);
      for (const directive of ["base-uri 'none'", "object-src 'none'", "frame-ancestors 'none'"])
        expect([url, policy]).toEqual([url, expect.stringContaining(directive)]);
    }
  });
});

test('no browser with a session stores an answer, and between a program and the server no cache does', async () => {
  const browser = await browserWithRole(server, tenantId, 'administrator');
  const token = await server.token(await server.key(tenantId));
  const urls = server.app.routeTable
    .filter(
      ({ method, url, config }) =>
        method === 'GET' && !url.includes(':') && typeof config?.access === 'object',
    )
    .map(({ url }) => url);
  const answered: string[] = [];
  for (const url of urls) {
    const bySession = await server.app.inject({ url, headers: browser });
    expect([url, bySession.headers['cache-control']]).toEqual([url, 'no-store']);
    const byToken = await server.app.inject({ url, headers: { authorization: `Bearer ${token}` } });
    expect([url, byToken.headers['cache-control']]).toEqual([
      url,
      expect.stringMatching(/^(no-store|private, no-cache)$/),
    ]);
    if (bySession.statusCode === 200 && byToken.statusCode === 200) answered.push(url);
  }
  expect(answered.length).toBeGreaterThan(15);
});

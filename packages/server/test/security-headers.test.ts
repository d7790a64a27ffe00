import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import helmet from 'helmet';
import { expect, test } from 'vitest';
import { securityHeaders } from '../src/http/security-headers.ts';
import { startTestServer } from './support/server.ts';

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
  const server = await startTestServer();
  const { headers } = await server.app.inject({ url: '/healthz' });
  expect(headers).toMatchObject(await helmetHeaders(false));
  expect(headers).not.toHaveProperty('strict-transport-security');
  await server.close();
});

test('answers over TLS have Strict-Transport-Security, as from helmet', async () => {
  expect(securityHeaders(true)).toEqual(await helmetHeaders(true));
});

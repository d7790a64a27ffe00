import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './support/server.ts';

const lifecycle = { migrated: true, isDraining: false };
let server: TestServer;
let port: number;
beforeAll(async () => {
  server = await startTestServer({}, { lifecycle });
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  port = (server.app.server.address() as AddressInfo).port;
});
afterAll(() => server.close());

/** The status of an answer, and what it says about its connection. */
function ask(path: string): Promise<{ status: number | undefined; connection: string | undefined }> {
  return new Promise((resolve, reject) => {
    request({ port, path, headers: { connection: 'keep-alive' } }, (reply) => {
      reply.resume();
      resolve({ status: reply.statusCode, connection: reply.headers.connection });
    })
      .on('error', reject)
      .end();
  });
}

test('a server that will stop soon is not ready, answers everything else, and closes the connections', async () => {
  expect(await ask('/readyz')).toEqual({ status: 200, connection: 'keep-alive' });
  lifecycle.isDraining = true;
  expect(await ask('/readyz')).toEqual({ status: 503, connection: 'close' });
  expect(await ask('/healthz')).toEqual({ status: 200, connection: 'close' });
  expect(await ask('/openapi.json')).toEqual({ status: 200, connection: 'close' });
});

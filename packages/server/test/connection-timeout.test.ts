import { once } from 'node:events';
import http from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { STALLED_CONNECTION_MS } from '../src/app.ts';
import { whileLocked } from './support/locks.ts';
import { addSite, insertPresence, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { listen, openPaused } from './support/sockets.ts';
import { until } from './support/waiting.ts';

const ROWS = 60_000;
const SHORT_MS = 20;
/** The server leaves bytes unread, or has sent bytes that nobody read, so the client may see a reset. */
const LOST = /aborted|ECONNRESET|socket hang up/;

let server: TestServer;
let site: Site;
let baseUrl: string;

beforeAll(async () => {
  server = await startTestServer();
  site = await addSite(server);
  await insertPresence(server, site, ROWS);
  baseUrl = await listen(server);
});
beforeEach(() => server.app.server.setTimeout(STALLED_CONNECTION_MS));
afterAll(() => server.close());

/** The server's end of the next connection, when its request has arrived. */
async function nextRequest(): Promise<Socket> {
  const [{ socket }] = (await once(server.app.server, 'request')) as [http.IncomingMessage];
  return socket;
}

/** Makes the time without traffic short, for a connection that has sent a request. */
function shorten(socket: Socket): void {
  server.app.server.setTimeout(SHORT_MS);
  socket.setTimeout(SHORT_MS);
}

const presenceUntil = (endDate: string) =>
  `${baseUrl}/v1/analytics/presence/basic?startDate=2026-03-01&endDate=${endDate}`;

test('The server allows a connection two minutes without traffic', async () => {
  const arrived = nextRequest();
  await (await fetch(presenceUntil('2026-03-01'), { headers: site.headers })).text();
  expect(STALLED_CONNECTION_MS).toBe(120_000);
  expect(server.app.server.timeout).toBe(STALLED_CONNECTION_MS);
  expect((await arrived).destroyed).toBe(false);
});

test('A client gets its answer, however long the server works on it', async () => {
  let timeouts = 0;
  const answer = await whileLocked(server.db.target, 'presence_events', 'ACCESS EXCLUSIVE', async () => {
    const arrived = nextRequest();
    const sent = fetch(presenceUntil('2026-03-01'), { headers: { ...site.headers, connection: 'close' } });
    const socket = await arrived;
    socket.prependListener('timeout', () => timeouts++);
    shorten(socket);
    await until(() => timeouts >= 3 || socket.destroyed);
    return sent;
  });
  expect(answer.status).toBe(200);
});

test('A client that stops reading its answer loses the connection', async () => {
  const arrived = nextRequest();
  const response = await openPaused(presenceUntil('2026-03-31'), site);
  const socket = await arrived;
  const lost = expect(once(response, 'end')).rejects.toThrow(LOST);
  shorten(socket);
  await until(() => socket.destroyed);
  response.resume();
  await lost;
});

test('A client that stops sending its request loses the connection', async () => {
  const arrived = nextRequest();
  const request = http.request(`${baseUrl}/v1/presence`, {
    method: 'POST',
    agent: false,
    headers: { ...site.headers, 'content-type': 'application/json', 'content-length': 100 },
  });
  // The server may still say why.
  request.on('error', () => undefined).on('response', (response) => response.resume());
  request.write('{');
  const socket = await arrived;
  shorten(socket);
  await until(() => socket.destroyed);
});

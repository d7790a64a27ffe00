import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addSite, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { listen, pipeline, requestsArrive, requestText } from './support/sockets.ts';

const REQUESTS = 40;
/** Less than what is read in several pieces. */
const LARGE_BYTES = 60_000;

let server: TestServer;
let site: Site;
let neighbour: Site;
let baseUrl: string;
beforeAll(async () => {
  server = await startTestServer();
  site = await addSite(server);
  neighbour = await addSite(server);
  baseUrl = await listen(server);
});
afterAll(() => server.close());

/** Connections that the server has accepted. It accepts them one by one, and reads in one go what came on all. */
async function connections(count: number): Promise<Socket[]> {
  const sockets = await Promise.all(Array.from({ length: count }, () => pipeline(baseUrl, [])));
  const probe = requestText({ url: `${baseUrl}/healthz`, headers: {} });
  await Promise.all(sockets.map((socket) => ask(socket, probe)));
  return sockets;
}

/** Sends text. Returns the first words of the answer. */
async function ask(socket: Socket | undefined, text: string): Promise<string> {
  if (!socket) throw new Error('There is no such connection.');
  const answer = once(socket.setEncoding('latin1').resume(), 'data');
  socket.write(text);
  return String((await answer)[0]).slice(0, 12);
}

/** A submission without events. The server answers it without the database. */
function submission(of: Site, bytes: number): string {
  const text = '{"sourceId":"door","presenceEvents":[]}';
  return requestText({
    url: `${baseUrl}/v1/presence/basic`,
    headers: { ...of.headers, 'content-type': 'application/json' },
    body: text.slice(0, -1).padEnd(bytes) + text.slice(-1),
  });
}

test('One organisation does not wait until all bodies of another one are handled that arrived before its own', async () => {
  const probe = requestText({ url: `${baseUrl}/healthz`, headers: {} });
  const sockets = await connections(REQUESTS + 1);
  const [large, small] = [submission(site, LARGE_BYTES), submission(neighbour, 0)];
  const textOf = (index: number) => (index < REQUESTS ? large : small);
  // The server remembers both keys, so that no look-up separates the requests.
  await Promise.all([ask(sockets[0], large), ask(sockets[REQUESTS], small)]);
  const arrive = requestsArrive(server, REQUESTS + 1);
  for (const [index, socket] of sockets.entries()) socket.write(textOf(index).slice(0, -1), 'latin1');
  await arrive;
  const probing = await connections(1);
  // The server has read all bodies but for their last byte when it has answered.
  await ask(probing[0], probe);

  const answered: string[] = [];
  await Promise.all(
    sockets.map(async (socket, index) => {
      const status = await ask(socket, textOf(index).slice(-1));
      answered.push(`${index < REQUESTS ? 'site' : 'neighbour'} ${status}`);
    }),
  );
  for (const socket of [...sockets, ...probing]) socket.destroy();
  expect(answered.filter((answer) => answer === 'site HTTP/1.1 200')).toHaveLength(REQUESTS);
  const place = answered.indexOf('neighbour HTTP/1.1 200');
  expect(place).toBeGreaterThanOrEqual(0);
  expect(place).toBeLessThan(REQUESTS / 2);
});

test('Nobody waits until all tokens are refused that arrived before', async () => {
  const probe = requestText({ url: `${baseUrl}/healthz`, headers: {} });
  const refused = requestText({
    url: `${baseUrl}/v1/analytics/users`,
    headers: { authorization: 'Bearer eyJ.e30.x' },
  });
  const sockets = await connections(REQUESTS + 1);
  const answered: string[] = [];
  await Promise.all(
    sockets.map(async (socket, index) => {
      answered.push(await ask(socket, index < REQUESTS ? refused : probe));
    }),
  );
  for (const socket of sockets) socket.destroy();
  expect(answered.filter((status) => status === 'HTTP/1.1 401')).toHaveLength(REQUESTS);
  expect(answered).toContain('HTTP/1.1 200');
  expect(answered.indexOf('HTTP/1.1 200')).toBeLessThan(REQUESTS / 2);
});

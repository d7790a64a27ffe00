import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Post, send } from './support/bodies.ts';
import { addSite, type Site } from './support/presence.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';
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

/** A submission without events, which is answered without the database, by a key that nobody has used yet. */
async function submission(of: Site, bytes: number): Promise<Post> {
  const text = '{"sourceId":"door","presenceEvents":[]}';
  return {
    headers: { authorization: basic(await server.key(of.tenantId)) },
    body: text.slice(0, -1).padEnd(bytes) + text.slice(-1),
  };
}

test('One organisation does not wait until all bodies of another one are handled that arrived before its own', async () => {
  const [large, small] = [await submission(site, LARGE_BYTES), await submission(neighbour, 0)];
  const answered: string[] = [];
  const post = async (of: string, sent: Post) => {
    const { status } = await send(`${baseUrl}/v1/presence/basic`, sent).answer;
    answered.push(of);
    return status;
  };
  const statuses: Promise<number>[] = [];
  // Until all have arrived, nobody is let in.
  await server.db.owner.inSystem(async (tx) => {
    await tx.query('LOCK TABLE api_key_index');
    const first = requestsArrive(server, REQUESTS);
    for (let count = 0; count < REQUESTS; count++) statuses.push(post('site', large));
    await first;
    const last = requestsArrive(server, 1);
    statuses.push(post('neighbour', small));
    await last;
  });
  expect(new Set(await Promise.all(statuses))).toEqual(new Set([200]));
  expect(answered.indexOf('neighbour')).toBeLessThan(REQUESTS / 2);
});

test('Nobody waits until all tokens are refused that arrived before', async () => {
  const probe = requestText({ url: `${baseUrl}/healthz`, headers: {} });
  const refused = requestText({
    url: `${baseUrl}/v1/analytics/users`,
    headers: { authorization: 'Bearer eyJ.e30.x' },
  });
  const sockets = await Promise.all(Array.from({ length: REQUESTS + 1 }, () => pipeline(baseUrl, [])));
  const ask = async (socket: Socket, text: string) => {
    const answer = once(socket.setEncoding('latin1').resume(), 'data');
    socket.write(text);
    return String((await answer)[0]).slice(0, 12);
  };
  // A server accepts connections one by one, and reads what has come on all that it has.
  await Promise.all(sockets.map((socket) => ask(socket, probe)));
  const answered: string[] = [];
  await Promise.all(
    sockets.map(async (socket, index) => {
      answered.push(await ask(socket, index < REQUESTS ? refused : probe));
    }),
  );
  for (const socket of sockets) socket.destroy();
  expect(answered.filter((status) => status === 'HTTP/1.1 401')).toHaveLength(REQUESTS);
  expect(answered.indexOf('HTTP/1.1 200')).toBeLessThan(REQUESTS / 2);
});

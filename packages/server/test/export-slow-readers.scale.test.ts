import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type http from 'node:http';
import type net from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { decodeCursor, encodeCursor } from '../src/warehouse/cursor.ts';
import { countTransactions } from './support/database.ts';
import { addLargeSite } from './support/large-site.ts';
import type { Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { listen, openPaused, readAll } from './support/sockets.ts';
import { until } from './support/waiting.ts';

const EXPORT = 'presence/basic?startDate=2026-03-01&endDate=2026-03-31';
/** A line of 1 Mbit/s. */
const HONEST_BYTES_PER_S = 125_000;
/** A chunk of 64 KiB every 15 s. */
const HOSTILE_BYTES_PER_S = (64 * 1024) / 15;
/** Longer than the server allows for the bytes that the client reads and the buffers take. */
const LONG_ENOUGH_S = 1_200;

let server: TestServer;
let site: Site;
let baseUrl: string;
/** The server's sockets, by the ports of the clients. */
const sockets = new Map<number | undefined, net.Socket>();
const opened: http.IncomingMessage[] = [];
beforeAll(async () => {
  // One slot for each kind. A slot that is not freed would block the next request for ever.
  server = await startTestServer({}, { database: { exportPoolSize: 2, listPoolSize: 2 } });
  site = await addLargeSite(server, { events: 12_000, people: 60_000 });
  baseUrl = await listen(server);
  server.app.server.on('connection', (socket: net.Socket) => sockets.set(socket.remotePort, socket));
});
afterEach(async () => {
  for (const response of opened.splice(0)) response.destroy();
  await expect.poll(() => countTransactions(server.db)).toBe(0);
  server.logs.length = 0;
});
afterAll(() => server.close());

const urlOf = (path: string) => `${baseUrl}/v1/analytics/${path}`;

async function open(path: string, headers?: Record<string, string>): Promise<http.IncomingMessage> {
  const response = await openPaused(urlOf(path), site, headers);
  response.on('error', () => undefined);
  opened.push(response);
  expect(response.statusCode).toBe(200);
  return response;
}

const passS = (seconds: number) => {
  server.stopwatch.nowMs += seconds * 1_000;
};

/**
 * Reads at `bytesPerS`, for at most `mostS`. Time passes while the server waits for its reader, because the buffers are
 * full or everything has been sent.
 */
async function readSlowly(
  response: http.IncomingMessage,
  bytesPerS: number,
  mostS = Number.POSITIVE_INFINITY,
): Promise<void> {
  const socket = sockets.get(response.socket.localPort);
  const isAnswered = () =>
    server.logs.some(
      (line) => line.includes(`"${response.headers.correlationid}"`) && line.includes('"answered"'),
    );
  const iterator = response.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  let bytes = 0;
  try {
    for (let passedS = 0; passedS < mostS; passedS += bytes / bytesPerS) {
      while (!socket?.writableNeedDrain && !socket?.destroyed && !isAnswered()) await setImmediate();
      passS(bytes / bytesPerS);
      const { value, done } = await iterator.next();
      if (done) return;
      bytes = value.length;
    }
  } catch {
    // The server cut the answer off.
  } finally {
    await iterator.return?.();
  }
}

const cutLines = () =>
  server.logs.filter((line) => line.includes('cut off')).map((line) => JSON.parse(line) as object);

describe.each(['json', 'parquet'])('an export as %s', (format) => {
  const openExport = () => open(`${EXPORT}&format=${format}`);

  test('is cut off visibly if its reader takes a chunk every 15 s, with one line in the log', async () => {
    const response = await openExport();
    await readSlowly(response, HOSTILE_BYTES_PER_S, LONG_ENOUGH_S);
    await expect.poll(cutLines).not.toEqual([]);
    if (!response.closed) await readAll(response);
    expect(response.complete).toBe(false);
    expect(cutLines()).toEqual([
      expect.objectContaining({
        level: 'warn',
        correlationId: response.headers.correlationid,
        route: '/v1/analytics/presence/basic',
        apiKey: site.key.apiKey,
        sentBytes: expect.any(Number),
        waitedS: expect.any(Number),
        msg: 'cut off: the reader of this answer is too slow',
      }),
    ]);
    // The server has freed its slot and its connection.
    await openExport();
  });

  test('arrives completely over a line of 1 Mbit/s', async () => {
    const response = await openExport();
    await readSlowly(response, HONEST_BYTES_PER_S);
    expect(response.complete).toBe(true);
    expect(cutLines()).toEqual([]);
  });
});

test.each([
  [EXPORT, 'gzip'],
  [EXPORT, 'br'],
  [`${EXPORT}&limit=8000`, 'identity'],
  ['users/basic', 'identity'],
])('the answer to %s, coded %s, is cut off if its client never reads', async (path, coding) => {
  const headers = { 'accept-encoding': coding };
  const response = await open(path, headers);
  await until(() => {
    passS(60);
    return cutLines().length > 0;
  });
  expect(cutLines()).toHaveLength(1);
  expect((await readAll(response)).complete).toBe(false);
  await open(path, headers);
});

test('a client that reads until the connection closes can tell a cut-off answer from a complete one', async () => {
  // Node.js itself takes some resets for a normal end.
  const curl = spawn('curl', [
    '--silent',
    '--http1.0',
    '--user',
    `${site.key.apiKey}:${site.key.secret}`,
    urlOf(`${EXPORT}&format=ndjson`),
  ]);
  await until(() => {
    passS(60);
    return cutLines().length > 0;
  });
  expect(cutLines()).toHaveLength(1);
  // Until here, nothing has read the output of curl.
  curl.stdout.resume();
  const CURLE_RECV_ERROR = 56;
  expect(await once(curl, 'close')).toEqual([CURLE_RECV_ERROR, null]);
});

/** The cursor as another database would issue it. */
const foreign = (own: string) =>
  encodeCursor({ ...decodeCursor(own, 'changedSince'), database: randomUUID() });

describe('the only slot of an organisation becomes free after', () => {
  const DAYS = EXPORT.slice(EXPORT.indexOf('?') + 1);
  const cases: [string, string, RequestInit, number][] = [
    ['HEAD', EXPORT, { method: 'HEAD' }, 200],
    ['HEAD of a short list', 'desks/basic', { method: 'HEAD' }, 200],
    ['an unchanged list', 'desks/basic', { headers: { 'if-none-match': '*' } }, 304],
    ['a page', `${EXPORT}&limit=3`, {}, 200],
    ['an export without rows', 'visitors/basic?startDate=2020-01-01&endDate=2020-01-02', {}, 200],
    ['a wrong parameter', `presence/basic?${DAYS}&limit=none`, {}, 400],
    ['a cursor of another database', `presence/basic?changedSince=CURSOR`, {}, 410],
    ['changes', `presence/basic?changedSince=OWN`, {}, 200],
  ];
  test.each(cases)('%s', async (_, path, init, status) => {
    const { headers } = await server.app.inject({ url: '/v1/analytics/desks/basic', headers: site.headers });
    const own = String(headers['rollcall-cursor']);
    const url = urlOf(path.replace('OWN', own).replace('CURSOR', foreign(own)));
    for (let call = 0; call < 3; call++) {
      const answer = await fetch(url, { ...init, headers: { ...site.headers, ...init.headers } });
      await answer.arrayBuffer();
      expect(answer.status).toBe(status);
    }
    await open(EXPORT);
    await open('users/basic');
  });
});

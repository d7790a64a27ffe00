import { once } from 'node:events';
import http from 'node:http';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { LONGEST_WAIT_S } from '../src/http/slots.ts';
import { asAdmin, countTransactions } from './support/database.ts';
import { addSite, goodEvent, insertPresence, results, type Site } from './support/presence.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';
import {
  countConnections,
  listen,
  openPaused,
  pipeline,
  readAll,
  requestsArrive,
} from './support/sockets.ts';

const ROWS = 60_000;
const EXPORT_CONNECTIONS = 4;
/** An organisation may use half of them. */
const SHARE = EXPORT_CONNECTIONS / 2;

let server: TestServer;
let site: Site;
let otherSite: Site;
let exportUrl: string;
const open: http.IncomingMessage[] = [];

beforeAll(async () => {
  server = await startTestServer();
  site = await addSite(server);
  await insertPresence(server, site, ROWS);
  otherSite = await addSite(server);
  await insertPresence(server, otherSite, ROWS);
  const baseUrl = await listen(server);
  exportUrl = `${baseUrl}/v1/analytics/presence/basic?startDate=2026-03-01&endDate=2026-03-31`;
});
afterEach(async () => {
  for (const response of open.splice(0)) response.destroy();
  await expect.poll(exportsRunning).toBe(0);
});
afterAll(() => server.close());

async function openExport(reader = site): Promise<http.IncomingMessage> {
  const response = await openPaused(exportUrl, reader);
  open.push(response);
  return response;
}

/** As many exports as there are connections, of two organisations. */
const openAll = () =>
  Promise.all(
    Array.from({ length: EXPORT_CONNECTIONS }, (_, index) => openExport(index < SHARE ? site : otherSite)),
  );

const inDatabase = <T>(work: (client: pg.Client, database: string) => Promise<T>) =>
  asAdmin((client) => work(client, server.db.target.database ?? ''));

const exportsRunning = () => countTransactions(server.db);

test('an export is sent while the server still reads it from the database, and is complete', async () => {
  const response = await openExport();
  expect(response.headers).toMatchObject({
    'transfer-encoding': 'chunked',
    'content-type': 'application/json; charset=utf-8',
  });
  await once(response, 'readable');
  expect(response.read(1)?.toString()).toBe('[');
  await expect.poll(exportsRunning).toBe(1);
  const { text, complete } = await readAll(response);
  expect(complete).toBe(true);
  const rows = JSON.parse(`[${text}`) as { eventId: string }[];
  expect(rows).toHaveLength(ROWS);
  expect(new Set(rows.map((row) => row.eventId)).size).toBe(ROWS);
});

test('readers that stop reading, on every export connection, delay no event and no other request', async () => {
  await openAll();
  await expect.poll(exportsRunning).toBe(EXPORT_CONNECTIONS);

  const refused = openExport().then(async (response) => ({ response, body: await readAll(response) }));
  let answered = false;
  void refused.then(() => {
    answered = true;
  });
  // Time passes only in these steps, so that an event that waited for an export would wait for ever.
  while (!answered) {
    server.stopwatch.nowMs += LONGEST_WAIT_S * 100;
    const [result] = await results(server, site, [goodEvent(site, { timestamp: '2026-01-01T00:00:00Z' })]);
    expect(result?.resultCode).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { response, body } = await refused;
  expect(response.statusCode).toBe(503);
  expect(response.headers).toMatchObject({
    'content-type': 'application/problem+json',
    'retry-after': expect.stringMatching(/^\d+$/),
  });
  expect(JSON.parse(body.text)).toMatchObject({ status: 503, correlationId: expect.any(String) });

  const patient = open[0] as http.IncomingMessage;
  expect(JSON.parse((await readAll(patient)).text)).toHaveLength(ROWS);
});

test('a client that hangs up frees its export connection', async () => {
  for (let round = 0; round < 2; round++) {
    const readers = await openAll();
    for (const response of readers) response.destroy();
    await expect.poll(exportsRunning).toBe(0);
  }
});

test('a client that hangs up before the first row frees its export connection', async () => {
  await server.db.owner.inSystem(async (tx) => {
    await tx.query('LOCK TABLE presence_events');
    const requests = Array.from({ length: SHARE }, () =>
      http.get(exportUrl, { headers: site.headers, agent: false }).on('error', () => undefined),
    );
    await expect.poll(exportsRunning).toBe(SHARE + 1);
    for (const request of requests) request.destroy();
    // The server must notice the end of the connection before the first row.
    await expect.poll(() => countConnections(server)).toBe(0);
  });
  await expect.poll(exportsRunning).toBe(0);
  expect((await openExport()).statusCode).toBe(200);
});

test('a client that hangs up during the look-up of its key frees its share', async () => {
  const late = { headers: { authorization: basic(await server.key(site.tenantId)) } };
  await server.db.owner.inSystem(async (tx) => {
    await tx.query('LOCK TABLE api_key_index');
    const arrived = requestsArrive(server, SHARE);
    const requests = Array.from({ length: SHARE }, () =>
      http.get(exportUrl, { headers: late.headers, agent: false }).on('error', () => undefined),
    );
    await arrived;
    for (const request of requests) request.destroy();
    await expect.poll(() => countConnections(server)).toBe(0);
  });
  expect((await openExport()).statusCode).toBe(200);
});

test('exports that wait behind another one on a connection end with the connection', async () => {
  const requests = Array.from({ length: SHARE }, () => ({ url: exportUrl, headers: site.headers }));
  const socket = await pipeline(exportUrl, requests);
  await expect.poll(exportsRunning).toBe(SHARE);
  socket.resetAndDestroy();
  await expect.poll(exportsRunning).toBe(0);
  expect((await openExport()).statusCode).toBe(200);
});

test.each([
  ['while it is read', false],
  ['while its reader pauses', true],
])('an export whose database connection breaks %s breaks off visibly', async (_, paused) => {
  const response = await openExport();
  const transfer = paused ? undefined : readAll(response);
  await inDatabase((client, database) =>
    client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = $1 AND application_name = 'rollcall' AND xact_start IS NOT NULL
         AND backend_type = 'client backend'`,
      [database],
    ),
  );
  const { text, complete } = await (transfer ?? readAll(response));
  expect(complete).toBe(false);
  expect(() => JSON.parse(text)).toThrow(SyntaxError);
  expect((await openExport()).statusCode).toBe(200);
});

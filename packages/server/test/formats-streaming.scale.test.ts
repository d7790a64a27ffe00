import { once } from 'node:events';
import http from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { LONGEST_WAIT_S } from '../src/http/slots.ts';
import { asAdmin, countTransactions } from './support/database.ts';
import { addLargeSite } from './support/large-site.ts';
import type { Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { countConnections, listen, openPaused, readAll } from './support/sockets.ts';
import { until } from './support/waiting.ts';

const ROWS = 20_000;
/** An organisation may use half of the four connections. */
const SHARE = 2;

let server: TestServer;
let site: Site;
let exportUrl: string;
const open: http.IncomingMessage[] = [];

beforeAll(async () => {
  server = await startTestServer();
  site = await addLargeSite(server, { events: ROWS });
  const baseUrl = await listen(server);
  exportUrl = `${baseUrl}/v1/analytics/presence/basic?startDate=2026-03-01&endDate=2026-03-31`;
});
afterEach(async () => {
  for (const response of open.splice(0)) response.destroy();
  await expect.poll(exportsRunning).toBe(0);
});
afterAll(() => server.close());

async function openExport(format: string, coding?: string): Promise<http.IncomingMessage> {
  const response = await openPaused(`${exportUrl}&format=${format}`, site, codingHeader(coding));
  open.push(response);
  return response;
}

const codingHeader = (coding?: string): Record<string, string> =>
  coding ? { 'accept-encoding': coding } : {};

const breakDatabaseConnection = () =>
  inDatabase((client, database) =>
    client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = $1 AND application_name = 'rollcall' AND xact_start IS NOT NULL`,
      [database],
    ),
  );

/**
 * Breaks the connection in the middle of an export, and reads what came of it. The first piece is read before: if the server cuts the
 * answer while the reader pauses, the client throws away what it has not handed out.
 */
async function readBrokenOff(response: http.IncomingMessage) {
  await once(response, 'readable');
  const begun: Buffer = response.read();
  await breakDatabaseConnection();
  const { complete, bytes } = await readAll(response);
  return { complete, bytes: Buffer.concat([begun, bytes]) };
}

const inDatabase = <T>(work: (client: pg.Client, database: string) => Promise<T>) =>
  asAdmin((client) => work(client, server.db.target.database ?? ''));

const exportsRunning = () => countTransactions(server.db);

describe.each(['ndjson', 'csv'])('%s', (format) => {
  test('is sent while the server still reads it from the database, and is complete', async () => {
    const response = await openExport(format);
    expect(response.headers).toMatchObject({ 'transfer-encoding': 'chunked' });
    await once(response, 'readable');
    await expect.poll(exportsRunning).toBe(1);
    const { text, complete } = await readAll(response);
    expect(complete).toBe(true);
    const lines = text.split(/\r?\n/).filter((line) => line !== '');
    expect(lines).toHaveLength(format === 'csv' ? ROWS + 1 : ROWS);
    expect(new Set(lines).size).toBe(lines.length);
  });
});

test('parquet is sent while the server still reads it from the database, and is complete', async () => {
  const response = await openExport('parquet');
  expect(response.headers).toMatchObject({ 'transfer-encoding': 'chunked' });
  await once(response, 'readable');
  await expect.poll(exportsRunning).toBe(1);
  const { bytes, complete } = await readAll(response);
  expect(complete).toBe(true);
  expect([bytes.subarray(0, 4), bytes.subarray(-4)].map(String)).toEqual(['PAR1', 'PAR1']);
});

describe.each(['ndjson', 'csv', 'parquet'])('%s', (format) => {
  test('breaks off visibly if its database connection breaks', async () => {
    const { complete, bytes } = await readBrokenOff(await openExport(format));
    expect(bytes.length).toBeGreaterThan(1_000);
    expect(complete).toBe(false);
    // The file lacks the footer. Without it, nothing can read a Parquet file.
    expect(bytes.subarray(-4).toString()).not.toBe('PAR1');
  }, 60_000);

  test('a client that hangs up frees its export connection at once', async () => {
    const readers = await Promise.all(Array.from({ length: SHARE }, () => openExport(format)));
    await expect.poll(exportsRunning).toBe(SHARE);
    for (const response of readers) response.destroy();
    await expect.poll(exportsRunning).toBe(0);
    expect((await openExport(format)).statusCode).toBe(200);
  });
});

describe.each([
  ['br', brotliDecompressSync],
  ['gzip', gunzipSync],
] as const)('%s', (coding, decode) => {
  test('is sent while the server still reads it from the database, and has the same rows', async () => {
    const response = await openExport('ndjson', coding);
    expect(response.headers).toMatchObject({ 'content-encoding': coding, 'transfer-encoding': 'chunked' });
    await once(response, 'readable');
    await expect.poll(exportsRunning).toBe(1);
    const { bytes, complete } = await readAll(response);
    expect(complete).toBe(true);
    expect(decode(bytes).toString() === (await readAll(await openExport('ndjson'))).text).toBe(true);
  });

  test.each(['json', 'csv'])('of %s breaks off visibly if its database connection breaks', async (format) => {
    const { complete, bytes } = await readBrokenOff(await openExport(format, coding));
    expect(bytes.length).toBeGreaterThan(1_000);
    expect(complete).toBe(false);
    expect(() => decode(bytes)).toThrow('unexpected end of file');
  });

  test('a client that hangs up frees its export connection', async () => {
    const open = () => openExport('json', coding);
    for (let round = 0; round < 2; round++) {
      const readers = await Promise.all(Array.from({ length: SHARE }, open));
      await expect.poll(exportsRunning).toBe(SHARE);
      for (const response of readers) response.destroy();
      await expect.poll(exportsRunning).toBe(0);
    }
  });

  test('a client that hangs up before the first row frees its export connection', async () => {
    await server.db.owner.inSystem(async (tx) => {
      await tx.query('LOCK TABLE presence_events');
      const headers = { ...site.headers, ...codingHeader(coding) };
      const requests = Array.from({ length: SHARE }, () =>
        http.get(exportUrl, { headers, agent: false }).on('error', () => undefined),
      );
      await expect.poll(exportsRunning).toBe(SHARE + 1);
      for (const request of requests) request.destroy();
      // The server must notice the end of the connection before the first row.
      await expect.poll(() => countConnections(server)).toBe(0);
    });
    await expect.poll(exportsRunning).toBe(0);
    expect((await openExport('json', coding)).statusCode).toBe(200);
  });
});

test('a failure before the first row is an ordinary error, not compressed', async () => {
  for (let reader = 0; reader < SHARE; reader++) await openExport('json');
  let isAnswered = false;
  const answer = openExport('csv', 'gzip, br').finally(() => {
    isAnswered = true;
  });
  await until(() => {
    server.stopwatch.nowMs += LONGEST_WAIT_S * 1_000;
    return isAnswered;
  });
  const refused = await answer;
  expect(refused.statusCode).toBe(503);
  expect(refused.headers).toMatchObject({ 'content-type': 'application/problem+json' });
  expect(refused.headers).not.toHaveProperty('content-encoding');
  expect(JSON.parse((await readAll(refused)).text)).toMatchObject({ status: 503 });
});

import { once } from 'node:events';
import type http from 'node:http';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { asAdmin } from './support/database.ts';
import { addSite, insertPresence, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { listen, openPaused, readAll } from './support/sockets.ts';

const ROWS = 60_000;

let server: TestServer;
let site: Site;
let exportUrl: string;
const open: http.IncomingMessage[] = [];

beforeAll(async () => {
  server = await startTestServer();
  site = await addSite(server);
  await insertPresence(server, site, ROWS);
  const baseUrl = await listen(server);
  exportUrl = `${baseUrl}/v1/analytics/presence/basic?startDate=2026-03-01&endDate=2026-03-31`;
});
afterEach(async () => {
  for (const response of open.splice(0)) response.destroy();
  await vi.waitFor(async () => expect(await exportsRunning()).toBe(0), 10_000);
});
afterAll(() => server.close());

async function openExport(format: string): Promise<http.IncomingMessage> {
  const response = await openPaused(`${exportUrl}&format=${format}`, site);
  open.push(response);
  return response;
}

const inDatabase = <T>(work: (client: pg.Client, database: string) => Promise<T>) =>
  asAdmin((client) => work(client, server.db.target.database ?? ''));

/** How many transactions of exports are open in the database. */
const exportsRunning = () =>
  inDatabase(async (client, database) => {
    const { rows } = await client.query<{ count: string }>(
      `SELECT count(*) FROM pg_stat_activity
       WHERE datname = $1 AND application_name = 'rollcall' AND xact_start IS NOT NULL`,
      [database],
    );
    return Number(rows[0]?.count);
  });

describe.each(['ndjson', 'csv'])('%s', (format) => {
  test('is sent while it is still being read from the database, and is whole', async () => {
    const response = await openExport(format);
    expect(response.headers).toMatchObject({ 'transfer-encoding': 'chunked' });
    await once(response, 'readable');
    expect(await exportsRunning()).toBe(1);
    const { text, complete } = await readAll(response);
    expect(complete).toBe(true);
    const lines = text.split(/\r?\n/).filter((line) => line !== '');
    expect(lines).toHaveLength(format === 'csv' ? ROWS + 1 : ROWS);
    expect(new Set(lines).size).toBe(lines.length);
  });

  test('breaks off visibly where its database connection breaks', async () => {
    const response = await openExport(format);
    await inDatabase((client, database) =>
      client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = $1 AND application_name = 'rollcall' AND xact_start IS NOT NULL`,
        [database],
      ),
    );
    const { complete, text } = await readAll(response);
    expect(text.length).toBeGreaterThan(1_000);
    expect(complete).toBe(false);
  });
});

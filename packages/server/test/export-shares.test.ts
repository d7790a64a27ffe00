import type http from 'node:http';
import net from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { LONGEST_WAIT_S, MOST_WAITING } from '../src/warehouse/slots.ts';
import { addSite, insertPresence, type Site } from './support/presence.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';
import { listen, openPaused, readAll } from './support/sockets.ts';

/** More than the buffers on the way to a reader take, in every format and coding. */
const ROWS = 8_000;
const PEOPLE = 40_000;
/** Of four database connections for each kind an organisation has two. */
const SHARE = 2;
const PRESENCE = 'presence/basic?startDate=2026-03-01&endDate=2026-03-31';

let server: TestServer;
let baseUrl: string;
let hostile: Site;
let other: Site;
let third: Site;
const opened: Promise<http.IncomingMessage>[] = [];

beforeAll(async () => {
  server = await startTestServer({}, { database: { exportPoolSize: 4, listPoolSize: 4 } });
  baseUrl = await listen(server);
  [hostile, other, third] = [await largeSite(), await largeSite(), await largeSite()];
});
afterEach(async () => {
  for (const response of opened.splice(0)) (await response.catch(() => undefined))?.destroy();
  await vi.waitFor(async () => expect(await transactions()).toBe(0), 10_000);
});
afterAll(() => server.close());

/** An organisation with many people, and events that hardly compress. */
async function largeSite(): Promise<Site> {
  const site = await addSite(server);
  await insertPresence(server, site, ROWS);
  await server.db.owner.inTenant(site.tenantId, async (tx) => {
    await tx.query(
      `UPDATE presence_events SET source_id = (SELECT string_agg(md5(event_id || i), '') FROM generate_series(1, 96) AS i)
       WHERE tenant_id = $1`,
      [site.tenantId],
    );
    await tx.query(
      `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, first_name, last_name, onboarded, status)
       SELECT $1, gen_random_uuid(), 'person' || i, 'person' || i, repeat(md5(i::text), 4), repeat(md5(i::text), 4), true, 'active'
       FROM generate_series(1, $2::integer) AS i`,
      [site.tenantId, PEOPLE],
    );
  });
  return site;
}

/** Asks for an answer of the warehouse, which is not read; resolves when its headers have come. */
function open(site: Site, path = PRESENCE, headers: Record<string, string> = {}): Promise<http.IncomingMessage> {
  const response = openPaused(`${baseUrl}/v1/analytics/${path}`, site, headers);
  opened.push(response);
  return response;
}

const openMany = (site: Site, count: number, path?: string) =>
  Promise.all(Array.from({ length: count }, () => open(site, path)));

/** How many transactions of requests are open in the database. */
async function transactions(): Promise<number> {
  const { rows } = await server.db.owner.inSystem((tx) =>
    tx.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'rollcall' AND xact_start IS NOT NULL
         AND pid <> pg_backend_pid()`,
    ),
  );
  return rows[0]?.count ?? 0;
}

const connections = () =>
  new Promise<number>((resolve) => server.app.server.getConnections((_error, count) => resolve(count)));

/** Waits until the server has taken in so many connections. */
const untilConnected = (count: number) =>
  vi.waitFor(async () => expect(await connections()).toBeGreaterThanOrEqual(count), 10_000);

const isAnswered = (response: Promise<unknown>) => {
  const state = { answered: false };
  response.then(
    () => (state.answered = true),
    () => undefined,
  );
  return state;
};

const get = (site: Site, path: string, headers: Record<string, string> = {}) =>
  server.app.inject({ url: `/v1/analytics/${path}`, headers: { ...site.headers, ...headers } });

const advanceS = (seconds: number) => {
  server.stopwatch.nowMs += seconds * 1_000;
};

const cutLines = () => server.logs.filter((line) => line.includes('cut off'));

describe('an organisation', () => {
  test('has half of the connections for exports, with all of its keys; the other half is there for others', async () => {
    await openMany(hostile, SHARE);
    const secondKey = await server.key(hostile.tenantId);
    const waiting = open({ ...hostile, headers: { authorization: basic(secondKey) } });
    const state = isAnswered(waiting);
    for (const response of await openMany(other, SHARE)) {
      expect(response.statusCode).toBe(200);
      expect((await readAll(response)).complete).toBe(true);
    }
    expect(state.answered).toBe(false);
    (await opened[0])?.destroy();
    expect((await waiting).statusCode).toBe(200);
  });

  test('whose export waits too long for its turn is told why, and when to come again', async () => {
    await openMany(hostile, SHARE);
    const before = await connections();
    const waiting = open(hostile);
    await untilConnected(before + 1);
    expect((await get(other, `${PRESENCE}&userIds=${other.user.userId}&limit=1`)).statusCode).toBe(200);
    await vi.waitFor(async () => {
      advanceS(LONGEST_WAIT_S);
      expect(isAnswered(waiting)).toBeDefined();
      await Promise.race([waiting, Promise.reject(new Error('It waits.'))]);
    }, 10_000);
    const response = await waiting;
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('10');
    expect(JSON.parse((await readAll(response)).text).detail).toBe(
      'Your organisation has 2 exports in hand, as many as it may have at once, and this request waited 20 s for its turn; please try again.',
    );
  });
});

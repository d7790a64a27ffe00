import { fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Rollcall } from './cli/support.ts';
import { countTransactions } from './support/database.ts';
import { addLargeSite } from './support/large-site.ts';
import { addSite, goodEvent, insertPresence, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';

/** What is promised of the other organisation's p99 at ingest: the larger of both. */
const MOST_TIMES_CALM = 3;
const MOST_MS = 50;
const RUNS = 5;
const RUN_MS = 8_000;
const EVENT_PAUSE_MS = 10;
const READ_PAUSE_MS = 500;
/** A hostile reader takes a chunk so often. */
const CHUNK_PAUSE_MS = 15_000;
/** As the server comes: of six connections for exports and four for short lists, an organisation has half. */
const SHARES = 3 + 2;

const DAYS = 'startDate=2026-03-01&endDate=2026-03-31';
const READS = ['users', `metrics?${DAYS}`, `presence?${DAYS}`];
const EXPORTS = Array.from({ length: 8 }, () => `presence?${DAYS}`);
const LISTS = Array.from({ length: 4 }, () => ['users', `presence?${DAYS}&limit=10000`]).flat();

let server: TestServer;
let hostile: Site;
let other: Site;
let rollcall: Rollcall;
let baseUrl: string;
beforeAll(async () => {
  server = await startTestServer();
  hostile = await addLargeSite(server, { events: 20_000, people: 100_000 });
  other = await addSite(server);
  await insertPresence(server, other, 5_000);
  await server.db.owner.inSystem((tx) => tx.query('ANALYZE'));
  rollcall = new Rollcall(['serve', '--port', '0'], {
    env: { DATABASE_URL: urlOf(server), ROLLCALL_MASTER_KEY: server.masterKey.export() },
  });
  baseUrl = await rollcall.baseUrl();
}, 600_000);
afterAll(async () => {
  await rollcall.stop();
  await server.close();
});

function urlOf({ db }: TestServer): string {
  const { host = '', port = 5432, user = '', password = '', database = '' } = db.target;
  const where = `host=${encodeURIComponent(host)}&port=${port}`;
  return `postgres://${user}:${encodeURIComponent(String(password))}@/${database}?${where}`;
}

const basicUrl = (path: string) => `${baseUrl}/v1/analytics/${path.replace(/(?=\?|$)/, '/basic')}`;

/** A whole answer: its status, and how long it took. Throws where it breaks off. */
async function call(url: string, agent: http.Agent, event?: object): Promise<{ status: number; ms: number }> {
  const startedMs = performance.now();
  const status = await new Promise<number>((resolve, reject) => {
    const headers = { ...other.headers, ...(event && { 'content-type': 'application/json' }) };
    const request = http.request(url, { method: event ? 'POST' : 'GET', headers, agent }, (response) => {
      response
        .once('error', reject)
        .once('end', () => resolve(response.statusCode ?? 0))
        .resume();
    });
    request.once('error', reject).end(event && JSON.stringify(event));
  });
  return { status, ms: performance.now() - startedMs };
}

interface Run {
  ingestP99Ms: number;
  slowestReadMs: number;
}

/** What the other organisation sees while it sends events one by one and reads, each as fast as it is served. */
async function run(): Promise<Run> {
  const agent = new http.Agent({ keepAlive: true });
  const untilMs = performance.now() + RUN_MS;
  const eventsMs: number[] = [];
  const readsMs: number[] = [];
  const send = async () => {
    while (performance.now() < untilMs) {
      const presenceEvents = [
        goodEvent(other, { timestamp: '2026-01-01T00:00:00Z', eventId: `e${eventsMs.length}` }),
      ];
      const { status, ms } = await call(`${baseUrl}/v1/presence/basic`, agent, {
        sourceId: 'door',
        presenceEvents,
      });
      expect(status).toBe(200);
      eventsMs.push(ms);
      await delay(EVENT_PAUSE_MS);
    }
  };
  const read = async () => {
    while (performance.now() < untilMs) {
      for (const path of READS) {
        const { status, ms } = await call(basicUrl(path), agent);
        expect([path, status]).toEqual([path, 200]);
        readsMs.push(ms);
      }
      await delay(READ_PAUSE_MS);
    }
  };
  await Promise.all([send(), read()]);
  agent.destroy();
  eventsMs.sort((a, b) => a - b);
  return {
    ingestP99Ms: eventsMs[Math.floor(eventsMs.length * 0.99)] ?? 0,
    slowestReadMs: Math.max(...readsMs),
  };
}

async function runs(): Promise<Run[]> {
  const all: Run[] = [];
  for (let count = 0; count < RUNS; count++) all.push(await run());
  return all;
}

const median = (runs: Run[], of: keyof Run) =>
  runs.map((run) => run[of]).sort((a, b) => a - b)[RUNS >> 1] as number;

const written = (runs: Run[]) =>
  `p99 of events ${median(runs, 'ingestP99Ms').toFixed(1)} ms (${runs.map(({ ingestP99Ms }) => ingestP99Ms.toFixed(1)).join(', ')}), ` +
  `slowest of its reads ${Math.max(...runs.map(({ slowestReadMs }) => slowestReadMs)).toFixed(0)} ms`;

test('an organisation that reads exports and short lists as slowly as can be takes nothing from another one', async () => {
  await run();
  const calm = await runs();
  const attacker = fork(fileURLToPath(new URL('support/slow-readers.mjs', import.meta.url)));
  const urls = [...EXPORTS, ...LISTS].map(basicUrl);
  attacker.send({ urls, headers: hostile.headers, pauseMs: CHUNK_PAUSE_MS });
  // All of its shares are in use, by transfers that do not end.
  await vi.waitFor(
    async () => expect(await countTransactions(server.db)).toBeGreaterThanOrEqual(SHARES),
    30_000,
  );
  const attacked = await runs();
  const report = once(attacker, 'message');
  attacker.send('enough');
  const [got] = await report;
  console.log(
    `calm: ${written(calm)}\nattacked: ${written(attacked)}\n` +
      `the attacker: ${got.answers} answers, ${got.chunks} chunks, ${got.refusals} refusals, ${got.breaks} broken off, ` +
      `${(got.cpuShare * 100).toFixed(1)} % of a processor`,
  );
  expect(got.answers).toBeGreaterThanOrEqual(SHARES);
  expect(got.refusals).toBeGreaterThan(0);
  expect(median(attacked, 'ingestP99Ms')).toBeLessThan(
    Math.max(MOST_MS, MOST_TIMES_CALM * median(calm, 'ingestP99Ms')),
  );
});

import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LiveProgress, live } from '../../src/demo/live.ts';
import { type Demo, ensureDemo } from '../../src/demo/organisation.ts';
import { basic, startTestServer, type TestServer } from '../support/server.ts';

/** Early on a Wednesday in London, before people come. */
const NOW = Date.parse('2026-06-17T05:00:00Z');
const HOUR_MS = 3_600_000;

let server: TestServer;
let demo: Demo;
let baseUrl: string;
beforeAll(async () => {
  server = await startTestServer();
  server.clock.nowMs = NOW;
  const { db, masterKey, clock } = server;
  const deps = { owner: db.owner, masterKey, clock: clock.read, onProgress: () => {} };
  demo = await ensureDemo({ users: 80, days: 2, seed: 5 }, deps);
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  baseUrl = `http://127.0.0.1:${(server.app.server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const keyOf = (role: string, authentication: string) =>
  demo.keys.find((key) => key.role === role && key.authentication === authentication) ??
  expect.fail('no key');

async function events(day: string): Promise<Record<string, unknown>[]> {
  const reply = await fetch(`${baseUrl}/v1/analytics/presence/basic?startDate=${day}&endDate=${day}`, {
    headers: { authorization: basic(keyOf('all', 'basic')) },
  });
  return (await reply.json()) as Record<string, unknown>[];
}

/** Continues the day, one round for each step of the clock. */
async function goOn(speed: number, steps: number[]): Promise<LiveProgress[]> {
  const rounds: LiveProgress[] = [];
  const stop = new AbortController();
  await live(demo.directory, {
    baseUrl,
    submitKey: keyOf('submitting-events', 'basic'),
    readKey: keyOf('all', 'basic'),
    speed,
    clock: server.clock.read,
    signal: stop.signal,
    onRound: (progress) => {
      rounds.push(progress);
      const step = steps[rounds.length - 1];
      if (step === undefined) stop.abort();
      else server.clock.nowMs += step;
    },
  });
  return rounds;
}

test('the live day continues through the HTTP API, faster with --speed, and at most a day ahead', async () => {
  expect((await events('2026-06-17')).filter(({ locationName }) => locationName === 'London Bridge')).toEqual(
    [],
  );

  const [atOnce, later] = await goOn(1, [5 * HOUR_MS]);
  expect(atOnce?.trouble).toBeNull();
  expect(later?.atMs).toBe(NOW + 5 * HOUR_MS);
  const morning = await events('2026-06-17');
  const times = morning.map(({ timestamp }) => Date.parse(String(timestamp)));
  expect(morning.filter(({ locationName }) => locationName === 'London Bridge').length).toBeGreaterThan(5);
  expect(Math.max(...times)).toBeLessThanOrEqual(NOW + 5 * HOUR_MS);

  const fast = await goOn(60, [10 * 60_000, 20 * 60_000]);
  expect(fast.map(({ trouble }) => trouble)).toEqual([null, null, null]);
  const startMs = NOW + 5 * HOUR_MS;
  expect(fast[1]?.atMs).toBe(startMs + 10 * HOUR_MS);
  expect(fast[2]?.atMs).toBeLessThan(server.clock.nowMs + 24 * HOUR_MS);
  expect(fast[2]?.atMs).toBeGreaterThan(server.clock.nowMs + 23 * HOUR_MS);
  const evening = await events('2026-06-17');
  expect(evening.length).toBeGreaterThan(morning.length);
  expect((await events('2026-06-18')).length).toBeGreaterThan(5);
  // Each event is there once, although the second run began again with this day's midnight.
  expect(new Set(evening.map(({ eventId, userId }) => `${eventId} ${userId}`)).size).toBe(evening.length);
});

test('events that the server cannot accept now are submitted later', async () => {
  server.clock.nowMs = Date.parse('2026-06-22T05:00:00Z');
  const { apiKey } = keyOf('submitting-events', 'basic');
  const setRevoked = (revokedAt: string | null) =>
    server.db.owner.inSystem(async (tx) => {
      const { rows } = await tx.query<{ id: string }>('SELECT tenant_id AS id FROM organisations');
      await tx.query("SELECT set_config('rollcall.tenant_id', $1, true)", [rows[0]?.id]);
      await tx.query('UPDATE api_keys SET revoked_at = $1 WHERE api_key = $2', [revokedAt, apiKey]);
    });
  await setRevoked('2026-06-22T00:00:00Z');
  const [refused] = await goOn(1, []);
  expect(refused?.trouble).toBe('401 from /v1/auth/');
  await setRevoked(null);
  const [, taken] = await goOn(1, [6 * HOUR_MS]);
  expect(taken?.trouble).toBeNull();
  expect((await events('2026-06-22')).length).toBeGreaterThan(5);
});

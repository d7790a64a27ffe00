import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fate } from './support/proxy.ts';
import { daysAgo, eventsOf, type Setup, setUp } from './support/setup.ts';

const EVENTS = 10_000;
const FAULTS: Fate[] = [
  'refuse',
  'lose',
  'twice',
  'break',
  'shorten',
  { delayMs: 4000 },
  { delayMs: 50 },
  { status: 503, headers: { 'retry-after': '0' } },
  { status: 429 },
  { status: 502, body: '<html>' },
];

let setup: Setup;
beforeAll(async () => {
  setup = await setUp();
});
afterAll(() => setup.close());

/** Numbers from 0 to 1, the same sequence in each run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test('10,000 events arrive once each through a connection that drops, delays, duplicates and truncates', async () => {
  const random = seeded(20_260_310);
  setup.proxy.fate = () =>
    random() < 0.35 ? (FAULTS[Math.floor(random() * FAULTS.length)] ?? 'pass') : 'pass';
  const client = setup.client({ timeoutMs: 3000, maxRetries: 12 });
  const events = eventsOf(setup, EVENTS, 70, 600_000);
  const seen: number[] = [];
  const { results, refused } = await client.presence.submit('door', events, {
    concurrency: 8,
    onProgress: ({ done }) => seen.push(done),
  });
  expect(refused).toEqual([]);
  expect(results.map(({ eventId }) => eventId)).toEqual(events.map(({ eventId }) => eventId));
  expect(seen.at(-1)).toBe(EVENTS);
  expect(setup.proxy.count('/v1/presence')).toBeGreaterThan(EVENTS / 100);

  // Three windows, each over the same faulty connection.
  const rows = await client.analytics.presence({ startDate: daysAgo(71), endDate: daysAgo(0) });
  expect(rows.map(({ eventId }) => eventId).sort()).toEqual(events.map(({ eventId }) => eventId).sort());
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from '../support/database.ts';
import { heldBytes } from '../support/memory.ts';
import { fillSite } from './horizon-site.ts';
import { Horizon } from './horizon-support.ts';
import { MONDAY, readCounterFaults } from './support.ts';

const PEOPLE = 5_000;
const MEBIBYTE = 1_048_576;

let db: TestDatabase;
let horizon: Horizon;

beforeAll(async () => {
  db = await createTestDatabase();
  horizon = new Horizon(db, await createTestOrganisation(db.owner));
  await fillSite(horizon, { people: PEOPLE, offices: 3, desks: 2_400 });
});
afterAll(() => db.drop());

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const startedMs = performance.now();
  const result = await work();
  return { ms: Math.round(performance.now() - startedMs), result };
}

test('for 5,000 users, the first 14 days, one more day, and a run without work each need bounded time', async () => {
  const first = await timed(() => horizon.run(`${MONDAY}T12:00:00Z`));
  const idle = [];
  for (let n = 0; n < 3; n++) idle.push(await timed(() => horizon.run(`${MONDAY}T12:00:00Z`)));
  const nightly = await timed(() => horizon.run('2026-03-03T12:00:00Z'));
  const idleMs = Math.min(...idle.map(({ ms }) => ms));
  console.info(
    'the horizon of 5,000 people',
    { firstMs: first.ms, idleMs, nightlyMs: nightly.ms },
    first.result,
  );
  expect(first.result.reduce((sum, { days }) => sum + days, 0)).toBe(PEOPLE * 11);
  expect(nightly.result.reduce((sum, { days }) => sum + days, 0)).toBe(PEOPLE);
  expect(idle.map(({ result }) => result)).toEqual([[], [], []]);
  expect(await readCounterFaults(db.owner, horizon.tenantId)).toEqual([]);
  expect(first.ms).toBeLessThan(120_000);
  // One day is an eleventh of the work of the first run.
  expect(nightly.ms).toBeLessThan(first.ms);
  expect(idleMs).toBeLessThan(first.ms / 4);
});

/** The most bytes that this process held while the engine made one day of so many users at one office. */
async function peakBytesOf(people: number): Promise<number> {
  const site = new Horizon(db, await createTestOrganisation(db.owner));
  await fillSite(site, { people, offices: 1, desks: 800 });
  await site.setHorizons(0);
  let peak = heldBytes();
  const timer = setInterval(() => {
    peak = Math.max(peak, heldBytes());
  }, 300);
  try {
    const reports = await site.run(`${MONDAY}T12:00:00Z`);
    expect(reports.reduce((sum, { days }) => sum + days, 0)).toBe(people);
  } finally {
    clearInterval(timer);
  }
  return peak;
}

test('a day of five times as many users needs no more memory, even at one office', async () => {
  await peakBytesOf(2_000);
  const few = await peakBytesOf(6_000);
  const many = await peakBytesOf(30_000);
  console.info('bytes held for 6,000 and for 30,000 users', { few, many });
  expect(many - few).toBeLessThan(8 * MEBIBYTE);
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { Workspace } from './cli/support.ts';
import { COUNT_TRANSACTIONS } from './support/database.ts';
import { enlarge } from './support/large-site.ts';
import {
  attack,
  callFor,
  ingestFor,
  isSettled,
  median,
  mostMs,
  type Neighbours,
  RUNS,
  type Served,
  startNeighbours,
  written,
} from './support/neighbours.ts';
import { insertPresence } from './support/presence.ts';

const RUN_MS = 8_000;
const READ_PAUSE_MS = 170;
/** The interval at which a hostile reader takes a chunk. */
const CHUNK_PAUSE_MS = 15_000;
/** Default settings: of six connections for exports and four for short lists, an organisation has half. */
const SHARES = 3 + 2;

const DAYS = 'startDate=2026-03-01&endDate=2026-03-31';
const READS = ['users', `metrics?${DAYS}`, `presence?${DAYS}`];
const EXPORTS = Array.from({ length: 8 }, () => `presence?${DAYS}`);
const LISTS = Array.from({ length: 4 }, () => ['users', `presence?${DAYS}&limit=10000`]).flat();

let workspace: Workspace;
let neighbours: Neighbours;
beforeAll(async () => {
  workspace = await Workspace.create();
  neighbours = await startNeighbours(workspace);
  const { db, calm, hostile } = neighbours;
  await enlarge(neighbours, hostile, { events: 20_000, people: 100_000 });
  await insertPresence(neighbours, calm, 5_000);
  await db.owner.inSystem((tx) => tx.query('ANALYZE'));
}, 600_000);
afterAll(async () => {
  await neighbours?.stop();
  await workspace.close();
});

const basicPath = (path: string) => `/v1/analytics/${path.replace(/(?=\?|$)/, '/basic')}`;

/** The number of open transactions of the server. */
function countTransactions(): Promise<number> {
  return neighbours.db.owner.inSystem(async (tx) => {
    const { rows } = await tx.query<{ count: number }>(COUNT_TRANSACTIONS, ['rollcall']);
    return rows[0]?.count ?? 0;
  });
}

interface Seen {
  events: Served;
  reads: Served;
}

/** Measures the other organisation, which sends events one by one and reads, each as fast as the server answers. */
async function see(): Promise<Seen> {
  const { baseUrl, calm } = neighbours;
  const read = (turn: number) => ({
    method: 'GET' as const,
    path: basicPath(READS[turn % READS.length] ?? ''),
    headers: calm.headers,
  });
  const [events, reads] = await Promise.all([
    ingestFor(baseUrl, calm, RUN_MS),
    callFor(baseUrl, read, { forMs: RUN_MS, pauseMs: READ_PAUSE_MS }),
  ]);
  expect([events.failures, reads.failures]).toEqual([{}, {}]);
  return { events, reads };
}

const p99sOf = (runs: Seen[]) => runs.map(({ events }) => events.p99Ms);
const reportOf = (runs: Seen[]) =>
  `p99 of events ${written(p99sOf(runs))}, ` +
  `slowest of its reads ${Math.max(...runs.map(({ reads }) => reads.slowestMs)).toFixed(0)} ms`;

test('an organisation with very slow readers of exports and short lists does not slow another one down', async () => {
  const { baseUrl, hostile } = neighbours;
  const calm = [await see()];
  const attacker = await attack('./slow-readers.mjs', {
    urls: [...EXPORTS, ...LISTS].map((path) => baseUrl + basicPath(path)),
    headers: hostile.headers,
    pauseMs: CHUNK_PAUSE_MS,
  });
  // Transfers that do not end use all its shares.
  await expect.poll(countTransactions).toBeGreaterThanOrEqual(SHARES);
  const attacked: Seen[] = [];
  const isOver = () => isSettled(p99sOf(attacked));
  while (attacked.length < RUNS && !isOver()) attacked.push(await see());
  const { counts, processors } = await attacker.stop();
  // The limit follows from the calm runs only if the outcome is not settled.
  while (calm.length < RUNS && !isOver()) calm.push(await see());
  console.info(
    `calm: ${reportOf(calm)}\nattacked: ${reportOf(attacked)}\n` +
      `the attacker used ${processors.toFixed(2)} processors and counted ${JSON.stringify(counts)}`,
  );
  expect(counts.answers).toBeGreaterThanOrEqual(SHARES);
  expect(counts.refusals).toBeGreaterThan(0);
  expect(median(p99sOf(attacked))).toBeLessThan(mostMs(p99sOf(calm)));
});

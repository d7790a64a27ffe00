import { afterAll, beforeAll, expect, test } from 'vitest';
import { Workspace } from './cli/support.ts';
import {
  type AttackReport,
  attack,
  ingestFor,
  median,
  mostMs,
  type Neighbours,
  RUNS,
  startNeighbours,
  written,
} from './support/neighbours.ts';

const RUN_MS = 5_000;
/**
 * A larger limit, because the database writes tens of thousands of the other organisation's rows a second on the same
 * disk.
 */
const MOST_WRITING_MS = 200;

let workspace: Workspace;
let neighbours: Neighbours;
beforeAll(async () => {
  workspace = await Workspace.create();
  neighbours = await startNeighbours(workspace);
  await ingestFor(neighbours.baseUrl, neighbours.calm, 5_000);
});
afterAll(async () => {
  await neighbours?.stop();
  await workspace.close();
});

test.each([
  ['events', '400 connections that submit a hundred events at a time', 400],
  ['metrics', '100 connections that ask for the metrics of a year', 100],
  ['missing', '100 connections that ask for unknown paths', 100],
])(
  'An organisation submits as before while another one sends as many requests as it can (%s): %s',
  async (kind, what, connections) => {
    const { baseUrl, calm, hostile } = neighbours;
    const calmMs: number[] = [];
    const underMs: number[] = [];
    const reports: AttackReport[] = [];
    for (let run = 0; run < RUNS; run++) {
      const before = await ingestFor(baseUrl, calm, RUN_MS);
      const attacker = await attack('./hostile-requests.mjs', {
        ...{ kind, baseUrl, connections, authorization: hostile.headers.authorization },
        ...{ userId: hostile.user.userId, placeId: hostile.office.placeId },
      });
      const under = await ingestFor(baseUrl, calm, RUN_MS);
      reports.push(await attacker.stop());
      expect([before.failures, under.failures]).toEqual([{}, {}]);
      calmMs.push(before.p99Ms);
      underMs.push(under.p99Ms);
    }
    const processors = median(reports.map((report) => report.processors));
    console.info(
      `${what}: p99 of the other one's events ${written(calmMs)} calm, ${written(underMs)} under it; ` +
        `the attacker used ${processors.toFixed(2)} processors and counted ${JSON.stringify(reports.at(-1)?.counts)}`,
    );
    const limitMs = kind === 'events' ? Math.max(MOST_WRITING_MS, mostMs(calmMs)) : mostMs(calmMs);
    expect(median(underMs)).toBeLessThan(limitMs);
  },
);

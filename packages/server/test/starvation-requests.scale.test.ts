import { afterAll, beforeAll, expect, test } from 'vitest';
import { Workspace } from './cli/support.ts';
import {
  compared,
  ingestBesideAttack,
  ingestFor,
  median,
  mostMs,
  type Neighbours,
  startNeighbours,
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
    const { baseUrl, hostile } = neighbours;
    const comparison = await ingestBesideAttack(neighbours, RUN_MS, {
      script: './hostile-requests.mjs',
      job: {
        ...{ kind, baseUrl, connections, authorization: hostile.headers.authorization },
        ...{ userId: hostile.user.userId, placeId: hostile.office.placeId },
      },
    });
    console.info(compared(what, comparison));
    const { calmMs, underMs } = comparison;
    const limitMs = kind === 'events' ? Math.max(MOST_WRITING_MS, mostMs(calmMs)) : mostMs(calmMs);
    expect(median(underMs)).toBeLessThan(limitMs);
  },
);

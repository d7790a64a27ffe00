import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logIn, Workspace } from './cli/support.ts';
import {
  type AttackReport,
  attack,
  ingestFor,
  type Neighbours,
  percentile,
  startNeighbours,
} from './support/neighbours.ts';

const RUNS = 5;
const RUN_MS = 6_000;
const MOST_MS = 50;
const MOST_TIMES_CALM = 3;
/** Of the server's process, under bodies of which 16 MiB each were meant to arrive on forty connections. */
const MOST_MB = 400;

let workspace: Workspace;
let neighbours: Neighbours;
beforeAll(async () => {
  workspace = await Workspace.create();
  neighbours = await startNeighbours(workspace);
  await ingestFor(neighbours.baseUrl, neighbours.calm, 5_000);
});
afterAll(async () => {
  await neighbours?.server.stop();
  await workspace.close();
});

const residentMb = (pid: number) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
const median = (values: number[]) => percentile(values, 0.5);

async function authorizationFor(kind: string): Promise<string> {
  const { baseUrl, hostile, addKey } = neighbours;
  if (kind !== 'visitors') return hostile.authorization;
  const { token } = await logIn(baseUrl, await addKey(hostile, 'visitor-only'));
  return `Bearer ${token}`;
}

test.each([
  ['visitors', '17 connections of a visitor-only key that announce 1 MiB and send one byte each'],
  ['announced', '17 such connections to the presence endpoint'],
  ['nested', '16 MiB of [[[… again and again'],
  ['halves', '40 half-sent bodies of 16 MiB'],
  ['logins', '200 logins of which one byte has come'],
])(
  'An organisation submits as before while another one sends hostile bodies (%s): %s',
  async (kind, what) => {
    const { server, baseUrl, calm } = neighbours;
    const authorization = await authorizationFor(kind);
    const calmMs: number[] = [];
    const underMs: number[] = [];
    const memoryMb: number[] = [];
    const reports: AttackReport[] = [];
    for (let run = 0; run < RUNS; run++) {
      const before = await ingestFor(baseUrl, calm, RUN_MS);
      const attacker = await attack('./hostile-bodies.mjs', { kind, baseUrl, authorization });
      const watch = setInterval(() => memoryMb.push(residentMb(server.pid)), 200);
      const under = await ingestFor(baseUrl, calm, RUN_MS);
      clearInterval(watch);
      reports.push(await attacker.stop());
      expect([before.failures, under.failures]).toEqual([{}, {}]);
      calmMs.push(before.p99Ms);
      underMs.push(under.p99Ms);
    }
    const allowedMs = Math.max(MOST_MS, MOST_TIMES_CALM * median(calmMs));
    const processors = median(reports.map((report) => report.processors));
    console.info(
      `${what}: p99 of the other one's events ${median(calmMs).toFixed(1)} ms calm, ${median(underMs).toFixed(1)} ms under it ` +
        `(${underMs.map((ms) => ms.toFixed(1)).join(', ')}); memory up to ${Math.max(...memoryMb).toFixed(0)} MB; ` +
        `the attacker used ${processors.toFixed(2)} processors and counted ${JSON.stringify(reports.at(-1)?.counts)}`,
    );
    expect(median(underMs)).toBeLessThan(allowedMs);
    expect(Math.max(...memoryMb)).toBeLessThan(MOST_MB);
  },
);

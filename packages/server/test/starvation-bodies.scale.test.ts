import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logIn, Workspace } from './cli/support.ts';
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

const RUN_MS = 6_000;
/** The memory limit for the server's process, under bodies of 16 MiB each on forty connections. */
const MOST_MB = 450;

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

const residentMb = (pid: number) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

async function authorizationFor(kind: string): Promise<string> {
  const { baseUrl, hostile, addKey } = neighbours;
  if (kind !== 'visitors') return hostile.headers.authorization;
  const { token } = await logIn(baseUrl, await addKey(hostile, 'visitor-only'));
  return `Bearer ${token}`;
}

test.each([
  ['visitors', '17 connections of a visitor-only key that announce 1 MiB and send one byte each'],
  ['announced', '17 such connections to the presence endpoint'],
  ['nested', '16 MiB of [[[… again and again'],
  ['halves', '40 half-sent bodies of 16 MiB'],
  ['logins', '200 logins with one byte of their body sent'],
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
    const processors = median(reports.map((report) => report.processors));
    console.info(
      `${what}: p99 of the other one's events ${written(calmMs)} calm, ${written(underMs)} under it; ` +
        `memory up to ${Math.max(...memoryMb).toFixed(0)} MB; ` +
        `the attacker used ${processors.toFixed(2)} processors and counted ${JSON.stringify(reports.at(-1)?.counts)}`,
    );
    expect(median(underMs)).toBeLessThan(mostMs(calmMs));
    expect(Math.max(...memoryMb)).toBeLessThan(MOST_MB);
  },
);

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logIn, Workspace } from './cli/support.ts';
import {
  compared,
  ingestBesideAttack,
  ingestFor,
  median,
  mostMs,
  type Neighbours,
  startNeighbours,
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
    const { server, baseUrl } = neighbours;
    const memoryMb: number[] = [];
    const comparison = await ingestBesideAttack(neighbours, RUN_MS, {
      script: './hostile-bodies.mjs',
      job: { kind, baseUrl, authorization: await authorizationFor(kind) },
      watch: () => memoryMb.push(residentMb(server.pid)),
    });
    console.info(compared(what, comparison, ` memory up to ${Math.max(...memoryMb).toFixed(0)} MB;`));
    const { calmMs, underMs } = comparison;
    expect(median(underMs)).toBeLessThan(mostMs(calmMs));
    expect(Math.max(...memoryMb)).toBeLessThan(MOST_MB);
  },
);

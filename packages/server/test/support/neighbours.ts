import { fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { Database } from '../../src/store/connections/db.ts';
import { type Key, type Rollcall, superuserOf, type Workspace } from '../cli/support.ts';
import { addOffice, addUser } from './directory.ts';
import { goodEvent, type Site } from './presence.ts';
import { basic } from './server.ts';

/**
 * During an attack, the other organisation's p99 stays within the larger of these limits. Each p99 is the median of `RUNS`
 * runs. The runs end early if the median cannot exceed MOST_MS any more (`isSettled`).
 */
const MOST_TIMES_CALM = 3;
const MOST_MS = 50;
export const RUNS = 5;
/** Whether most of `RUNS` runs have a p99 within MOST_MS. Further runs cannot change the outcome then. */
export const isSettled = (timesMs: readonly number[]): boolean =>
  timesMs.filter((ms) => ms < MOST_MS).length > RUNS / 2;

export interface Neighbours {
  server: Rollcall;
  baseUrl: string;
  calm: Site;
  hostile: Site;
  /** The database of both organisations, without the server. */
  db: { owner: Database };
  /** Adds a key of an organisation, for HTTP Basic and HMAC. */
  addKey(of: Site, role: string): Promise<Key>;
  stop(): Promise<void>;
}

/**
 * Starts a server in a separate process, with two organisations on an embedded database. `args` are further flags of
 * `serve`.
 */
export async function startNeighbours(workspace: Workspace, args: string[] = []): Promise<Neighbours> {
  const dataDir = workspace.path('data');
  const at = ['--data-dir', dataDir];
  const slugs = ['calm', 'hostile'];
  for (const slug of slugs) await workspace.json(['orgs', 'create', slug, ...at]);
  const { server, baseUrl } = await workspace.start(['serve', ...at, ...args]);
  const createKey = (slug: string, role: string) =>
    workspace.json<Key>([
      'keys',
      'create',
      ...at,
      '--org',
      slug,
      '--role',
      role,
      '--authentication',
      'basic',
      '--name',
      role,
    ]);
  const owner = new Database({ target: await superuserOf(dataDir), as: 'owner' });
  const slugOf = new Map<Site, string>();
  const settle = async (slug: string): Promise<Site> => {
    const { rows } = await owner.inSystem((tx) =>
      tx.query<{ tenantId: string }>('SELECT tenant_id AS "tenantId" FROM organisations WHERE slug = $1', [
        slug,
      ]),
    );
    const tenantId = rows[0]?.tenantId ?? '';
    const office = await addOffice(owner, tenantId, 'UTC');
    const user = await addUser(owner, tenantId);
    const key = await createKey(slug, 'all');
    const site = { tenantId, key, headers: { authorization: basic(key) }, office, user };
    slugOf.set(site, slug);
    return site;
  };
  const [calm, hostile] = [await settle('calm'), await settle('hostile')];
  return {
    server,
    baseUrl,
    calm,
    hostile,
    db: { owner },
    addKey: (of, role) => createKey(slugOf.get(of) ?? '', role),
    stop: async () => {
      await owner.close();
      await server.stop();
    },
  };
}

const PAUSE_MS = 10;

/** A repeated request. */
export interface Call {
  method: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string>;
  body?: object;
}

/** The answers to calls. */
export interface Served {
  requests: number;
  p99Ms: number;
  slowestMs: number;
  /** The numbers of answers by status other than 200, and of connection errors. */
  failures: Record<string, number>;
}

/** Makes calls in sequence on one connection for a given time, with a pause after each. `next` gives each call. */
export async function callFor(
  baseUrl: string,
  next: (turn: number) => Call,
  { forMs, pauseMs = PAUSE_MS }: { forMs: number; pauseMs?: number },
): Promise<Served> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  const failures: Record<string, number> = {};
  const endMs = performance.now() + forMs;
  for (let turn = 0; performance.now() < endMs; turn++) {
    const call = next(turn);
    const startedMs = performance.now();
    const outcome = await statusOf(baseUrl, call, agent).catch((error: Error) => error.message);
    times.push(performance.now() - startedMs);
    if (outcome !== 200) failures[outcome] = (failures[outcome] ?? 0) + 1;
    await delay(pauseMs);
  }
  agent.destroy();
  return { requests: times.length, p99Ms: percentile(times, 0.99), slowestMs: Math.max(...times), failures };
}

/** The status of a complete answer. Throws if the answer breaks off. */
function statusOf(
  baseUrl: string,
  { method, path, headers, body }: Call,
  agent: http.Agent,
): Promise<number> {
  const type = body && { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const options = { method, headers: { ...headers, ...type }, agent };
    const request = http.request(`${baseUrl}${path}`, options, (response) => {
      response
        .resume()
        .on('error', reject)
        .once('end', () => resolve(response.statusCode ?? 0));
    });
    request.once('error', reject).end(body && JSON.stringify(body));
  });
}

/** Submits single presence events of an organisation in sequence, for `forMs` milliseconds. */
export function ingestFor(baseUrl: string, of: Site, forMs: number): Promise<Served> {
  const since = performance.now();
  const submission = (turn: number): Call => {
    const timestamp = new Date().toISOString();
    const event = goodEvent(of, { eventId: `${since} ${turn}`, timestamp });
    return {
      method: 'POST',
      path: '/v1/presence/basic',
      headers: of.headers,
      body: { sourceId: 'door', presenceEvents: [event] },
    };
  };
  return callFor(baseUrl, submission, { forMs });
}

/** The report that an attacker sends when it stops. */
export interface AttackReport {
  /** The attacker's own counts of requests and answers. */
  counts: Record<string, number>;
  /** The processors that the attacker used, 1 for a whole one. It shares the machine with the server. */
  processors: number;
}

/** Runs an attacker of `support/` in a separate process until `stop`. The attacker gets `job` as its first message. */
export async function attack(script: string, job: object): Promise<{ stop(): Promise<AttackReport> }> {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.send(job);
  await once(child, 'message');
  return {
    stop: async () => {
      const reported = once(child, 'message');
      child.send('stop');
      const [report] = await reported;
      child.disconnect();
      await once(child, 'exit');
      return report as AttackReport;
    },
  };
}

/** The p99 of the other organisation's events in calm runs and in runs under an attack, and the attacker's reports. */
export interface Comparison {
  calmMs: number[];
  underMs: number[];
  reports: AttackReport[];
}

/**
 * Lets the calm organisation submit for `runMs`, under an attack, until the outcome is settled, and then alone as often as
 * the outcome needs it. Throws if an event was not stored. `watch` runs again and again during attacks.
 */
export async function ingestBesideAttack(
  { baseUrl, calm }: Neighbours,
  runMs: number,
  { script, job, watch }: { script: string; job: object; watch?: () => void },
): Promise<Comparison> {
  const reports: AttackReport[] = [];
  const ingest = async () => {
    const served = await ingestFor(baseUrl, calm, runMs);
    expect(served.failures).toEqual({});
    return served.p99Ms;
  };
  const underAttack = async () => {
    const attacker = await attack(script, job);
    const watching = watch && setInterval(watch, 200);
    const p99Ms = await ingest();
    clearInterval(watching);
    reports.push(await attacker.stop());
    return p99Ms;
  };
  const { calm: calmMs, under: underMs } = await calmAndUnder(ingest, underAttack, isSettled);
  return { calmMs, underMs, reports };
}

/**
 * A first calm run, which warms the server up, then runs under an attack until they are settled or `RUNS`. If they are not
 * settled, the limit follows from the calm runs, so there are as many of those.
 */
export async function calmAndUnder<Run>(
  calmRun: () => Promise<Run>,
  underRun: () => Promise<Run>,
  areSettled: (under: Run[]) => boolean,
): Promise<{ calm: Run[]; under: Run[] }> {
  const [calm, under] = [[await calmRun()], [] as Run[]];
  while (under.length < RUNS && !areSettled(under)) under.push(await underRun());
  while (calm.length < RUNS && !areSettled(under)) calm.push(await calmRun());
  return { calm, under };
}

/** A comparison as text for people. */
export function compared(what: string, { calmMs, underMs, reports }: Comparison, more = ''): string {
  const processors = median(reports.map((report) => report.processors));
  return (
    `${what}: p99 of the other one's events ${written(calmMs)} calm, ${written(underMs)} under it;${more} ` +
    `the attacker used ${processors.toFixed(2)} processors and counted ${JSON.stringify(reports.at(-1)?.counts)}`
  );
}

/** The time that a `share` of all times does not exceed. */
export function percentile(times: readonly number[], share: number): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** The highest permitted p99 of the other organisation during an attack. It follows from the p99 of its calm runs. */
export function mostMs(calmMs: readonly number[]): number {
  return Math.max(MOST_MS, MOST_TIMES_CALM * median(calmMs));
}

/** The times of runs as text for people. */
export function written(timesMs: readonly number[]): string {
  return `${median(timesMs).toFixed(1)} ms (${timesMs.map((ms) => ms.toFixed(1)).join(', ')})`;
}

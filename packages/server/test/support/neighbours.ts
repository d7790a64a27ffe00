import { fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Database } from '../../src/store/connections/db.ts';
import { type Key, type Rollcall, superuserOf, type Workspace } from '../cli/support.ts';
import { addOffice, addUser } from './directory.ts';
import { goodEvent, type Site } from './presence.ts';
import { basic } from './server.ts';

/** The other organisation's p99 stays within the larger of both while it is attacked; each is a median of so many runs. */
const MOST_TIMES_CALM = 3;
const MOST_MS = 50;
export const RUNS = 5;

export interface Neighbours {
  server: Rollcall;
  baseUrl: string;
  calm: Site;
  hostile: Site;
  /** The database of both, past the server. */
  db: { owner: Database };
  /** A further key of an organisation, for HTTP Basic and HMAC. */
  addKey(of: Site, role: string): Promise<Key>;
  stop(): Promise<void>;
}

/** A server in a process of its own, with two organisations on an embedded database. `args` are further flags of `serve`. */
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

/** A request that is sent again and again. */
export interface Call {
  method: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string>;
  body?: object;
}

/** How calls were answered. */
export interface Served {
  requests: number;
  p99Ms: number;
  slowestMs: number;
  /** Statuses other than 200, and errors of connections, with how often they came. */
  failures: Record<string, number>;
}

/** Makes calls one after the other on one connection, with a pause after each, for so long. `next` makes each of them. */
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

/** The status of a whole answer. Throws where it breaks off. */
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

/** Submits single presence events of an organisation, one after the other, for so long. */
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

/** What an attacker reports when it is told to stop. */
export interface AttackReport {
  /** What was sent and answered, as the attacker counts it. */
  counts: Record<string, number>;
  /** The attacker's own use of a processor, 1 for a whole one: it shares the machine with the server. */
  processors: number;
}

/** Runs an attacker of `support/` in a process of its own until `stop`. Its module gets `job` as its first message. */
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

/** A time that `share` of all times do not exceed. */
export function percentile(times: readonly number[], share: number): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** The p99 that the other organisation may have at most while it is attacked, given those of its calm runs. */
export function mostMs(calmMs: readonly number[]): number {
  return Math.max(MOST_MS, MOST_TIMES_CALM * median(calmMs));
}

/** Times of runs, for people to read. */
export function written(timesMs: readonly number[]): string {
  return `${median(timesMs).toFixed(1)} ms (${timesMs.map((ms) => ms.toFixed(1)).join(', ')})`;
}

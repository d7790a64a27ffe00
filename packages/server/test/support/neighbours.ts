import { fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Database } from '../../src/store/db.ts';
import { type Key, type Rollcall, superuserOf, type Workspace } from '../cli/support.ts';
import { addOffice, addUser } from './directory.ts';
import { basic } from './server.ts';

/** An organisation that shares a server with another one. */
export interface Neighbour {
  tenantId: string;
  /** May do all, by HTTP Basic too. */
  key: Key;
  authorization: string;
  /** What is the same in all of its presence events. */
  event: Record<string, string>;
}

export interface Neighbours {
  server: Rollcall;
  baseUrl: string;
  calm: Neighbour;
  hostile: Neighbour;
  /** A further key of an organisation, for HTTP Basic and HMAC. */
  addKey(of: Neighbour, role: string): Promise<Key>;
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
  const slugOf = new Map<Neighbour, string>();
  const settle = async (slug: string): Promise<Neighbour> => {
    const { rows } = await owner.inSystem((tx) =>
      tx.query<{ tenantId: string }>('SELECT tenant_id AS "tenantId" FROM organisations WHERE slug = $1', [
        slug,
      ]),
    );
    const tenantId = rows[0]?.tenantId ?? '';
    const office = await addOffice(owner, tenantId, 'UTC');
    const user = await addUser(owner, tenantId);
    const key = await createKey(slug, 'all');
    const event = { userId: user.userId, locationId: office.placeId, locationType: 'place' };
    const neighbour = { tenantId, key, authorization: basic(key), event };
    slugOf.set(neighbour, slug);
    return neighbour;
  };
  const [calm, hostile] = [await settle('calm'), await settle('hostile')];
  await owner.close();
  return { server, baseUrl, calm, hostile, addKey: (of, role) => createKey(slugOf.get(of) ?? '', role) };
}

const PAUSE_MS = 10;

export interface Ingest {
  requests: number;
  p99Ms: number;
  /** Statuses other than 200, and errors of connections, with how often they came. */
  failures: Record<string, number>;
}

/** Submits single presence events of an organisation, one after the other, for so long. */
export async function ingestFor(baseUrl: string, of: Neighbour, forMs: number): Promise<Ingest> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  const failures: Record<string, number> = {};
  const endMs = performance.now() + forMs;
  for (let turn = 0; performance.now() < endMs; turn++) {
    const startedMs = performance.now();
    const outcome = await submitOne(baseUrl, of, `${endMs} ${turn}`, agent).catch(
      (error: Error) => error.message,
    );
    times.push(performance.now() - startedMs);
    if (outcome !== 200) failures[outcome] = (failures[outcome] ?? 0) + 1;
    await delay(PAUSE_MS);
  }
  agent.destroy();
  return { requests: times.length, p99Ms: percentile(times, 0.99), failures };
}

function submitOne(baseUrl: string, of: Neighbour, eventId: string, agent: http.Agent): Promise<number> {
  const event = { ...of.event, eventId, timestamp: new Date().toISOString() };
  const headers = { 'content-type': 'application/json', authorization: of.authorization };
  return new Promise((resolve, reject) => {
    const request = http.request(
      `${baseUrl}/v1/presence/basic`,
      { method: 'POST', headers, agent },
      (response) => {
        response
          .resume()
          .on('error', reject)
          .once('end', () => resolve(response.statusCode ?? 0));
      },
    );
    request.once('error', reject).end(JSON.stringify({ sourceId: 'door', presenceEvents: [event] }));
  });
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

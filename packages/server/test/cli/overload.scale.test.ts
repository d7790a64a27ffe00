import { readFileSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Loadable, prepareLoad, storedIds } from './load-support.ts';
import { lockTable } from './locks.ts';
import { logIn, until, Workspace } from './support.ts';

/** More requests than one key may have in flight by default, which is 750. */
const SOURCES = 1_200;
const EVENTS_PER_REQUEST = 100;
const LOAD_MS = 20_000;
const SINGLES = 20;
const RECOVERY_MS = 3_000;
/** Three times the longest time that a request may wait, because the load is on the same machine. */
const LONGEST_MS = 15_000;
/** The memory with a full backlog. Without a limit, memory would have grown all the time. */
const MOST_MB = 640;

let workspace: Workspace;
let loadable: Loadable;
beforeAll(async () => {
  workspace = await Workspace.create();
  loadable = await prepareLoad(workspace);
});
afterAll(() => workspace.close());

interface Answer {
  status: number;
  retryAfter: string | undefined;
  body: string;
  tookMs: number;
}

function post(url: string, token: string, body: string, agent: http.Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sentMs = performance.now();
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      authorization: `Bearer ${token}`,
    };
    const request = http.request(`${url}/v1/presence/`, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => {
        text += piece;
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          retryAfter: response.headers['retry-after'],
          body: text,
          tookMs: performance.now() - sentMs,
        }),
      );
    });
    request.on('error', reject).end(body);
  });
}

function submission(name: string, count: number): string {
  const presenceEvents = Array.from({ length: count }, (_, index) => ({
    ...loadable.event,
    eventId: `${name} ${index}`,
    timestamp: new Date().toISOString(),
  }));
  return JSON.stringify({ sourceId: 'load', presenceEvents });
}

const residentMb = (pid: number) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** The durations of single events, one after the other. */
async function singles(url: string, token: string, name: string): Promise<number[]> {
  const agent = new http.Agent({ keepAlive: true });
  const times: number[] = [];
  for (let turn = 0; turn < SINGLES; turn++) {
    const answer = await post(url, token, submission(`${name} ${turn}`, 1), agent);
    expect(answer.status).toBe(200);
    times.push(answer.tookMs);
  }
  agent.destroy();
  return times;
}

test('requests beyond the backlog get an early 503, memory stays bounded, and the server soon recovers', async () => {
  const { dataDir, key } = loadable;
  const { server, baseUrl } = await workspace.start(['serve', '--data-dir', dataDir]);
  const { token } = await logIn(baseUrl, key);
  const before = median(await singles(baseUrl, token, 'before'));

  const acknowledged = new Set<string>();
  const refusedMs: number[] = [];
  const takenMs: number[] = [];
  const givenUpMs: number[] = [];
  const others: string[] = [];
  const memoryMb: number[] = [];
  const loginMs: number[] = [];
  const endMs = performance.now() + LOAD_MS;
  const agent = new http.Agent({ keepAlive: true, maxSockets: SOURCES });
  const source = async (index: number) => {
    for (let turn = 0; performance.now() < endMs; turn++) {
      const name = `load ${index} ${turn}`;
      const body = submission(name, EVENTS_PER_REQUEST);
      const answer = await post(baseUrl, token, body, agent).catch((error: Error) => error);
      if (answer instanceof Error) others.push(answer.message);
      else if (answer.status === 200) {
        takenMs.push(answer.tookMs);
        const { results } = JSON.parse(answer.body) as { results: { eventId: string; resultCode: number }[] };
        for (const { eventId, resultCode } of results) if (resultCode === 0) acknowledged.add(eventId);
      } else if (answer.status === 503 && answer.retryAfter !== undefined) {
        // Otherwise the server accepted it, and it waited so long that the client should send it again.
        const isEarly = answer.body.includes('of yours are in progress');
        (isEarly ? refusedMs : givenUpMs).push(answer.tookMs);
        await delay(1_000);
      } else others.push(`${answer.status} ${answer.body}`);
    }
  };
  const watch = async () => {
    while (performance.now() < endMs) {
      await delay(500);
      memoryMb.push(residentMb(server.pid));
      const beganMs = performance.now();
      expect((await logIn(baseUrl, key)).status).toBe(200);
      loginMs.push(performance.now() - beganMs);
    }
  };
  // On a slow machine requests wait unread, and hardly any is refused. So the database stores nothing until many were refused.
  const unlock = await lockTable(dataDir, 'presence_events');
  const beginning = until(() => refusedMs.length > SOURCES).then(unlock);
  await Promise.all([watch(), beginning, ...Array.from({ length: SOURCES }, (_, index) => source(index))]);
  agent.destroy();

  await delay(RECOVERY_MS);
  const after = median(await singles(baseUrl, token, 'after'));
  const found = await storedIds(dataDir, 'load');
  await server.stop();

  const mostMb = Math.max(...memoryMb);
  console.info(
    `${takenMs.length} taken in ${median(takenMs).toFixed(0)} ms (most ${Math.max(...takenMs).toFixed(0)}), ` +
      `${refusedMs.length} refused in ${median(refusedMs).toFixed(0)} ms, ${givenUpMs.length} given up in ${median(givenUpMs).toFixed(0)} ms; logins ${median(loginMs).toFixed(0)} ms; ` +
      `memory up to ${mostMb.toFixed(0)} MB; ` +
      `single events ${before.toFixed(1)} ms before, ${after.toFixed(1)} ms after`,
  );
  expect([...new Set(others)].slice(0, 3)).toEqual([]);
  expect(refusedMs.length).toBeGreaterThan(SOURCES);
  expect(median(refusedMs)).toBeLessThan(median(takenMs));
  expect(Math.max(...takenMs, ...givenUpMs)).toBeLessThan(LONGEST_MS);
  expect(mostMb).toBeLessThan(MOST_MB);
  expect(after).toBeLessThan(Math.max(5 * before, 100));
  const distinct = new Set(found);
  expect(found).toHaveLength(distinct.size);
  expect([...acknowledged].filter((eventId) => !distinct.has(eventId))).toEqual([]);
});

import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createKeyIn,
  expectOneSentence,
  type Key,
  logIn,
  readStatus,
  until,
  Workspace,
  workersOf,
} from './support.ts';

const WORKERS = 2;
const SERVE = ['serve', '--workers', String(WORKERS)];

let work: Workspace;
let dataDir: string;
let key: Key;
beforeAll(async () => {
  work = await Workspace.create();
  dataDir = work.path('data');
  key = await createKeyIn(work, dataDir);
});
afterAll(() => work.close());

/** Whether a new connection gets an answer. A connection to a worker that was just killed gets none. */
async function answers(baseUrl: string): Promise<boolean> {
  const options = { headers: { connection: 'close' }, signal: AbortSignal.timeout(2_000) };
  const reply = await fetch(`${baseUrl}/readyz`, options).catch(() => undefined);
  return reply?.status === 200;
}

describe('Several workers', () => {
  test("take connections in turn, accept one another's tokens, and are replaced; one signal ends all", async () => {
    const { server, baseUrl } = await work.start([...SERVE, '--data-dir', dataDir], {
      env: { ROLLCALL_JOBS: 'on' },
    });
    const first = workersOf(server.pid);
    expect(first).toHaveLength(WORKERS);
    const { token } = await logIn(baseUrl, key);
    const statuses = await Promise.all(Array.from({ length: 8 }, () => readStatus(baseUrl, token)));
    expect(new Set(statuses)).toEqual(new Set([200]));

    const [victim = 0, survivor = 0] = first;
    process.kill(victim, 'SIGKILL');
    // The connections of the killed worker break. New ones go to the others.
    await until(() => answers(baseUrl));
    await until(() => workersOf(server.pid).filter((pid) => pid !== victim).length === WORKERS);
    process.kill(survivor, 'SIGKILL');
    // Only the new worker can answer.
    await until(() => answers(baseUrl));
    await until(() => workersOf(server.pid).filter((pid) => pid !== survivor).length === WORKERS);

    const last = workersOf(server.pid);
    server.signalGroup('SIGINT');
    const { code, stdout, stderr } = await server.exited;
    expect(code).toBe(0);
    expect(stderr.match(/A worker ended \(SIGKILL\); starting another one/g)).toHaveLength(2);
    for (const line of stdout.trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
    expect(last.filter((pid) => workersOf(server.pid).includes(pid))).toEqual([]);
  });

  test('end with a killed first process, and the next start takes the data over', async () => {
    const { server } = await work.start([...SERVE, '--data-dir', dataDir]);
    const workers = workersOf(server.pid);
    server.signal('SIGKILL');
    await server.exited;
    await until(() => workers.every((pid) => !isAlive(pid)));
    const { server: next, baseUrl } = await work.start([...SERVE, '--data-dir', dataDir]);
    expect((await logIn(baseUrl, key)).status).toBe(200);
    await next.stop();
  });

  test('report in one sentence an address on which they cannot listen', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await until(() => taken.listening);
    const { port } = taken.address() as { port: number };
    const outcome = await work.rollcall([...SERVE, '--data-dir', dataDir, '--port', String(port)]);
    expectOneSentence(outcome, new RegExp(`Port ${port} is in use`));
    taken.close();
  });
});

function isAlive(pid: number): boolean {
  try {
    // A zombie has ended, too.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

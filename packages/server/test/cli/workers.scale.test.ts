import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKeyIn, expectOneSentence, type Key, logIn, readStatus, until, Workspace } from './support.ts';

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

/** The pids of the processes that a server has started of its own kind. */
function workersOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const parent = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1];
        return (
          Number(parent) === pid && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('rollcall.js')
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Whether a new connection is served. One that was handed to a worker just before it was killed gets no answer. */
async function answers(baseUrl: string): Promise<boolean> {
  const options = { headers: { connection: 'close' }, signal: AbortSignal.timeout(2_000) };
  const reply = await fetch(`${baseUrl}/readyz`, options).catch(() => undefined);
  return reply?.status === 200;
}

describe('Several workers', () => {
  test('take connections in turn, know what any of them issued, and are started anew; one signal ends all', async () => {
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
    // Its connections break; new ones go to the others.
    await until(() => answers(baseUrl));
    await until(() => workersOf(server.pid).filter((pid) => pid !== victim).length === WORKERS);
    process.kill(survivor, 'SIGKILL');
    // Only the new one is left to answer.
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

  test('end with a first process that was killed, whose data the next start takes over', async () => {
    const { server } = await work.start([...SERVE, '--data-dir', dataDir]);
    const workers = workersOf(server.pid);
    server.signal('SIGKILL');
    await server.exited;
    await until(() => workers.every((pid) => !isAlive(pid)));
    const { server: next, baseUrl } = await work.start([...SERVE, '--data-dir', dataDir]);
    expect((await logIn(baseUrl, key)).status).toBe(200);
    await next.stop();
  });

  test('say in one sentence what is wrong with where they are to listen', async () => {
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
    // What nobody has waited for yet is over, too.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

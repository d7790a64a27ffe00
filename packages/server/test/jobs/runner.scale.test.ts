import pino from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Jobs, type JobsOptions, startJobs } from '../../src/jobs/runner.ts';
import type { JobDeps, JobTask } from '../../src/jobs/tasks.ts';
import { Database, type DatabaseTarget } from '../../src/store/connections/db.ts';
import { migrateJobQueue } from '../../src/store/schema/job-queue.ts';
import { query } from '../embedded/support.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { DatabaseProxy } from '../support/sockets.ts';
import { until } from '../support/waiting.ts';

let db: TestDatabase;
let running: Jobs[] = [];
beforeAll(async () => {
  db = await createTestDatabase();
  await migrateJobQueue(db.target);
});
afterEach(async () => {
  globalThis.Date = RealDate;
  await Promise.all(running.map((jobs) => jobs.stop(5_000)));
  running = [];
});
afterAll(() => db.drop());

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const NEVER = '0 0 29 2 *';
const EVERY_MINUTE = '* * * * *';

function task(name: string, run: (deps: JobDeps) => Promise<void>, cron = NEVER): JobTask {
  return { name, description: name, cron, unit: 'things', run };
}

function start(tasks: JobTask[], options: Partial<JobsOptions> = {}): Jobs {
  const log = pino({ level: 'silent' });
  const jobs = startJobs({
    target: db.target,
    tasks,
    database: db.restricted,
    clock: Date.now,
    log,
    ...options,
  });
  running.push(jobs);
  return jobs;
}

const RealDate = Date;
/** Long enough before a tick for everything to start, also on a busy machine. */
const BEFORE_TICK_MS = 10_000;
/** Sets all clocks to `ms` before a full minute. They continue from there. Returns the time of the full minute. */
function setClocksBeforeTheMinute(ms: number): number {
  // The new time is not ahead of the database's clock, by which a job of the cron is not due before its minute.
  const shiftMs = -(RealDate.now() % 60_000) - ms;
  globalThis.Date = class extends RealDate {
    constructor(...args: unknown[]) {
      super(...((args.length > 0 ? args : [RealDate.now() + shiftMs]) as [number]));
    }
    static override now(): number {
      return RealDate.now() + shiftMs;
    }
  } as DateConstructor;
  return Date.now() + ms;
}

/** A task that counts its runs, each of which waits for `gate`. */
function counting(name: string, { cron = NEVER, gate = async () => undefined as unknown } = {}) {
  const seen = { runs: 0, ended: 0, atOnce: 0, most: 0, beganMs: [] as number[] };
  const counted = task(
    name,
    async ({ signal }) => {
      seen.runs += 1;
      seen.beganMs.push(Date.now());
      seen.most = Math.max(seen.most, ++seen.atOnce);
      await Promise.race([gate(), new Promise((resolve) => signal.addEventListener('abort', resolve))]);
      seen.atOnce -= 1;
      seen.ended += 1;
    },
    cron,
  );
  return { task: counted, seen };
}

describe('Several replicas', () => {
  test('run a tick of the cron once in total', async () => {
    const { task: tick, seen } = counting('tick', { cron: EVERY_MINUTE });
    const tickMs = setClocksBeforeTheMinute(BEFORE_TICK_MS);
    for (let replica = 0; replica < 3; replica++) start([tick]);
    // The runs before the tick are those that each start requests.
    const runsByTick = () => seen.beganMs.filter((beganMs) => beganMs >= tickMs).length;
    await until(() => runsByTick() > 0);
    expect(seen.runs).toBeGreaterThan(runsByTick());
    await sleep(2_000);
    expect(runsByTick()).toBe(1);
  });

  test('never run one task twice at the same time, and run other tasks meanwhile', async () => {
    let release: (value?: unknown) => void = () => undefined;
    const released = new Promise((resolve) => {
      release = resolve;
    });
    const slow = counting('slow', { gate: () => released });
    const quick = counting('quick');
    start([slow.task]);
    await until(() => slow.seen.atOnce === 1);
    start([slow.task, quick.task]);
    start([slow.task, quick.task]);
    await until(() => quick.seen.ended > 0);
    await sleep(500);
    expect(slow.seen).toMatchObject({ runs: 1, ended: 0 });
    release();
    await until(() => slow.seen.ended === 1);
  });

  test('do not wait for one that was killed during a task', async () => {
    const { task: orphaned, seen } = counting('orphaned');
    const killed = await db.restricted.connect('a replica');
    await killed.query("SELECT pg_advisory_lock(hashtext('rollcall job orphaned'))");
    const before = start([orphaned]);
    await sleep(500);
    expect(seen.runs).toBe(0);
    // Its job stays locked in the queue.
    await query(
      db.target,
      `SELECT rollcall_jobs.add_job('orphaned', job_key => 'orphaned');
       UPDATE rollcall_jobs._private_jobs SET locked_at = now(), locked_by = 'killed' WHERE key = 'orphaned'`,
    );
    await before.stop(5_000);
    await killed.end();
    start([orphaned]);
    await until(() => seen.ended === 1);
  });
});

test('a failed task is tried again, and the reason is in the log, but not in the queue', async () => {
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  let runs = 0;
  let release: (value?: unknown) => void = () => undefined;
  const released = new Promise((resolve) => {
    release = resolve;
  });
  start(
    [
      task('failing', async () => {
        runs += 1;
        if (runs === 1) throw new Error('ada is not here');
        await released;
      }),
    ],
    { log },
  );
  await until(() => runs === 2);
  const stored = await query<{ row: string; lastError: string }>(
    db.target,
    `SELECT j::text AS row, last_error AS "lastError" FROM rollcall_jobs._private_jobs j WHERE key = 'failing'`,
  );
  release();
  expect(stored).toEqual([{ row: expect.not.stringContaining('ada'), lastError: expect.any(String) }]);
  expect(lines.filter((line) => line.includes('ada is not here'))).toHaveLength(1);
});

describe('Stopping', () => {
  test('notifies running tasks, and waits for them; another replica continues', async () => {
    const left = counting('left', { gate: () => new Promise(() => undefined) });
    const first = start([left.task]);
    await until(() => left.seen.atOnce === 1);
    await first.stop(5_000);
    expect(left.seen).toMatchObject({ runs: 1, ended: 1 });
    const { rows } = await db.owner.inSystem((tx) =>
      tx.query("SELECT attempts, locked_at FROM rollcall_jobs.jobs WHERE key = 'left'"),
    );
    expect(rows).toEqual([{ attempts: 1, locked_at: null }]);
    start([left.task]);
    await until(() => left.seen.runs === 2);
  });

  test('waits for a task only up to its limit', async () => {
    let state = 'not begun';
    let release: (value?: unknown) => void = () => undefined;
    const released = new Promise((resolve) => {
      release = resolve;
    });
    const deaf = task('deaf', async () => {
      state = 'running';
      await released;
      state = 'ended';
    });
    const jobs = start([deaf]);
    await until(() => state === 'running');
    await jobs.stop(300);
    expect(state).toBe('running');
    release();
  });
});

describe('A database that goes away and comes back', () => {
  const WAYS = ['refuses', 'resets', 'frozen'] as const;

  /** Takes the database away when `before` has resolved, and brings it back after `meanwhile`. */
  async function endure(
    how: (typeof WAYS)[number],
    tasks: JobTask[],
    { before, meanwhile, after }: Record<'before' | 'meanwhile' | 'after', () => Promise<unknown>>,
  ): Promise<void> {
    const proxy = await DatabaseProxy.start(inject('adminTarget'));
    const target: DatabaseTarget = { ...db.target, ...proxy.target };
    const database = new Database({ target, as: 'restricted' });
    const jobs = start(tasks, { target, database });
    await before();
    await proxy.cut(how);
    await meanwhile();
    await proxy.restore();
    await after();
    await jobs.stop(5_000);
    await database.close();
    await proxy.close();
  }

  test('when a tick is due: the job runs later', async () => {
    const tickMs = setClocksBeforeTheMinute(BEFORE_TICK_MS);
    await Promise.all(
      WAYS.map(async (how) => {
        const { task: ticking, seen } = counting(`tick ${how}`, { cron: EVERY_MINUTE });
        await endure(how, [ticking], {
          before: () => until(() => seen.ended === 1),
          meanwhile: () => until(() => Date.now() > tickMs + 1_000),
          after: () => until(() => seen.ended === 2),
        });
      }),
    );
  });

  test('while every worker has a job that then ends: new workers replace them', async () => {
    await Promise.all(
      (['refuses', 'resets'] as const).map(async (how) => {
        let open: (value?: unknown) => void = () => undefined;
        const opened = new Promise((resolve) => {
          open = resolve;
        });
        const [one, other] = ['one', 'other'].map((name) =>
          counting(`${name} ${how}`, { gate: () => opened }),
        );
        if (!one || !other) throw new Error('There are two.');
        await endure(how, [one.task, other.task], {
          before: () => until(() => one.seen.atOnce + other.seen.atOnce === 2),
          meanwhile: async () => {
            open();
            await sleep(500);
          },
          after: () => until(() => one.seen.runs > 1 && other.seen.runs > 1),
        });
      }),
    );
  });
});

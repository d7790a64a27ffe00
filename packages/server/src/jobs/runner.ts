import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import type { LogFunctionFactory, Runner, TaskList, WorkerEvents } from 'graphile-worker';
import type { JobMonitor } from '../http/monitoring/job-monitor.ts';
import { observeJob } from '../store/connections/observer.ts';
import { poolState } from '../store/connections/pools.ts';
import { JOBS_SCHEMA, openJobPool } from '../store/schema/job-queue.ts';
import { type JobDeps, type JobTask, runTask } from './tasks.ts';

/** More than one, so that a long run of one task does not delay the others. */
const CONCURRENCY = 2;
/** New jobs send a notice. Polling finds the jobs that are due for another try. */
const POLL_MS = 2_000;
const RESTART_MS = 3_000;

export interface JobsOptions extends Omit<JobDeps, 'signal' | 'onProgress'> {
  tasks: readonly JobTask[];
  /** Hears of each run, and shows the pool of the queue. */
  monitor?: Pick<JobMonitor, 'noteRun' | 'watchQueue'> | undefined;
}

/** Jobs that run in the background. */
export interface Jobs {
  /** Lets running tasks end, but waits no longer than `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>;
}

/**
 * Runs `tasks` on their cron schedules until it is stopped. All replicas share the queue; one of them runs each tick.
 * It survives an outage of the database. The schema of the queue must exist.
 */
export function startJobs(options: JobsOptions): Jobs {
  const stopping = new AbortController();
  const done = keepRunning(options, stopping.signal);
  return {
    stop: async (timeoutMs) => {
      stopping.abort();
      const waiting = new AbortController();
      await Promise.race([
        done,
        delay(timeoutMs, undefined, { signal: waiting.signal }).catch(() => undefined),
      ]);
      waiting.abort();
    },
  };
}

async function keepRunning(options: JobsOptions, stopping: AbortSignal): Promise<void> {
  const health = new QueueHealth(options.log);
  while (!stopping.aborted) {
    try {
      await runUntilBroken(options, health, stopping);
    } catch (error) {
      if (!stopping.aborted) health.lost(error, 'jobs stopped running; the server tries to start them again');
    }
    await delay(RESTART_MS, undefined, { signal: stopping }).catch(() => undefined);
  }
}

/** Logs once when the job queue is lost and once when it is back, for any number of failed attempts between. */
class QueueHealth {
  readonly #log: FastifyBaseLogger;
  #isLost = false;

  constructor(log: FastifyBaseLogger) {
    this.#log = log;
  }

  lost(error: unknown, message: string): void {
    this.#log[this.#isLost ? 'debug' : 'warn']({ err: error }, message);
    this.#isLost = true;
  }

  found(): void {
    if (this.#isLost) this.#log.info('jobs run again');
    this.#isLost = false;
  }
}

/** Runs graphile-worker until `stopping`, or until it has lost one of its workers. */
async function runUntilBroken(
  options: JobsOptions,
  health: QueueHealth,
  stopping: AbortSignal,
): Promise<void> {
  // Loaded here, so that commands without jobs do not wait for the library.
  const { Logger, parseCronItems, run } = await import('graphile-worker');
  // The queue is where the data are.
  const { target, tasks, log } = options;
  const broken = new AbortController();
  const signal = AbortSignal.any([stopping, broken.signal]);
  const events: WorkerEvents = new EventEmitter();
  // A worker that could not report the result of its job ends, and the library continues without it.
  events.on('worker:fatalError', () => broken.abort());
  const pool = openJobPool(target, {
    signal,
    onError: (error) => health.lost(error, 'the job queue does not answer'),
  });
  options.monitor?.watchQueue(() => poolState('job queue', pool));
  try {
    const runner = await run({
      pgPool: pool,
      schema: JOBS_SCHEMA,
      taskList: Object.fromEntries(tasks.map((task) => [task.name, toListed(task, options, signal)])),
      parsedCronItems: parseCronItems(
        tasks.map(({ name, cron }) => ({
          task: name,
          match: cron,
          options: { backfillPeriod: 0, jobKey: name },
        })),
      ),
      noHandleSignals: true,
      concurrency: CONCURRENCY,
      pollInterval: POLL_MS,
      events,
      logger: new Logger(toLogger(log)),
    });
    await untilAborted(runner, tasks, { broken, signal, onQueued: () => health.found() });
  } finally {
    await pool.end();
  }
}

async function untilAborted(
  runner: Runner,
  tasks: readonly JobTask[],
  { broken, signal, onQueued }: { broken: AbortController; signal: AbortSignal; onQueued: () => void },
): Promise<void> {
  let ended = false;
  const end = () => {
    ended = true;
    broken.abort();
  };
  runner.promise.then(end, end);
  try {
    // The run at the start does the work that has been due since the last tick.
    for (const { name } of tasks) await runner.addJob(name, {}, { jobKey: name });
    onQueued();
    if (!signal.aborted)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  } finally {
    broken.abort();
    if (!ended) await runner.stop();
  }
}

/** The task in the library's form. The queue stores its error, so the error must contain no data. */
function toListed(task: JobTask, options: JobsOptions, signal: AbortSignal): TaskList[string] {
  const log = options.log.child({ job: task.name });
  return async () => {
    try {
      const ran = await observeJob(task.name, () => runTask(task, { ...options, log, signal }));
      if (ran && !signal.aborted) options.monitor?.noteRun(task.name, 'success');
    } catch (error) {
      if (!signal.aborted) options.monitor?.noteRun(task.name, 'failure');
      if (!signal.aborted) log.error({ err: error }, 'the job failed; the server will run it again');
      throw new Error('The log says why.');
    }
    // Another replica continues with the rest.
    if (signal.aborted) throw new Error('It was stopped.');
  };
}

/** The library's own messages. Failed tasks are logged elsewhere, and other fields may contain data. */
function toLogger(log: FastifyBaseLogger): LogFunctionFactory {
  return () => (level, message, meta) => {
    const { error, failure } = (meta ?? {}) as { error?: unknown; failure?: boolean };
    if (failure) return;
    const [said = ''] = message.split('\n');
    if (level === 'error' || level === 'warning') log.warn({ err: error }, `jobs: ${said}`);
    else log.debug(`jobs: ${said}`);
  };
}

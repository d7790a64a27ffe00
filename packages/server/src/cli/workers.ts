import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { MasterKeys } from '../auth/master-keys.ts';
import { MasterKey } from '../auth/secrets.ts';
import type { DataConfig, ServeConfig } from '../config.ts';
import { NO_FILE } from '../config-file.ts';
import type { ProcessMetrics } from '../http/monitoring/aggregate.ts';
import type { Jobs } from '../jobs/runner.ts';
import { Database, type DatabaseTarget, type SessionRole } from '../store/connections/db.ts';
import { readMasterKeyChecks } from '../store/schema/instance.ts';
import { connectData } from './context.ts';
import { CliError } from './errors.ts';
import { catchInterruption, ignoreInterruptedError, unlessInterrupted } from './interruption.ts';
import { listenOn } from './listening.ts';
import { masterKeySources, readAgreeing } from './master-key-sources.ts';
import { type Monitoring, metricsOf, openMonitor, openScrapes, startMonitoring } from './monitoring.ts';
import { openLog } from './open-log.ts';
import { remark } from './output.ts';
import { checkListening, jobsOf, prepare, type Service, servingRoleOf } from './serve.ts';
import { openTracing } from './tracing.ts';
import type { WorkerScrapes } from './worker-scrapes.ts';

/*
 * Several processes behind one port. The first process holds the data, runs the jobs and starts the workers. Workers
 * answer requests, and share no more state than replicas do. They get connections in turn. The first process replaces a
 * worker that ends. All workers end with the first process, however it ends.
 */

/** A message to a worker. */
type WorkerCommand =
  | {
      order: 'listen';
      target: DatabaseTarget;
      masterKeys: string[];
      /** That of the first process, with the port of all workers. */
      config: DataConfig & ServeConfig;
    }
  | { order: 'serve'; role: SessionRole }
  | { order: 'tell metrics' }
  | { order: 'drain' }
  | { order: 'stop' };

/** A message from a worker. */
type WorkerStatus =
  | { report: 'ready to be told' }
  | { report: 'listening'; baseUrl: string }
  | { report: 'metrics'; metrics: ProcessMetrics }
  | { report: 'failed'; message: string; isPlain: boolean }
  | { report: 'interrupted' };

const RESTART_MS = 1_000;
/** After the timeout of requests in flight, workers have this long to end. */
const STOP_GRACE_MS = 3_000;

/** Whether this process is a worker. */
export const { isWorker } = cluster;

/** Starts the processes without jobs, as `startServer` does. Throws `CliError` and `Interrupted`. */
export async function startWithWorkers(config: DataConfig & ServeConfig, name: string): Promise<Service> {
  catchInterruption();
  await checkListening(config);
  const port = config.port === 0 ? await freePort(config.host) : config.port;
  const data = await connectData(config, { purpose: 'serve', name });
  const { target, masterKey } = data;
  const requestTarget = data.servingTarget ?? target;
  let database: Database | undefined;
  const listen = async (): Promise<WorkerCommand> => {
    // The key may have been rotated since the start. If its source does not answer, the keys of before have to do.
    await database
      ?.inSystem(readMasterKeyChecks)
      .then((checks) => masterKey.reload(checks))
      .catch(() => undefined);
    return {
      order: 'listen',
      target: requestTarget,
      masterKeys: masterKey.keys.map((key) => key.export()),
      config: { ...config, port },
    };
  };
  const log = await openLog(config);
  const scrapes = await openScrapes(config);
  // Of the jobs. Workers make those of requests.
  const tracing = await openTracing(config, log);
  // Processor time, memory and pools of this process.
  const own = await openMonitor(config);
  const crew = new WorkerPool(config, listen, scrapes);
  let monitoring: Monitoring | undefined;
  let jobs: Jobs | undefined;
  const stop = async () => {
    await monitoring?.close();
    await Promise.all([crew.stop(), jobs?.stop(config.shutdownTimeoutS * 1_000)]);
    await database?.close();
    await tracing?.close();
    await data.close();
  };
  const stopAndThrow = async (error: unknown): Promise<never> => {
    await stop();
    return ignoreInterruptedError(error);
  };
  try {
    const baseUrl = await unlessInterrupted(crew.start());
    const role = await prepare(data, config);
    crew.serve(role);
    database = new Database({ target: requestTarget, as: role, poolSize: config.databasePoolSize });
    own?.watch(database, []);
    monitoring = await startMonitoring(config, data, {
      as: Promise.resolve(role),
      read: async () => [...(await crew.metrics()), ...(own ? [await metricsOf(own.registry)] : [])],
    });
    const ofJobs = { database, log, monitoring };
    const startJobsHere = async () => {
      jobs = await jobsOf(config, data, ofJobs).catch(stopAndThrow);
    };
    const servingRole = servingRoleOf(data);
    return { baseUrl, servingRole, target, startJobs: startJobsHere, drain: () => crew.drain(), stop };
  } catch (error) {
    return stopAndThrow(error);
  }
}

/** Finds a free port for all workers, including later ones. Throws `CliError`. */
async function freePort(host: string): Promise<number> {
  const server = createServer().listen({ host, port: 0 });
  try {
    await once(server, 'listening');
  } catch {
    throw new CliError(`${host} is not an address of this machine.`);
  }
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** The workers, as the first process sees them. */
class WorkerPool {
  readonly #config: ServeConfig;
  readonly #listen: () => Promise<WorkerCommand>;
  readonly #scrapes: WorkerScrapes | undefined;
  readonly #workers = new Set<Worker>();
  #serve: WorkerCommand | undefined;
  #isDraining = false;
  #isStopping = false;

  /** `listen` makes the command for a new worker. */
  constructor(config: ServeConfig, listen: () => Promise<WorkerCommand>, scrapes: WorkerScrapes | undefined) {
    this.#config = config;
    this.#listen = listen;
    this.#scrapes = scrapes;
  }

  /** Starts all workers; returns their address when they listen. Throws `CliError`. */
  async start(): Promise<string> {
    const { workers } = this.#config;
    // The configuration file may have changed before a worker is replaced, so the first process alone reads it.
    const args = [...process.argv.slice(2), '--workers', String(workers), '--config', NO_FILE];
    cluster.setupPrimary({ args });
    const [baseUrl = ''] = await Promise.all(Array.from({ length: workers }, () => this.#fork()));
    return baseUrl;
  }

  /** Lets the workers serve requests, because the schema is up to date. */
  serve(role: SessionRole): void {
    this.#serve = { order: 'serve', role };
    for (const worker of this.#workers) tell(worker, this.#serve);
  }

  /** Lets the workers, and those that replace them, answer 503 at `/readyz`. */
  drain(): void {
    this.#isDraining = true;
    for (const worker of this.#workers) tell(worker, { order: 'drain' });
  }

  /** The metrics of all workers. */
  async metrics(): Promise<ProcessMetrics[]> {
    return this.#scrapes?.read(this.#workers, (worker) => tell(worker, { order: 'tell metrics' })) ?? [];
  }

  /** Lets all workers finish their requests, and waits for their end. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const ended = [...this.#workers].map((worker) => once(worker, 'exit'));
    for (const worker of this.#workers) tell(worker, { order: 'stop' });
    const forced = setTimeout(
      () => {
        for (const worker of this.#workers) worker.process.kill('SIGKILL');
      },
      this.#config.shutdownTimeoutS * 1_000 + STOP_GRACE_MS,
    );
    await Promise.all(ended);
    clearTimeout(forced);
  }

  #fork(): Promise<string> {
    const worker = cluster.fork();
    this.#workers.add(worker);
    let hasListened = false;
    return new Promise((resolve, reject) => {
      worker.on('message', (said: WorkerStatus) => {
        if (said.report === 'ready to be told') {
          void this.#begin(worker);
        } else if (said.report === 'listening') {
          hasListened = true;
          resolve(said.baseUrl);
        } else if (said.report === 'metrics') {
          this.#scrapes?.note(worker, said.metrics);
        } else if (said.report === 'failed') {
          reject(said.isPlain ? new CliError(said.message) : new Error(said.message));
        } else {
          // Treats a signal to one worker as a signal to all.
          process.kill(process.pid, 'SIGTERM');
        }
      });
      worker.once('exit', (code, signal) => {
        this.#workers.delete(worker);
        this.#scrapes?.end(worker);
        const how = signal ?? `exit code ${code}`;
        reject(new CliError(`A worker ended before it listened (${how}).`));
        if (hasListened && !this.#isStopping) void this.#replace(how);
      });
    });
  }

  async #begin(worker: Worker): Promise<void> {
    tell(worker, await this.#listen());
    if (this.#serve) tell(worker, this.#serve);
    if (this.#isDraining) tell(worker, { order: 'drain' });
  }

  async #replace(how: string): Promise<void> {
    remark(`A worker ended (${how}); starting another one.`);
    for (;;) {
      await delay(RESTART_MS);
      if (this.#isStopping) return;
      try {
        await this.#fork();
        return;
      } catch (error) {
        remark(`A worker could not be started: ${(error as Error).message}`);
      }
    }
  }
}

function tell(worker: Worker, order: WorkerCommand): void {
  // The `exit` event handles a worker that has just ended.
  if (worker.isConnected()) worker.send(order, () => undefined);
}

/** Runs a worker. It answers requests until the first process tells it to stop, or ends. */
export async function work(): Promise<void> {
  catchInterruption().addEventListener('abort', () => report({ report: 'interrupted' }));
  let began: ReturnType<typeof listenOn> | undefined;
  process.on('message', (order: WorkerCommand) => {
    if (order.order === 'listen') {
      const { target, config } = order;
      const masterKey = new MasterKeys(order.masterKeys.map(MasterKey.parse), () =>
        readAgreeing(masterKeySources(config)),
      );
      began = listenOn(config, { target, masterKey });
      began.then(
        ({ baseUrl }) => report({ report: 'listening', baseUrl }),
        (error: Error) => {
          const message = error instanceof CliError ? error.message : (error.stack ?? error.message);
          report({ report: 'failed', message, isPlain: error instanceof CliError });
          process.disconnect();
        },
      );
    } else if (order.order === 'serve') {
      void began?.then(({ serve }) => serve(order.role)).catch(() => undefined);
    } else if (order.order === 'drain') {
      void began?.then(({ drain }) => drain()).catch(() => undefined);
    } else if (order.order === 'tell metrics') {
      void began
        ?.then(async ({ monitor }) => {
          if (monitor) report({ report: 'metrics', metrics: await metricsOf(monitor.registry) });
        })
        .catch(() => undefined);
    } else {
      void Promise.resolve(began)
        .then((listening) => listening?.close())
        .catch(() => undefined)
        .finally(() => process.disconnect());
    }
  });
  report({ report: 'ready to be told' });
}

function report(said: WorkerStatus): void {
  process.send?.(said, undefined, undefined, () => undefined);
}

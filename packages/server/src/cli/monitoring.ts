import { isIP } from 'node:net';
import { dirname, resolve } from 'node:path';
import type { Registry } from 'prom-client';
import type { DataConfig, ServerConfig } from '../config.ts';
import type { ProcessMetrics } from '../http/monitoring/aggregate.ts';
import type { JobMonitor } from '../http/monitoring/job-monitor.ts';
import type { Monitor } from '../http/monitoring/monitor.ts';
import {
  METRICS_PATH,
  type MonitoringServer,
  serveMonitoring,
} from '../http/monitoring/monitoring-server.ts';
import { Database, type SessionRole } from '../store/connections/db.ts';
import type { DataConnection } from './context.ts';
import { CliError } from './errors.ts';
import { remark } from './output.ts';
import { readTls } from './tls.ts';
import type { WorkerScrapes } from './worker-scrapes.ts';

/*
 * The library of Prometheus is loaded only if the settings want metrics.
 */

type MetricsConfig = Pick<ServerConfig, 'metricsPort'>;

/** /metrics of a server. */
export interface Monitoring {
  /** What counts the runs of jobs. */
  jobs(): Promise<JobMonitor>;
  close(): Promise<void>;
}

/** What counts the work of this process; undefined if the settings want no metrics. */
export async function openMonitor({ metricsPort }: MetricsConfig): Promise<Monitor | undefined> {
  if (metricsPort === undefined) return undefined;
  const { Monitor } = await import('../http/monitoring/monitor.ts');
  const monitor = new Monitor();
  await watchProcess(monitor.registry);
  return monitor;
}

/** What reads the metrics of workers; undefined if the settings want no metrics. */
export async function openScrapes({ metricsPort }: MetricsConfig): Promise<WorkerScrapes | undefined> {
  if (metricsPort === undefined) return undefined;
  const { WorkerScrapes } = await import('./worker-scrapes.ts');
  return new WorkerScrapes();
}

/** The values of a registry now. */
export async function metricsOf(registry: Registry): Promise<ProcessMetrics> {
  return (await registry.getMetricsAsJSON()) as unknown as ProcessMetrics;
}

/** Adds processor time, memory, and the delays of the event loop of this process. */
async function watchProcess(registry: Registry): Promise<void> {
  const { collectDefaultMetrics } = await import('prom-client');
  const { keepLongestDelay } = await import('../http/monitoring/aggregate.ts');
  collectDefaultMetrics({ register: registry });
  keepLongestDelay(registry);
}

/**
 * Serves /metrics if the settings want it. `read` returns the metrics of the processes that answer requests; `as` is the role of
 * connections. Throws `CliError` if the address cannot be used.
 */
export async function startMonitoring(
  config: ServerConfig & DataConfig,
  data: DataConnection,
  { as, read }: { as: Promise<SessionRole>; read: () => Promise<ProcessMetrics[]> },
): Promise<Monitoring | undefined> {
  const { metricsPort: port, metricsHost: host } = config;
  if (port === undefined) return undefined;
  const { InstanceMonitor } = await import('../http/monitoring/instance-monitor.ts');
  const { aggregate } = await import('../http/monitoring/aggregate.ts');
  const instance = new InstanceMonitor({
    database: new Database({
      target: data.servingTarget ?? data.target,
      as,
      poolSize: 1,
      eventPoolSize: 1,
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    }),
    clock: Date.now,
    stopwatch: () => performance.now(),
    jobIntervals,
    volumes: volumesOf(config),
    certificate: (await readTls(config))?.cert as Buffer | undefined,
  });
  const scrape = async () => {
    const [processes] = await Promise.all([read(), instance.refresh()]);
    return aggregate([...processes, await metricsOf(instance.registry)]);
  };
  let server: MonitoringServer;
  try {
    server = await serveMonitoring({ host, port }, scrape);
  } catch (error) {
    await instance.close();
    throw refusalOf(error, config);
  }
  remark(`Metrics are at http://${isIP(host) === 6 ? `[${host}]` : host}:${server.port}${METRICS_PATH}.`);
  return {
    jobs: () => instance.jobs(),
    close: async () => {
      await server.close();
      await instance.close();
    },
  };
}

/** A reading of the database that takes longer has failed. */
const STATEMENT_TIMEOUT_MS = 5_000;

function volumesOf({ databaseUrl, dataDir, logFile }: ServerConfig & DataConfig): Record<string, string> {
  return {
    ...(databaseUrl === undefined ? { data: resolve(dataDir) } : {}),
    ...(logFile === undefined ? {} : { log: dirname(resolve(logFile)) }),
  };
}

function refusalOf(error: unknown, { metricsPort, metricsHost }: ServerConfig): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE')
    return new CliError(`Port ${metricsPort} is in use; choose another with --metrics-port.`);
  if (code === 'EACCES')
    return new CliError(
      `This user may not listen on port ${metricsPort}; choose another with --metrics-port.`,
    );
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new CliError(
      `${metricsHost} is not an address of this machine; choose another with --metrics-host.`,
    );
  return error as Error;
}

/** Enough for each hour of a week, or each day of a year. */
const RUNS_LOOKED_AT = 400;

/** The longest time between two runs of each job by its schedule, in seconds. */
async function jobIntervals(): Promise<Map<string, number>> {
  const { Cron } = await import('croner');
  const { TASKS } = await import('../jobs/tasks.ts');
  return new Map(
    TASKS.map(({ name, cron }) => {
      const runs = new Cron(cron, { timezone: 'UTC' }).nextRuns(RUNS_LOOKED_AT).map((each) => each.getTime());
      const gaps = runs.slice(1).map((at, index) => (at - (runs[index] ?? at)) / 1_000);
      return [name, Math.max(...gaps)];
    }),
  );
}

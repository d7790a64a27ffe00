import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { DataConfig, ServerConfig } from '../config.ts';
import { isLoopback } from '../http/network.ts';
import type { Jobs } from '../jobs/runner.ts';
import { roleOf, transportOf } from '../store/connections/check-database.ts';
import type { Database, DatabaseTarget, SessionRole } from '../store/connections/db.ts';
import { prepareServingRole } from '../store/schema/serving-role.ts';
import { consoleUrl } from './console-url.ts';
import {
  connectData,
  type DataConnection,
  prepareData,
  remarkUnknownTimeZones,
  withOwner,
} from './context.ts';
import { CliError } from './errors.ts';
import { catchInterruption, ignoreInterruptedError, unlessInterrupted } from './interruption.ts';
import type { Listening } from './listening.ts';
import { type Monitoring, metricsOf, startMonitoring } from './monitoring.ts';
import { readOidcClientSecret } from './openid.ts';
import { remark } from './output.ts';
import { readTls } from './tls.ts';

/** A listening server, in one process or in several. */
export interface Service {
  /** The public URL of the settings, or the address on this machine. */
  baseUrl: string;
  /** The serving role; undefined if requests log in as the owner. */
  servingRole: string | undefined;
  target: DatabaseTarget;
  /** Takes part in background jobs from then on, unless the settings exclude it. */
  startJobs(): Promise<void>;
  /** From now on `/readyz` answers 503. All other requests are answered as before. */
  drain(): void;
  /** Finishes requests and jobs in flight, then lets go of the data. */
  stop(): Promise<void>;
}

/** A server that listens. */
export interface RunningServer extends Service {
  data: DataConnection;
}

/**
 * Starts the server without its jobs. It listens first, and answers 503 to everything but /healthz until the schema is
 * up to date. Throws `CliError` and `Interrupted`.
 */
export async function startServer(config: DataConfig & ServerConfig, name: string): Promise<RunningServer> {
  catchInterruption();
  await checkListening(config);
  // The server's code takes about as long to load as the database to start.
  const load = () => import('./listening.ts');
  const data = await connectData(config, { purpose: 'serve', name, meanwhile: () => void load() });
  let listening: Listening | undefined;
  let jobs: Jobs | undefined;
  let monitoring: Monitoring | undefined;
  const stop = async () => {
    await monitoring?.close();
    await listening?.close(jobs?.stop(config.shutdownTimeoutS * 1_000));
    await data.close();
  };
  const stopAndThrow = async (error: unknown): Promise<never> => {
    await stop();
    return ignoreInterruptedError(error);
  };
  const prepared = prepare(data, config);
  prepared.catch(() => undefined);
  try {
    const { listenOn } = await load();
    listening = await listenOn(config, { ...data, target: data.servingTarget ?? data.target });
    const { baseUrl, database, logger, monitor } = listening;
    listening.serve(await prepared);
    monitoring = await startMonitoring(config, data, {
      as: prepared,
      read: async () => (monitor ? [await metricsOf(monitor.registry)] : []),
    });
    const startJobsHere = async () => {
      jobs = await jobsOf(config, data, { database, log: logger, monitoring }).catch(stopAndThrow);
    };
    const { target } = data;
    const servingRole = servingRoleOf(data);
    const { drain } = listening;
    return { baseUrl, servingRole, target, data, startJobs: startJobsHere, drain, stop };
  } catch (error) {
    await Promise.allSettled([prepared]);
    return stopAndThrow(error);
  }
}

/** The serving role; undefined if requests log in as the owner. Throws `UnusableDatabaseError`. */
export function servingRoleOf({ servingTarget }: DataConnection): string | undefined {
  return servingTarget && roleOf(servingTarget);
}

/** Says as which database role the server connects for requests, and warns if that is the owner. */
export function tellDatabaseRole({ servingRole, target }: Service): void {
  remark(
    servingRole === undefined
      ? `Warning: requests connect to the database as its owner, ${roleOf(target)}. Give --serving-database-url, so that a fault of the server cannot use the rights of the owner.`
      : `Requests connect to the database as ${servingRole}, which cannot become the owner.`,
  );
}

/** Prints a one-time link that sets Rollcall up, if there is no organisation yet. */
export async function tellSetUpLink({ target, baseUrl }: Service): Promise<void> {
  // Loading it earlier would delay the first requests.
  const { createSetUpLink, setUpAddress } = await import('../auth/set-up.ts');
  try {
    const link = await withOwner(target, (owner) => createSetUpLink(owner, Date.now()), 1);
    if (!link) return;
    remark('There is no organisation yet. This link sets Rollcall up in a browser, once, within 15 minutes:');
    remark(`  ${setUpAddress(link, consoleUrl(baseUrl))}`);
  } catch (error) {
    // The server serves without the link, too.
    remark(
      `The link that sets Rollcall up could not be made (${(error as Error).message}); start again for one.`,
    );
  }
}

/** Brings the schema up to date, with a connection of its own. Throws operator errors and `Interrupted`. */
export function prepare(
  data: DataConnection,
  { servingDatabaseUrl }: Pick<ServerConfig, 'servingDatabaseUrl'>,
): Promise<SessionRole> {
  return unlessInterrupted(
    withOwner(
      data.target,
      async (owner) => {
        const role = await prepareData(data, owner);
        await remarkUnknownTimeZones(owner);
        if (!data.servingTarget) return role;
        // The embedded server has made its role already.
        if (servingDatabaseUrl !== undefined) await prepareServingRole(data.target, data.servingTarget);
        return 'restricted';
      },
      1,
    ),
  );
}

const JOBS_AFTER_MS = 100;

/** Takes part in background jobs from now on; undefined if the settings exclude it. Throws `Interrupted`. */
export async function jobsOf(
  config: ServerConfig,
  { target, masterKey }: Pick<DataConnection, 'target' | 'masterKey'>,
  { database, log, monitoring }: { database: Database; log: Logger; monitoring: Monitoring | undefined },
): Promise<Jobs | undefined> {
  if (config.jobs === 'off') return undefined;
  // Loading the jobs earlier would delay the first requests.
  await unlessInterrupted(delay(JOBS_AFTER_MS));
  const { startJobs } = await import('../jobs/runner.ts');
  const { TASKS } = await import('../jobs/tasks.ts');
  const { migrateJobQueue } = await import('../store/schema/job-queue.ts');
  await unlessInterrupted(migrateJobQueue(target));
  const monitor = await monitoring?.jobs();
  return startJobs({ target, tasks: TASKS, database, masterKey, clock: Date.now, log, monitor });
}

/** Checks the address, the port and the identity provider's settings before anything starts. Throws `CliError`. */
export async function checkListening(config: ServerConfig & DataConfig): Promise<void> {
  if (config.readDatabaseUrl !== undefined && config.databaseUrl === undefined)
    throw new CliError('--read-database-url needs --database-url, the URL of the primary.');
  await readTls(config);
  await readOidcClientSecret(config);
  warnOfPlainSecrets(config);
  warnOfOpenMetrics(config);
  for (const url of [config.databaseUrl, config.servingDatabaseUrl, config.readDatabaseUrl]) {
    if (url !== undefined) warnOfPlainDatabase(url);
  }
}

/** Serves until SIGINT, SIGTERM or SIGHUP, and for `drainS` seconds more. Then stops in order. */
export async function serveUntilSignalled(running: Service, { drainS } = { drainS: 0 }): Promise<void> {
  const interruption = catchInterruption();
  if (!interruption.aborted) await once(interruption, 'abort');
  if (drainS > 0) {
    running.drain();
    remark(`Stopping in ${drainS} s: /readyz answers 503, and other requests are answered.`);
    await delay(drainS * 1_000);
  }
  remark('Stopping: finishing the requests in flight.');
  await running.stop();
}

function warnOfPlainSecrets({ host, tlsCert, trustProxy }: ServerConfig): void {
  if (isLoopback(host) || tlsCert !== undefined || trustProxy !== false) return;
  remark(
    `Warning: listening on ${host} without TLS: Basic secrets and tokens are not encrypted. Give --tls-cert and --tls-key, ` +
      'or put a TLS proxy in front and name it with --trust-proxy.',
  );
}

function warnOfOpenMetrics({ metricsPort, metricsHost }: ServerConfig): void {
  if (metricsPort === undefined || isLoopback(metricsHost)) return;
  remark(`Warning: all who reach ${metricsHost} may read the metrics. Let only Prometheus reach it.`);
}

function warnOfPlainDatabase(databaseUrl: string): void {
  const { hosts, isVerified } = transportOf({ connectionString: databaseUrl });
  const host = hosts.find((each) => !each.startsWith('/') && !isLoopback(each));
  if (isVerified || host === undefined) return;
  remark(
    `Warning: the connection to the database on ${host} may not be encrypted, or its certificate is not verified. Add ` +
      'sslmode=verify-full to the database URL.',
  );
}

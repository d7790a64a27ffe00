import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { Logger } from 'pino';
import { type App, createApp } from '../app.ts';
import type { DataConfig, ServerConfig } from '../config.ts';
import { createLogger } from '../http/logging.ts';
import { type Jobs, startJobs } from '../jobs/runner.ts';
import { TASKS } from '../jobs/tasks.ts';
import { Database, type DatabaseTarget, type SessionRole } from '../store/db.ts';
import { migrateJobQueue } from '../store/job-queue.ts';
import { connectData, type DataConnection, prepareData, withOwner } from './context.ts';
import { CliError, unreadable } from './errors.ts';
import { catchInterruption, endsWell, unlessInterrupted } from './interruption.ts';
import { remark } from './output.ts';

/** A server that listens. */
export interface RunningServer {
  /** Where it is reached from this machine. */
  baseUrl: string;
  app: App;
  data: DataConnection;
  /** Takes part in background jobs from then on, unless the settings say not to. */
  startJobs(): Promise<void>;
  /** Finishes requests and jobs in flight, then lets go of the data. */
  stop(): Promise<void>;
}

/**
 * Starts the server, without its jobs: it listens first, answering 503 but for /healthz until the schema is up to
 * date. Throws `CliError` with one sentence, and `Interrupted`.
 */
export async function startServer(config: DataConfig & ServerConfig, name: string): Promise<RunningServer> {
  catchInterruption();
  await checkListening(config);
  const data = await connectData(config, { purpose: 'serve', name });
  let listening: Listening | undefined;
  let jobs: Jobs | undefined;
  const stop = async () => {
    await listening?.close(jobs?.stop(config.shutdownTimeoutS * 1_000));
    await data.close();
  };
  const stopAndThrow = async (error: unknown): Promise<never> => {
    await stop();
    return endsWell(error);
  };
  try {
    listening = await listenOn(config, data);
    const { app, baseUrl, database, logger } = listening;
    listening.serve(await prepare(data));
    const startJobsHere = async () => {
      jobs = await jobsOf(config, data.target, database, logger).catch(stopAndThrow);
    };
    return { baseUrl, app, data, startJobs: startJobsHere, stop };
  } catch (error) {
    return stopAndThrow(error);
  }
}

/** Brings the schema up to date, with a connection of its own. Throws `Interrupted`. */
export function prepare(data: DataConnection): Promise<SessionRole> {
  return unlessInterrupted(withOwner(data.target, (owner) => prepareData(data, owner), 1));
}

/** Takes part in background jobs from then on; undefined where the settings say not to. Throws `Interrupted`. */
export async function jobsOf(
  config: ServerConfig,
  target: DatabaseTarget,
  database: Database,
  log: Logger,
): Promise<Jobs | undefined> {
  if (config.jobs === 'off') return undefined;
  await unlessInterrupted(migrateJobQueue(target));
  return startJobs({ target, tasks: TASKS, database, clock: Date.now, log });
}

/** What answers requests, on data that somebody else has reached and lets go of. */
export interface Listening {
  baseUrl: string;
  app: App;
  database: Database;
  logger: Logger;
  /** The schema is up to date; from now on requests are served. */
  serve(role: SessionRole): void;
  /** Finishes requests in flight, and waits for what else needs the database. */
  close(others?: Promise<void>): Promise<void>;
}

/** Listens, and answers 503 but for /healthz at first. Throws `CliError`. */
export async function listenOn(
  config: ServerConfig,
  { target, masterKey }: Pick<DataConnection, 'target' | 'masterKey'>,
): Promise<Listening> {
  const tls = await readTls(config);
  let decideRole: (role: SessionRole) => void = () => undefined;
  const role = new Promise<SessionRole>((resolve) => {
    decideRole = resolve;
  });
  const database = new Database({
    target,
    as: role,
    poolSize: config.databasePoolSize,
    exportPoolSize: config.exportPoolSize,
  });
  const lifecycle = { migrated: false };
  const logger = createLogger(config.logLevel);
  let app: App | undefined;
  const close = async (others?: Promise<void>) => {
    // Connections that wait for the role must end before the pools can.
    decideRole('owner');
    await Promise.all([app && closeApp(app, config.shutdownTimeoutS * 1_000), others]);
    await database.close();
  };
  try {
    app = await createApp({ config, database, masterKey, logger, lifecycle, tls });
    await listen(app, config);
  } catch (error) {
    await close();
    throw error;
  }
  const serve = (decided: SessionRole) => {
    decideRole(decided);
    lifecycle.migrated = true;
  };
  return { baseUrl: baseUrlOf(app, config), app, database, logger, serve, close };
}

/** Says what is wrong with where the server is to listen before anything is started. Throws `CliError`. */
export async function checkListening(config: ServerConfig): Promise<void> {
  await readTls(config);
  warnOfBareSecrets(config);
}

/** Serves until SIGINT, SIGTERM or SIGHUP, then stops in order. */
export async function serveUntilSignalled(running: Pick<RunningServer, 'stop'>): Promise<void> {
  const interruption = catchInterruption();
  if (!interruption.aborted) await once(interruption, 'abort');
  remark('Stopping: finishing the requests in flight.');
  await running.stop();
}

async function listen(app: App, { host, port }: ServerConfig): Promise<void> {
  try {
    await app.listen({ host, port, listenTextResolver: (address) => `listening on ${address}` });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new CliError(`Port ${port} is in use; choose another with --port.`);
    if (code === 'EACCES')
      throw new CliError(`This user may not listen on port ${port}; choose another with --port.`);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new CliError(`${host} is not an address of this machine.`);
    throw error;
  }
}

const SWEEP_MS = 50;

/** Waits for requests in flight, but for no longer than `timeoutMs`. */
async function closeApp(app: App, timeoutMs: number): Promise<void> {
  const deadline = setTimeout(() => app.server.closeAllConnections(), timeoutMs);
  // A connection that a request in flight came on becomes idle after its answer, and would be kept alive.
  const sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS);
  await app.close();
  clearTimeout(deadline);
  clearInterval(sweep);
}

function baseUrlOf(app: App, { host, publicUrl, tlsCert }: ServerConfig): string {
  if (publicUrl !== undefined) return publicUrl;
  const { port } = app.server.address() as AddressInfo;
  const reachable = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  const authority = isIP(reachable) === 6 ? `[${reachable}]` : reachable;
  return `${tlsCert === undefined ? 'http' : 'https'}://${authority}:${port}`;
}

async function readTls({
  tlsCert,
  tlsKey,
}: ServerConfig): Promise<{ cert: Buffer; key: Buffer } | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new CliError('TLS needs both --tls-cert and --tls-key.');
  }
  const tls = {
    cert: await readFile(tlsCert).catch(unreadable(tlsCert)),
    key: await readFile(tlsKey).catch(unreadable(tlsKey)),
  };
  try {
    createSecureContext(tls);
  } catch (error) {
    const { reason, message } = error as Error & { reason?: string };
    throw new CliError(`TLS cannot use ${tlsCert} with ${tlsKey}: ${reason ?? message}.`);
  }
  return tls;
}

function warnOfBareSecrets({ host, tlsCert, trustProxy }: ServerConfig): void {
  const loopback = host === 'localhost' || host === '::1' || /^127\./.test(host);
  if (loopback || tlsCert !== undefined || trustProxy !== false) return;
  remark(
    `Warning: listening on ${host} without TLS: Basic secrets and tokens travel bare. Give --tls-cert and --tls-key, ` +
      'or put a TLS proxy in front and name it with --trust-proxy.',
  );
}

import { type AddressInfo, isIP } from 'node:net';
import type { Logger } from 'pino';
import { type App, createApp } from '../app.ts';
import type { ServerConfig } from '../config.ts';
import type { Monitor } from '../http/monitoring/monitor.ts';
import { Database, type SessionRole } from '../store/connections/db.ts';
import type { DataConnection } from './context.ts';
import { CliError } from './errors.ts';
import { openMonitor } from './monitoring.ts';
import { openLog } from './open-log.ts';
import { readOidcClientSecret } from './openid.ts';
import { readTls } from './tls.ts';

/** A listening server. The caller opens the data before, and closes it afterwards. */
export interface Listening {
  baseUrl: string;
  database: Database;
  logger: Logger;
  /** Undefined if the settings want no metrics. */
  monitor: Monitor | undefined;
  /** Serves requests from now on, because the schema is up to date. */
  serve(role: SessionRole): void;
  /** Finishes requests in flight, and waits for other work with the database. */
  close(others?: Promise<void>): Promise<void>;
}

/** Listens. Until `serve` is called, the server answers 503 to everything but /healthz. Throws `CliError`. */
export async function listenOn(
  config: ServerConfig,
  { target, masterKey }: Pick<DataConnection, 'target' | 'masterKey'>,
): Promise<Listening> {
  const tls = await readTls(config);
  const oidcClientSecret = await readOidcClientSecret(config);
  let decideRole: (role: SessionRole) => void = () => undefined;
  const role = new Promise<SessionRole>((resolve) => {
    decideRole = resolve;
  });
  const database = new Database({
    target,
    standby: config.readDatabaseUrl === undefined ? undefined : { connectionString: config.readDatabaseUrl },
    as: role,
    poolSize: config.databasePoolSize,
    exportPoolSize: config.exportPoolSize,
    listPoolSize: config.listPoolSize,
  });
  // The first request finds a connection that waits only for the role.
  database.warmUp().catch(() => undefined);
  const lifecycle = { migrated: false };
  const logger = await openLog(config);
  const monitor = await openMonitor(config);
  let app: App | undefined;
  const close = async (others?: Promise<void>) => {
    // Connections that wait for the role must end before the pools can.
    decideRole('owner');
    await Promise.all([app && closeApp(app, config.shutdownTimeoutS * 1_000), others]);
    await database.close();
  };
  try {
    app = await createApp({ config, database, masterKey, logger, lifecycle, tls, oidcClientSecret, monitor });
    await listen(app, config);
  } catch (error) {
    await close();
    throw error;
  }
  const serve = (decided: SessionRole) => {
    decideRole(decided);
    lifecycle.migrated = true;
  };
  return { baseUrl: baseUrlOf(app, config), database, logger, monitor, serve, close };
}

async function listen(app: App, { host, port }: ServerConfig): Promise<void> {
  try {
    await app.listen({ host, port });
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

/** Waits for requests in flight, at most for `timeoutMs`. */
async function closeApp(app: App, timeoutMs: number): Promise<void> {
  const deadline = setTimeout(() => app.server.closeAllConnections(), timeoutMs);
  // The connection of a request in flight becomes idle after the answer, and keep-alive would keep it open.
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

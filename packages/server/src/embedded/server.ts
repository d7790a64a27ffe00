import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { type Anchor, closeAnchor, leaveAndAskIfLast, openAnchor, takePart } from './anchor.ts';
import { findPostgresPackage, usablePrograms } from './binaries.ts';
import { bootstrap, checkVersion, createCluster, removeUnfinished } from './cluster.ts';
import { codeOf, EmbeddedServerError } from './errors.ts';
import { requireReach, resolveLayout } from './layout.ts';
import type { HostPaths, Layout } from './model.ts';
import {
  isPostmasterOf,
  POLL_MS,
  readPostmasterFile,
  START_LIMIT_MS,
  startPostmaster,
  stopLeftover,
  stopPostmaster,
} from './postmaster.ts';
import { passwordOf, ROLES } from './secret.ts';
import { prepareSocketDir } from './socket-dir.ts';

/*
 * The invariant of the whole directory: a process creates, starts, adopts, joins, leaves or stops a server only under
 * the transition lock of its data directory. Suppose that a process holds that lock and gets the participants'
 * advisory lock exclusively. Then there are no participants, and no process can become one, so stopping the server is
 * safe.
 *
 * A killed process holds neither lock for long: another process takes over the transition lock of a dead holder, and
 * the server drops the locks of a dead session. When a server dies, its participants join again, and the first one
 * starts it.
 */

const BUSY_LIMIT_MS = 10_000;
const LOST_SOCKET_LIMIT_MS = 2_000;
/** Starting up, shutting down or recovering: cannot_connect_now, admin_shutdown, crash_shutdown. */
const NOT_NOW = ['57P03', '57P01', '57P02'];
/** Errors of a cluster that is not set up yet: invalid_password (also for an unknown role), invalid_catalog_name. */
const NOT_SET_UP = ['28P01', '3D000'];

export interface Joined {
  anchor: Anchor;
  layout: Layout;
  target: pg.ClientConfig;
  servingTarget: pg.ClientConfig;
  created: boolean;
  started: boolean;
}

export interface Joining {
  /** application_name of the sessions. */
  name: string;
  /** Whether to make the cluster if there is none. */
  mayCreate: boolean;
  /** Ends the longest waits (AbortError). */
  signal: AbortSignal;
  /** Called when this process has started a program and waits for it. */
  meanwhile?: (() => void) | undefined;
}

/**
 * Joins the server of a data directory, and starts it if none runs. Call it under the transition lock.
 *
 * @throws EmbeddedServerError
 */
export async function joinServer(
  dataDir: string,
  around: HostPaths,
  { name, mayCreate, signal, meanwhile }: Joining,
): Promise<Joined> {
  const pkg = await findPostgresPackage(around.packageRoot);
  const layout = await resolveLayout(dataDir, around);
  if (layout.exists) await checkVersion(layout, pkg);
  else if (!mayCreate) throw new EmbeddedServerError(`The database in ${dataDir} is gone.`);
  const created = !layout.exists;
  let started = false;
  try {
    for (;;) {
      const running = layout.exists ? await connectToRunning(layout, name) : undefined;
      if (running !== undefined) {
        const takesPart = await takePart(running.anchor).catch(() => false);
        if (takesPart) return { ...running, layout, created, started };
        await closeAnchor(running.anchor);
        await sleep(POLL_MS);
        continue;
      }
      await requireReach(layout);
      const programs = await usablePrograms(pkg, layout.user, around.systemDir, dataDir);
      await removeUnfinished(layout.cluster);
      const isNew = !layout.exists;
      if (isNew) await createCluster(layout, programs, meanwhile);
      layout.exists = true;
      const socketDir = await prepareSocketDir(layout, around.tempDir);
      started = true;
      await startPostmaster(layout, programs, { socketDir, signal, meanwhile });
      const file = await readPostmasterFile(layout.cluster);
      if (isNew && file !== undefined) await bootstrap(dataDir, await targetOf(layout, file, name));
    }
  } catch (error) {
    // No other process can have joined the server that this call started, so no other process would stop it.
    if (started) await stopLeftover(layout.cluster).catch(() => undefined);
    throw error;
  }
}

/**
 * Ends a participation, and stops the server if it was the last. Call it under the transition lock.
 *
 * @param anchor the participant's session, or `undefined` when it ended with the server
 */
export async function leaveServer(layout: Layout, name: string, anchor: Anchor | undefined): Promise<void> {
  const session = anchor ?? (await connectToRunning(layout, name))?.anchor;
  if (session === undefined) return;
  try {
    const isLast = await leaveAndAskIfLast(session).catch(() => undefined);
    // No answer: this server has stopped. Another one may run by now, and we may have been its last participant.
    if (isLast === undefined && anchor !== undefined) return await leaveServer(layout, name, undefined);
    if (isLast !== true) return;
    // If the server runs in another container, the process that started it there stops it.
    const isOurs = await isPostmasterOf(session.serverPid, layout.cluster, layout.user.uid);
    if (isOurs) await stopPostmaster(session.serverPid, layout.cluster);
  } finally {
    await closeAnchor(session);
  }
}

/** Connects to the running server, and waits while it starts or stops. Returns `undefined` when none runs. */
async function connectToRunning(
  layout: Layout,
  name: string,
): Promise<Pick<Joined, 'anchor' | 'target' | 'servingTarget'> | undefined> {
  const beganMs = Date.now();
  const passed = (limitMs: number) => Date.now() - beganMs > limitMs;
  for (;;) {
    const file = await readPostmasterFile(layout.cluster);
    if (file === undefined) return undefined;
    let failure: string | undefined;
    if (file.status === 'ready') {
      const target = await targetOf(layout, file, name);
      try {
        const anchor = await openSetUp(layout.dataDir, target, file.pid);
        return { anchor, target, servingTarget: await servingTargetOf(layout.dataDir, target) };
      } catch (error) {
        failure = judge(error, layout.dataDir, passed(BUSY_LIMIT_MS));
      }
    }
    // The connection comes first: a server in another container answers on its socket, but its pid means nothing
    // here.
    if (!(await isPostmasterOf(file.pid, layout.cluster, layout.user.uid))) return undefined;
    // Something removed the socket (for example, a cleaner of /tmp). The server makes a new one only when it starts.
    if (failure === 'ENOENT' && passed(LOST_SOCKET_LIMIT_MS)) await stopPostmaster(file.pid, layout.cluster);
    if (passed(START_LIMIT_MS)) {
      throw new EmbeddedServerError(
        `The database in ${layout.dataDir} (pid ${file.pid}) has not accepted connections for ten minutes; its log is ${layout.cluster}.log.`,
      );
    }
    await sleep(POLL_MS);
  }
}

async function targetOf(
  layout: Layout,
  server: { socketDir: string; port: number },
  name: string,
): Promise<pg.ClientConfig> {
  return {
    host: server.socketDir,
    port: server.port,
    user: ROLES.owner,
    password: await passwordOf(layout.dataDir, ROLES.owner),
    database: 'rollcall',
    application_name: name,
    // Set here so that pg does not read the environment (PGSSLMODE, PGCLIENT_ENCODING, PGOPTIONS).
    ssl: false,
    client_encoding: 'UTF8',
    options: '-c timezone=UTC',
  };
}

async function servingTargetOf(dataDir: string, target: pg.ClientConfig): Promise<pg.ClientConfig> {
  return { ...target, user: ROLES.serving, password: await passwordOf(dataDir, ROLES.serving) };
}

async function openSetUp(dataDir: string, target: pg.ClientConfig, pid: number): Promise<Anchor> {
  try {
    const anchor = await openAnchor(target, pid);
    if (await hasServingRole(anchor)) return anchor;
    await closeAnchor(anchor);
  } catch (error) {
    if (!NOT_SET_UP.includes(codeOf(error) ?? '')) throw error;
  }
  await bootstrap(dataDir, target);
  return openAnchor(target, pid);
}

/** A cluster of an earlier release has no such role. The grant is the last thing that the role gets. */
async function hasServingRole({ client }: Anchor): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_auth_members m JOIN pg_roles serving ON serving.oid = m.member JOIN pg_roles app ON app.oid = m.roleid
     WHERE serving.rolname = $1 AND app.rolname = $2`,
    [ROLES.serving, ROLES.app],
  );
  return rowCount !== 0;
}

/** Decides whether a failed connection is worth another try. Returns the error's code if so, and throws if not. */
function judge(error: unknown, dataDir: string, isLate: boolean): string {
  const code = codeOf(error) ?? '';
  if (NOT_NOW.includes(code) || ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT'].includes(code)) return code;
  const isFull = code === '53300';
  const isCutOff =
    code === '' && error instanceof Error && /^(Connection terminated|timeout expired)/.test(error.message);
  if ((isFull || isCutOff) && !isLate) return code;
  if (code === '28P01') {
    throw new EmbeddedServerError(
      `The secret in ${dataDir}/postgres.secret does not match the database beside it; restore the right file.`,
      { cause: error },
    );
  }
  if (isFull) {
    throw new EmbeddedServerError(`The database in ${dataDir} has no connection left; try again later.`, {
      cause: error,
    });
  }
  throw error;
}

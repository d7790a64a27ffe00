import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, EmbeddedServerError, ifPresent } from './errors.ts';
import type { Layout } from './model.ts';
import { FIXED_ENV, inspectProcess, sendSignal } from './processes.ts';
import { clearSocketDir, PORT } from './socket-dir.ts';

export const POLL_MS = 10;
/** Recovery after a power cut replays the write-ahead log, which may take minutes. */
export const START_LIMIT_MS = 600_000;
const ORPHANS_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 60_000;
const LOG_LIMIT_BYTES = 10_000_000;

/** The values that a running server writes into `postmaster.pid` (lines 1, 4, 5 and 8). */
export interface PostmasterFile {
  pid: number;
  port: number;
  socketDir: string;
  status: string;
}

/**
 * Reads `postmaster.pid`. Returns `undefined` when there is none. The status is empty for a half-written file. It is
 * empty, too, for a file in a copy of another data directory (line 2 has the path): that file describes the
 * original's server.
 */
export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | undefined> {
  const text = await ifPresent(readFile(join(cluster, 'postmaster.pid'), 'utf8'));
  if (text === undefined) return undefined;
  const lines = text.split('\n');
  return {
    pid: Number(lines[0]),
    port: Number(lines[3]),
    socketDir: lines[4] ?? '',
    status: lines[1] === cluster ? (lines[7] ?? '').trim() : '',
  };
}

/** Whether the process is the server of this cluster. A pid alone proves nothing after a reboot or in a container. */
export async function isPostmasterOf(pid: number, cluster: string, uid: number): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  const facts = await inspectProcess(pid);
  return facts !== undefined && facts.uid === uid && facts.command.includes(` -D ${cluster} `);
}

/** Settings that override postgresql.conf. The server does not log errors, because their texts quote personal data. */
function settings(socketDir: string): string[] {
  const fixed = {
    listen_addresses: '',
    port: PORT,
    unix_socket_directories: `"${socketDir.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    password_encryption: 'scram-sha-256',
    max_connections: 100,
    // A read of all months locks every partition and its indexes.
    max_locks_per_transaction: 256,
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_destination: 'stderr',
    logging_collector: 'off',
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_parameter_max_length_on_error: 0,
    log_statement: 'none',
    log_min_duration_statement: -1,
  };
  return Object.entries(fixed).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

interface PostmasterStart {
  socketDir: string;
  /** Ends the wait for the processes of an earlier server (AbortError). */
  signal: AbortSignal;
  /** Called when this process has started the server and waits for it. */
  meanwhile?: (() => void) | undefined;
}

/**
 * Starts the server, and returns when a server takes connections. Call it under the transition lock, when none runs.
 *
 * The server gets its own session, so that Ctrl-C in our terminal does not reach it. It outlives this process.
 *
 * @throws EmbeddedServerError when it does not start; the sentence gives the reason and the path of the log
 */
export async function startPostmaster(
  layout: Layout,
  programs: string,
  { socketDir, signal, meanwhile }: PostmasterStart,
): Promise<void> {
  await removeStaleFiles(layout, socketDir);
  const path = `${layout.cluster}.log`;
  const log = await openLog(path);
  const deadlineMs = Date.now() + ORPHANS_LIMIT_MS;
  try {
    for (;;) {
      const from = (await log.stat()).size;
      const args = ['-D', layout.cluster, ...settings(socketDir)];
      const child = spawn(join(programs, 'postgres'), args, {
        ...asUser(layout),
        cwd: '/',
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
      });
      meanwhile?.();
      const failure = await untilReady(child, layout.cluster);
      if (failure === undefined) return;
      const reason = failure.message || lastReason(await readFrom(path, from));
      // A process started that server, and was killed before the server wrote the file. The caller adopts that
      // server.
      if (reason.includes('lock file "postmaster.pid" already exists')) return;
      // The processes of a killed server need a moment to notice. They must not meet a new server.
      if (!reason.includes('pre-existing shared memory block') || Date.now() > deadlineMs) {
        throw new EmbeddedServerError(`The database could not be started: ${reason}; its log is ${path}.`);
      }
      await sleep(10 * POLL_MS, undefined, { signal });
    }
  } finally {
    await log.close();
  }
}

/** Options to start a program for the server: the fixed environment and, when we are root, the server's user. */
export function asUser(layout: Layout): { env: NodeJS.ProcessEnv; uid?: number; gid?: number } {
  const { uid, gid, isOther } = layout.user;
  return isOther ? { env: FIXED_ENV, uid, gid } : { env: FIXED_ENV };
}

/** Waits until the child takes connections. Otherwise returns its failure, with a message if the log has none. */
async function untilReady(child: ChildProcess, cluster: string): Promise<Error | undefined> {
  let ended: Error | undefined;
  child.once('error', (error) => {
    ended = new Error(`the program could not be run (${codeOf(error) ?? error.message})`);
  });
  child.once('exit', () => {
    ended ??= new Error('');
  });
  child.unref();
  const deadlineMs = Date.now() + START_LIMIT_MS;
  while (ended === undefined) {
    const file = await readPostmasterFile(cluster);
    if (file?.pid === child.pid && file?.status === 'ready') return undefined;
    if (Date.now() > deadlineMs) return new Error('it was not ready after ten minutes');
    await sleep(POLL_MS);
  }
  return ended;
}

function lastReason(log: string): string {
  const lines = log.trim().split('\n');
  const fatal = lines.findLast((line) => /\b(FATAL|PANIC):/.test(line)) ?? lines.at(-1) ?? '';
  return fatal.replace(/^.*?\b(FATAL|PANIC):\s*/, '') || 'it ended without a message';
}

async function openLog(path: string): Promise<FileHandle> {
  const size = (await ifPresent(stat(path)))?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) await rename(path, `${path}.1`);
  const flags = constants.O_CREAT | constants.O_APPEND | constants.O_WRONLY | constants.O_NOFOLLOW;
  try {
    return await open(path, flags, 0o600);
  } catch (error) {
    // The file belongs to root, from a start as root. The directory is still ours.
    if (codeOf(error) !== 'EACCES') throw error;
    await unlink(path);
    return open(path, flags, 0o600);
  }
}

async function readFrom(path: string, offset: number): Promise<string> {
  return (await readFile(path)).subarray(offset).toString('utf8');
}

/**
 * Removes files that would stop the start. PostgreSQL judges by the pid alone, and would take an unrelated process
 * for a running server. It would also fail on a file that a power cut left empty. PostgreSQL itself judges a dead
 * pid. In either case it still refuses to start while processes of an earlier server hold the shared memory.
 */
async function removeStaleFiles(layout: Layout, socketDir: string): Promise<void> {
  const stale = await readPostmasterFile(layout.cluster);
  const isLegible = stale !== undefined && Number.isInteger(stale.pid) && stale.pid > 0;
  if (stale !== undefined && (!isLegible || (await inspectProcess(stale.pid)) !== undefined)) {
    await ifPresent(unlink(join(layout.cluster, 'postmaster.pid')));
  }
  await clearSocketDir(socketDir);
}

/**
 * Stops a running server, and returns when it has ended. Sessions are terminated; committed data is safe. Call it
 * under the transition lock, with a pid that is known to be this cluster's.
 *
 * @throws EmbeddedServerError when it still runs after two minutes
 */
export async function stopPostmaster(pid: number, cluster: string): Promise<void> {
  // SIGQUIT stops without a checkpoint. The next start then recovers from the write-ahead log.
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    sendSignal(pid, signal);
    const deadlineMs = Date.now() + STOP_LIMIT_MS;
    while (Date.now() < deadlineMs) {
      const isListed = (await readPostmasterFile(cluster))?.pid === pid;
      if (!isListed && (await inspectProcess(pid)) === undefined) return;
      await sleep(POLL_MS);
    }
  }
  throw new EmbeddedServerError(`The database in ${cluster} (pid ${pid}) could not be stopped.`);
}

/** Stops the server of a cluster that no client can connect to any more, if one runs. */
export async function stopLeftover(cluster: string): Promise<void> {
  const file = await readPostmasterFile(cluster);
  const { uid } = await stat(cluster);
  if (file !== undefined && (await isPostmasterOf(file.pid, cluster, uid))) {
    await stopPostmaster(file.pid, cluster);
  }
}

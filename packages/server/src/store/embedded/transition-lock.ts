import { randomBytes } from 'node:crypto';
import { readlink, symlink, unlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, EmbeddedServerError, ifPresent } from './errors.ts';
import { inspectProcess } from './processes.ts';

const POLL_MS = 10;
// Longer than a start may take (START_LIMIT_MS in postmaster.ts), so that a waiter outlasts any honest holder.
const WAIT_LIMIT_MS = 660_000;

interface Holder {
  pid: number;
  startedAt: string;
  token: string;
}

/**
 * Runs `work` while no other process (and no other caller in this one) holds the lock at `path`.
 *
 * The lock is a symbolic link whose text names its holder: made in one step, never half written, and left behind
 * by a killed holder in a form that the next one can judge.
 *
 * @param signal ends the waiting for the lock (AbortError), not the work
 * @throws EmbeddedServerError when a live process has held the lock for eleven minutes
 */
export async function withTransitionLock<T>(
  path: string,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const own = await newHolder();
  const deadlineMs = Date.now() + WAIT_LIMIT_MS;
  while (!(await tryAcquire(path, own))) {
    if (Date.now() > deadlineMs) {
      const pid = (await readHolder(path))?.pid ?? 'unknown';
      throw new EmbeddedServerError(
        `Another process (pid ${pid}) has been starting or stopping the database for too long; see to that one, then try again.`,
      );
    }
    await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal });
  }
  try {
    return await work();
  } finally {
    await release(path, own);
  }
}

/** Takes the lock at `path`, unless a live process has it: what gives it back, or the pid of who has it. */
export async function takeLock(path: string): Promise<(() => Promise<void>) | number> {
  const own = await newHolder();
  while (!(await tryAcquire(path, own))) {
    const holder = await readHolder(path);
    if (holder && (await isAlive(holder))) return holder.pid;
  }
  return () => release(path, own);
}

async function newHolder(): Promise<Holder> {
  return {
    pid: process.pid,
    startedAt: (await inspectProcess(process.pid))?.startedAt ?? '',
    token: randomBytes(8).toString('hex'),
  };
}

async function release(path: string, own: Holder): Promise<void> {
  if ((await readHolder(path))?.token === own.token) await ifPresent(unlink(path));
}

/**
 * Invariant: a lock text is unique (its token), and only its holder removes it while the holder lives. Of those who
 * find the holder dead, only the one holding the lock named after that token may remove it, and only after reading
 * it once more; so a new holder's lock is never removed by someone who judged the old one.
 */
async function tryAcquire(path: string, own: Holder): Promise<boolean> {
  try {
    await symlink(`${own.pid} ${own.startedAt} ${own.token}`, path);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  const holder = await readHolder(path);
  if (holder === undefined || (await isAlive(holder))) return false;
  const claim = `${path}.${holder.token}`;
  if (await tryAcquire(claim, own)) {
    if ((await readHolder(path))?.token === holder.token) await ifPresent(unlink(path));
    await ifPresent(unlink(claim));
  }
  return false;
}

async function readHolder(path: string): Promise<Holder | undefined> {
  const text = await ifPresent(readlink(path));
  if (text === undefined) return undefined;
  const [pid, startedAt = '', token = 'none'] = text.split(' ');
  return { pid: Number(pid), startedAt, token };
}

async function isAlive(holder: Holder): Promise<boolean> {
  const facts = await inspectProcess(holder.pid);
  return facts !== undefined && facts.startedAt === holder.startedAt;
}

import { randomBytes } from 'node:crypto';
import { readlink, symlink, unlink } from 'node:fs/promises';
import { codeOf, ifPresent } from './errors.ts';
import { inspectProcess } from './processes.ts';

/**
 * The holder of a lock between the processes of a machine. The lock is a symbolic link whose text names its holder.
 * The kernel makes it in one step, so it is never half written. The link of a killed holder stays, and the next
 * process can tell that its holder is dead.
 */
export interface LockHolder {
  pid: number;
  startedAt: string;
  token: string;
}

/**
 * Takes the lock at `path`, unless a live process has it. Returns the function that releases it, or the pid of the
 * holder.
 */
export async function takeLock(path: string): Promise<(() => Promise<void>) | number> {
  const own = await newHolder();
  while ((await tryAcquire(path, own)) !== 'acquired') {
    const holder = await readHolder(path);
    if (holder && (await isAlive(holder))) return holder.pid;
  }
  return () => release(path, own);
}

/** Makes this process a holder with a new token, for one use of a lock. */
export async function newHolder(): Promise<LockHolder> {
  return {
    pid: process.pid,
    startedAt: (await inspectProcess(process.pid))?.startedAt ?? '',
    token: randomBytes(8).toString('hex'),
  };
}

/** Releases the lock, if this holder has it. */
export async function release(path: string, own: LockHolder): Promise<void> {
  if ((await readHolder(path))?.token === own.token) await ifPresent(unlink(path));
}

/**
 * Takes the lock if it is free. If its holder is dead, it frees the lock and returns 'freed'.
 *
 * Invariant: a lock text is unique (its token). While its holder lives, only the holder removes it. Several processes
 * may find the holder dead. Only the one that holds the lock named after that token may remove the text, and only
 * after it has read the text once more. So no process that judged the old holder removes a new holder's lock.
 */
export async function tryAcquire(path: string, own: LockHolder): Promise<'acquired' | 'freed' | 'held'> {
  try {
    await symlink(`${own.pid} ${own.startedAt} ${own.token}`, path);
    return 'acquired';
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  const holder = await readHolder(path);
  if (holder === undefined) return 'freed';
  if (await isAlive(holder)) return 'held';
  const claim = `${path}.${holder.token}`;
  if ((await tryAcquire(claim, own)) !== 'acquired') return 'held';
  if ((await readHolder(path))?.token === holder.token) await ifPresent(unlink(path));
  await ifPresent(unlink(claim));
  return 'freed';
}

/** Returns the holder of the lock, or undefined where there is none. */
export async function readHolder(path: string): Promise<LockHolder | undefined> {
  const text = await ifPresent(readlink(path));
  if (text === undefined) return undefined;
  const [pid, startedAt = '', token = 'none'] = text.split(' ');
  return { pid: Number(pid), startedAt, token };
}

async function isAlive(holder: LockHolder): Promise<boolean> {
  const facts = await inspectProcess(holder.pid);
  return facts !== undefined && facts.startedAt === holder.startedAt;
}

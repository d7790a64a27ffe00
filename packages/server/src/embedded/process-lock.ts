import { randomBytes } from 'node:crypto';
import { readlink, symlink, unlink } from 'node:fs/promises';
import { codeOf, ifPresent } from './errors.ts';
import { inspectProcess } from './processes.ts';

/**
 * Who holds a lock between the processes of a machine: a symbolic link whose text names its holder, made in one step, never half
 * written, and left behind by a killed holder in a form that the next one can judge.
 */
export interface LockHolder {
  pid: number;
  startedAt: string;
  token: string;
}

/** Takes the lock at `path`, unless a live process has it: what gives it back, or the pid of who has it. */
export async function takeLock(path: string): Promise<(() => Promise<void>) | number> {
  const own = await newHolder();
  while ((await tryAcquire(path, own)) !== 'acquired') {
    const holder = await readHolder(path);
    if (holder && (await isAlive(holder))) return holder.pid;
  }
  return () => release(path, own);
}

/** This process, once. */
export async function newHolder(): Promise<LockHolder> {
  return {
    pid: process.pid,
    startedAt: (await inspectProcess(process.pid))?.startedAt ?? '',
    token: randomBytes(8).toString('hex'),
  };
}

/** Gives the lock back, if it is its holder's. */
export async function release(path: string, own: LockHolder): Promise<void> {
  if ((await readHolder(path))?.token === own.token) await ifPresent(unlink(path));
}

/**
 * Takes the lock, if nobody has it; where one who is dead had it, it is free from then on.
 *
 * Invariant: a lock text is unique (its token), and only its holder removes it while the holder lives. Of those who
 * find the holder dead, only the one holding the lock named after that token may remove it, and only after reading
 * it once more; so a new holder's lock is never removed by someone who judged the old one.
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

/** Who has the lock; undefined where nobody has. */
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

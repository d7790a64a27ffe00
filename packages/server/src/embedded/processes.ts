import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { codeOf } from './errors.ts';

const run = promisify(execFile);

/**
 * The whole environment of every program that this module's callers start. The caller's locale and settings have no
 * effect.
 */
export const FIXED_ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' };

export interface ProcessFacts {
  uid: number;
  /** Distinguishes two processes that had the same pid, one after the other. Opaque, without white space. */
  startedAt: string;
  /** The arguments joined with spaces, and a space at each end. */
  command: string;
}

/** Looks at a process. Returns `undefined` when there is none, or only a zombie that its parent has not collected. */
export async function inspectProcess(pid: number): Promise<ProcessFacts | undefined> {
  return process.platform === 'linux' ? inspectProc(pid) : inspectPs(pid);
}

async function inspectProc(pid: number): Promise<ProcessFacts | undefined> {
  try {
    const [stat, status, cmdline] = await Promise.all(
      ['stat', 'status', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')),
    );
    // proc(5): the second field may contain spaces and parentheses; the state is field 3, the start field 22.
    const fields = (stat ?? '').slice((stat ?? '').lastIndexOf(')') + 2).split(' ');
    const uid = /^Uid:\t\d+\t(\d+)/m.exec(status ?? '')?.[1];
    if (fields[0] === 'Z' || fields[0] === 'X' || uid === undefined) return undefined;
    const command = ` ${(cmdline ?? '').replaceAll('\0', ' ')}`;
    return { uid: Number(uid), startedAt: fields[19] ?? '', command };
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}

async function inspectPs(pid: number): Promise<ProcessFacts | undefined> {
  // ps exits with 1 when there is no such process.
  const listed = await run('/bin/ps', ['-ww', '-o', 'stat=,uid=,lstart=,command=', '-p', String(pid)], {
    env: FIXED_ENV,
  }).catch(() => undefined);
  const [, state, uid, startedAt, command] =
    /^\s*(\S+)\s+(\d+)\s+((?:\S+\s+){4}\S+)\s+(.*)$/s.exec(listed?.stdout ?? '') ?? [];
  if (state === undefined || startedAt === undefined || state.startsWith('Z')) return undefined;
  return {
    uid: Number(uid),
    startedAt: startedAt.replaceAll(/\s+/g, '-'),
    command: ` ${(command ?? '').trim()} `,
  };
}

/** Sends a signal. Returns `false` when the process has already ended. */
export function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
    throw error;
  }
}

/** Returns the output of a short program, or `undefined` when it failed or does not exist. */
export async function outputOf(file: string, args: string[]): Promise<string | undefined> {
  const done = await run(file, args, { env: FIXED_ENV, cwd: '/' }).catch(() => undefined);
  return done?.stdout.trim();
}

import { execFile } from 'node:child_process';
import { readFile, realpath, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { ServerConfig } from '../../config.ts';
import { type Finding, fine, formatBytes, mend, unknown } from './finding.ts';

const GIBIBYTE = 2 ** 30;
/** PostgreSQL stops when it cannot write. Below this, there is no room for a vacuum or a burst of events. */
const LEAST_FREE_BYTES = GIBIBYTE;
const LEAST_FREE_PART = 0.05;
/** A part of a large disk would be more than anybody needs. */
const ENOUGH_FREE_BYTES = 10 * GIBIBYTE;
const LEAST_FREE_INODES = 10_000;
/** Each client and each connection to the database needs one, and the program some hundred. */
const LEAST_OPEN_FILES = 4_096;

/** The disk of a data directory, which may be missing, and that of its cluster. */
export function checkDisk(dataDir: string): Promise<Finding> {
  return checkRoom(
    'disk',
    [dataDir, join(dataDir, 'postgres')],
    'Give the disk more room, or move other files away. "rollcall retention set" removes old data.',
  );
}

/** The disk of --log-file. */
export function checkLogDisk({ logFile = '' }: Pick<ServerConfig, 'logFile'>): Promise<Finding> {
  return checkRoom(
    'log disk',
    [logFile],
    'Give the disk more room, or lower --log-file-mib or --log-files-kept.',
  );
}

/** The disks of `paths`, which may be missing. */
async function checkRoom(check: string, paths: string[], remedy: string): Promise<Finding> {
  const places = await Promise.all(paths.map((path) => nearest(resolve(path))));
  let least = '';
  let leastBytes = Number.POSITIVE_INFINITY;
  for (const place of new Set(places)) {
    const { bavail, blocks, bsize, files, ffree } = await statfs(place);
    const freeBytes = bavail * bsize;
    const needed = Math.max(LEAST_FREE_BYTES, Math.min(blocks * bsize * LEAST_FREE_PART, ENOUGH_FREE_BYTES));
    if (freeBytes < needed) {
      return mend(
        check,
        `${formatBytes(freeBytes)} of ${formatBytes(blocks * bsize)} are free at ${place}; ${formatBytes(needed)} are needed.`,
        remedy,
      );
    }
    // Some file systems have no such limit, and say 0.
    if (files > 0 && ffree < LEAST_FREE_INODES) {
      return mend(
        check,
        `Only ${ffree} more files fit on the disk at ${place}.`,
        'Remove files that nobody needs.',
      );
    }
    if (freeBytes < leastBytes) [least, leastBytes] = [place, freeBytes];
  }
  return fine(check, `${formatBytes(leastBytes)} are free at ${least}.`);
}

/** The path, with links resolved, or the first directory above it that exists. */
async function nearest(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  if (real !== undefined || dirname(path) === path) return real ?? path;
  return nearest(dirname(path));
}

/** The limit of open files of this process. Node.js has raised it to the highest one that is allowed. */
export async function checkOpenFiles(): Promise<Finding> {
  const text = await readFile('/proc/self/limits', 'utf8').catch(() => undefined);
  const limit = /^Max open files\s+(\d+|unlimited)/m.exec(text ?? '')?.[1];
  if (limit === undefined) return unknown('open files', 'This system does not tell the limit of open files.');
  if (limit !== 'unlimited' && Number(limit) < LEAST_OPEN_FILES) {
    return mend(
      'open files',
      `A process started here may open ${limit} files; ${LEAST_OPEN_FILES} are needed.`,
      `Run "ulimit -Hn 65536" as root before the start, or set LimitNOFILE=65536 in the unit.`,
    );
  }
  return fine('open files', `A process started here may open ${limit} files.`);
}

/** Whether something keeps the clock of this machine right, as systemd tells it. */
export async function checkTimeService(): Promise<Finding> {
  const check = 'time service';
  const asked = promisify(execFile)('timedatectl', ['show', '--property=NTPSynchronized', '--value'], {
    timeout: 5_000,
  });
  const answer = await asked.then(({ stdout }) => stdout.trim()).catch(() => '');
  if (answer === 'yes') return fine(check, 'The clock of this machine is synchronised.');
  if (answer === 'no') {
    return mend(
      check,
      'The clock of this machine is not synchronised.',
      'Run "timedatectl set-ntp true", or start another NTP service.',
    );
  }
  return unknown(
    check,
    'This system does not tell whether its clock is synchronised.',
    'Run an NTP service: the server refuses logins with a wrong time.',
  );
}

import { once } from 'node:events';
import { chmodSync, closeSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import pino from 'pino';

export interface LogFileOptions {
  path: string;
  /** With this size, the file gets another name, and a new one begins. It can be exceeded by the lines of a second. */
  mostBytes: number;
  /** Files kept besides the current one; at least 1. */
  kept: number;
  /** Of several processes that write to the file, one rotates it. The others follow. */
  rotates: boolean;
  /** How the lines of a process are collected before they are written. */
  buffering: { minLength: number; periodicFlush: number };
  /** Hears once of each series of failed writes. */
  onFailure(error: Error): void;
}

const LOOK_MS = 1_000;
/** Only the user of the server can read the log. */
const MODE = 0o600;
/** While the disk is full, so many bytes of lines wait. Further lines are lost. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;

/**
 * A log file that rotates by size: `path`, then `path.1`, `path.2` and so on. Any number of processes append to it. Lines that
 * still wait when the process ends are written then, unless the process is killed. Throws the error of a file that cannot be
 * opened.
 */
export async function openLogFile(options: LogFileOptions): Promise<pino.DestinationStream> {
  const { path, buffering, onFailure } = options;
  // The stream would write to a file that could not be opened.
  closeSync(openSync(path, 'a', MODE));
  const stream = pino.destination({
    dest: path,
    append: true,
    mode: MODE,
    sync: false,
    maxLength: MOST_WAITING_BYTES,
    ...buffering,
  });
  await once(stream, 'ready');
  restrict(path);
  let hasFailed = false;
  stream.on('error', (error: Error) => {
    if (!hasFailed) onFailure(error);
    hasFailed = true;
  });
  stream.on('write', () => {
    hasFailed = false;
  });
  let opened = identityOf(path);
  const reopen = () => {
    stream.once('ready', () => {
      opened = identityOf(path);
    });
    stream.reopen();
  };
  setInterval(() => {
    const found = stateOf(path);
    if (!found || identityIn(found) !== opened) reopen();
    else if (options.rotates && found.size >= options.mostBytes) {
      if (rotateLogFile(options)) reopen();
    }
  }, LOOK_MS).unref();
  return stream;
}

/** An earlier file may be open to more users. */
function restrict(path: string): void {
  const found = stateOf(path);
  if (found?.isFile() && (found.mode & 0o077) !== 0) chmodSync(path, MODE);
}

/** Gives all files the next number. Returns false if the current file keeps its name. */
export function rotateLogFile({
  path,
  kept,
  onFailure,
}: Pick<LogFileOptions, 'path' | 'kept' | 'onFailure'>): boolean {
  try {
    rmSync(`${path}.${kept}`, { force: true });
    for (let number = kept - 1; number >= 1; number--) {
      if (stateOf(`${path}.${number}`)) renameSync(`${path}.${number}`, `${path}.${number + 1}`);
    }
    renameSync(path, `${path}.1`);
    return true;
  } catch (error) {
    onFailure(error as Error);
    return false;
  }
}

function stateOf(path: string) {
  return statSync(path, { throwIfNoEntry: false });
}

/** What distinguishes a file from another one of the same name. */
function identityIn({ dev, ino }: { dev: number; ino: number }): string {
  return `${dev} ${ino}`;
}

function identityOf(path: string): string | undefined {
  const found = stateOf(path);
  return found && identityIn(found);
}

import { once } from 'node:events';
import { open, stat } from 'node:fs/promises';
import { rotateLogFile } from '../http/log-file.ts';
import { CliError } from './errors.ts';

/** A file to which lines are added, and when it rotates. */
export interface TailFile {
  path: string;
  /** With this size, the file gets another name before the next lines. */
  mostBytes: number;
  /** Files kept besides the current one. */
  kept: number;
}

/** Writes lines. They are there when the promise is fulfilled: in the file, or in the hands of the system. */
export type WriteLines = (lines: string, signal: AbortSignal) => Promise<void>;

/** Writes to standard output, and waits for a slow reader. */
export const toStandardOutput: WriteLines = async (lines, signal) => {
  if (!process.stdout.write(lines)) await once(process.stdout, 'drain', { signal }).catch(() => undefined);
};

/** Writes to a file that only the user of this process can read, and rotates it. Throws `CliError`. */
export function toFile({ path, mostBytes, kept }: TailFile): WriteLines {
  const fail = (error: unknown): never => {
    throw new CliError(`The file ${path} cannot be written: ${(error as Error).message}.`);
  };
  return async (lines) => {
    try {
      const size = await stat(path).then(
        (found) => found.size,
        () => 0,
      );
      if (size >= mostBytes) rotateLogFile({ path, kept, onFailure: fail });
      const file = await open(path, 'a', 0o600);
      try {
        await file.chmod(0o600);
        await file.appendFile(lines);
        // The state says that the lines are written. It must not outlive them.
        await file.datasync();
      } finally {
        await file.close();
      }
    } catch (error) {
      if (error instanceof CliError) throw error;
      fail(error);
    }
  };
}

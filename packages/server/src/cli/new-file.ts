import { createWriteStream, existsSync, rmSync } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { CliError, unwritable } from './errors.ts';
import { onInterruption } from './interruption.ts';
import { remark } from './output.ts';

/** Comes after the name of a file that is not whole yet, and before the id of the process that writes it. */
export const UNFINISHED = '.unfinished-';

/** Throws `CliError` if the file exists. */
export function refuseExisting(file: string): void {
  if (existsSync(file))
    throw new CliError(`The file ${file} exists already; this command overwrites nothing.`);
}

/**
 * Gives `write` a stream to a temporary file beside `file`, mode 0600, and the path of the whole file to `check`. The file
 * gets its name after that, when all of it is on disk. An error or an interruption before that leaves no file. `what` is
 * what is in it: `backup`.
 */
export async function inNewFile<T>(
  file: string,
  what: string,
  write: (output: Writable) => Promise<T>,
  check?: (path: string, written: T) => Promise<void>,
): Promise<T> {
  const unfinished = `${file}${UNFINISHED}${process.pid}`;
  const handle = await open(unfinished, 'wx', 0o600).catch(unwritable(file));
  const ignoreInterruption = onInterruption(() => {
    rmSync(unfinished, { force: true });
    remark(`rollcall: The ${what} was interrupted; no ${what} was made.`);
  });
  try {
    const written = await write(createWriteStream(unfinished, { fd: handle.fd, autoClose: false }));
    await handle.sync().catch(unwritable(file));
    await check?.(unfinished, written);
    await rename(unfinished, file).catch(unwritable(file));
    return written;
  } catch (error) {
    await unlink(unfinished).catch(() => undefined);
    throw error;
  } finally {
    ignoreInterruption();
    await handle.close().catch(() => undefined);
  }
}

import { mkdir } from 'node:fs/promises';

/** A failure that the operator can act on. `message` is one plain sentence; `cause` (if any) is for the log. */
export class EmbeddedServerError extends Error {
  override name = 'EmbeddedServerError';
}

/** Returns the `code` of a system or PostgreSQL error, `undefined` for anything else. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Turns "no such file" (ENOENT) into `undefined`. Every other failure is thrown on. */
export async function ifPresent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes a directory with mode 0700. Returns `false` when something already exists at the path. */
export async function makeDir(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

const REASONS: Record<string, string> = {
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOENT: 'a part of the path does not exist',
  ENOTDIR: 'a part of the path is a file, not a directory',
  ENAMETOOLONG: 'the path is too long',
  ELOOP: 'its symbolic links form a loop',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
};

/** Describes a failure of a data directory in one sentence. Returns an EmbeddedServerError as it is. */
export function explain(error: unknown, dataDir: string): EmbeddedServerError {
  if (error instanceof EmbeddedServerError) return error;
  const path = (error as NodeJS.ErrnoException | null)?.path;
  const where = path === undefined || path === dataDir ? '' : ` (at ${path})`;
  const reason = REASONS[codeOf(error) ?? ''] ?? (error instanceof Error ? error.message : String(error));
  return new EmbeddedServerError(`The data directory ${dataDir} cannot be used: ${reason}${where}.`, {
    cause: error,
  });
}

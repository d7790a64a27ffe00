import { createHash } from 'node:crypto';
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { CliError, unreadable, unwritable } from '../errors.ts';
import type { Tally } from './tally.ts';

/** The source and the target. A change of either makes another submission. */
export interface Submission {
  kind: string;
  baseUrl: string;
  apiKey: string;
  sourceId: string;
  /** A digest of the file's size, modification time and first bytes. */
  fingerprint: string;
  /** The options for reading the rows, as JSON. */
  reading: string;
}

/** The progress of a submission: the answered rows and the written results. Earlier releases wrote the same members. */
export interface SubmitState extends Submission {
  version: 2;
  rows: number;
  tally: Tally;
  rejectedPath: string;
  rejected: { count: number; bytes: number };
}

const FINGERPRINTED_BYTES = 65_536;

/** The identity of a file and of its content. */
export async function fingerprintOf(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(FINGERPRINTED_BYTES),
      0,
      FINGERPRINTED_BYTES,
      0,
    );
    return createHash('sha256')
      .update(`${size} ${mtimeMs} `)
      .update(buffer.subarray(0, bytesRead))
      .digest('base64url');
  } finally {
    await file.close();
  }
}

/**
 * The state of an earlier, incomplete run of the same submission; undefined if there is none. Throws `CliError` if the
 * earlier run was another submission.
 */
export async function readState(path: string, submission: Submission): Promise<SubmitState | undefined> {
  const state = await findState(path);
  if (!state) return undefined;
  const others = Object.entries(submission).filter(
    ([name, value]) => state[name as keyof Submission] !== value,
  );
  if (others.length === 0 && state.version === 2) return state;
  // A run without any answer does not prevent another submission of the file.
  if (state.rows === 0) return undefined;
  const [[name = 'its format'] = []] = others;
  const what = name === 'fingerprint' ? 'the file' : name;
  throw new CliError(
    `${path} belongs to an incomplete submission, and ${what} has changed since then. With --restart the command sends the whole file again: the server stores nothing twice.`,
  );
}

/** Replaces the file, which is complete at any time. Throws `CliError` if the file cannot be written. */
export async function writeState(path: string, state: SubmitState): Promise<void> {
  const unfinished = `${path}.new`;
  try {
    await writeFile(unfinished, `${JSON.stringify(state)}\n`, { mode: 0o600, flush: true });
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    unwritable(path)(error);
  }
}

export async function removeState(path: string): Promise<void> {
  await rm(path, { force: true }).catch(unwritable(path));
}

/** Removes the state of an incomplete submission, with its refused rows. */
export async function forget(path: string): Promise<void> {
  const state = await findState(path);
  if (state && state.rejected.bytes > 0) await rm(state.rejectedPath, { force: true });
  await removeState(path);
}

async function findState(path: string): Promise<SubmitState | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as SubmitState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (!(error instanceof SyntaxError)) return unreadable(path)(error as NodeJS.ErrnoException);
    throw new CliError(`${path} is not the state of a submission. Remove it, or name another file.`);
  }
}

import { stat } from 'node:fs/promises';
import { ifPresent } from './errors.ts';

const ROOT = 0;
const GROUP_READS = 0o040;
const OTHERS = 0o077;
const OTHERS_READ_OR_WRITE = 0o066;

/** Why a directory or a file cannot be trusted, and what to do. `sentence` says both. */
export interface PermissionFault {
  found: string;
  remedy: string;
  sentence: string;
}

/**
 * Says why a directory of secrets cannot be trusted. Returns undefined where the directory can be trusted, or is missing.
 *
 * The directory must belong to the user of this process, or to one of `owners`. Only its owner may list or change it.
 * Other users may pass through.
 */
export async function directoryPermissionFault(
  what: string,
  path: string,
  owners: readonly number[],
): Promise<PermissionFault | undefined> {
  const own = process.geteuid?.();
  const found = await ifPresent(stat(path));
  // Windows has no such modes.
  if (own === undefined || found === undefined) return undefined;
  const { uid, mode } = found;
  if (uid !== own && !owners.includes(uid)) return foreign(what, path, uid, own);
  if ((mode & OTHERS_READ_OR_WRITE) === 0) return undefined;
  return openToOthers(what, path, mode, 'chmod go-rw');
}

/**
 * As `directoryPermissionFault`, for a file that holds a secret: no other user may read, write or run it. A group may
 * read a file that belongs to root, because services receive secrets in that way.
 */
export async function filePermissionFault(
  what: string,
  path: string,
  owners: readonly number[] = [],
): Promise<PermissionFault | undefined> {
  const own = process.geteuid?.();
  const found = await ifPresent(stat(path));
  if (own === undefined || found === undefined) return undefined;
  const { uid, mode } = found;
  if (uid !== own && uid !== ROOT && !owners.includes(uid)) return foreign(what, path, uid, own);
  const allowed = uid === ROOT && own !== ROOT ? GROUP_READS : 0;
  if ((mode & OTHERS & ~allowed) === 0) return undefined;
  const change = allowed === 0 ? 'chmod 600' : 'chmod g-wx,o-rwx';
  return openToOthers(what, path, mode, change);
}

function foreign(what: string, path: string, uid: number, own: number): PermissionFault {
  return toFault(
    `${what} ${path} belongs to another user of this machine (uid ${uid})`,
    `run Rollcall as that user, or, if you trust the content, run "chown ${own} ${path}"`,
  );
}

function openToOthers(what: string, path: string, mode: number, change: string): PermissionFault {
  return toFault(
    `${what} ${path} is open to other users of this machine (mode ${octal(mode)})`,
    `run "${change} ${path}"`,
  );
}

function toFault(found: string, remedy: string): PermissionFault {
  return { found, remedy, sentence: `${found}; ${remedy}.` };
}

function octal(mode: number): string {
  return `0${(mode & 0o777).toString(8).padStart(3, '0')}`;
}

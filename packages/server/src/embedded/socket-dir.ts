import { createHash } from 'node:crypto';
import { chown, lchown, lstat, mkdtemp, readlink, rm, symlink, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EmbeddedServerError, ifPresent, makeDir } from './errors.ts';
import type { Layout } from './model.ts';
import type { ServerUser } from './server-user.ts';

/** One below the smallest limit on the path of a Unix socket (macOS), which is 104 bytes with a closing zero. */
const SOCKET_PATH_LIMIT_BYTES = 103;

/** The port is only a part of the socket's name: the server does not listen on the network. */
export const PORT = 5432;

/**
 * Prepares the private directory for the server's socket. The path is the same after every restart, so that earlier
 * connection settings stay valid. When the directory is not beside the cluster, a link stores its path.
 */
export async function prepareSocketDir(layout: Layout, tempDir: string): Promise<string> {
  const beside = `${layout.cluster}.run`;
  const fits = Buffer.byteLength(join(beside, `.s.PGSQL.${PORT}`)) <= SOCKET_PATH_LIMIT_BYTES;
  // In a copy of a data directory, the link leads to the original's socket. The name shows which cluster it belongs
  // to.
  const prefix = `rollcall-${createHash('sha256').update(layout.cluster).digest('hex').slice(0, 8)}-`;
  const linked = fits ? undefined : await ifPresent(readlink(beside));
  const path = fits ? beside : linked && basename(linked).startsWith(prefix) ? linked : undefined;
  if (path !== undefined && (await isPrivateDir(path, layout.user))) return path;
  if (fits) {
    throw new EmbeddedServerError(
      `${beside} must be a directory that only the database's user (uid ${layout.user.uid}) may enter; remove it and try again.`,
    );
  }
  const elsewhere = await mkdtemp(join(tempDir, prefix));
  await chown(elsewhere, layout.user.uid, layout.user.gid);
  await rm(beside, { force: true });
  await symlink(elsewhere, beside);
  return elsewhere;
}

/** Makes the directory if it is missing. Returns `false` when the path is not a private directory of this user. */
async function isPrivateDir(path: string, user: ServerUser): Promise<boolean> {
  await makeDir(path);
  let found = await lstat(path);
  if (!found.isDirectory()) return false;
  if (user.isOther && found.uid === 0) {
    // Only root can have made it: just now, or before a process was killed at this point.
    await lchown(path, user.uid, user.gid);
    found = await lstat(path);
  }
  return found.uid === user.uid && (found.mode & 0o077) === 0;
}

/**
 * Removes the files of a dead server from its socket directory. A reused pid in them would stop the next server from
 * starting.
 */
export async function clearSocketDir(path: string): Promise<void> {
  for (const name of [`.s.PGSQL.${PORT}`, `.s.PGSQL.${PORT}.lock`]) await ifPresent(unlink(join(path, name)));
}

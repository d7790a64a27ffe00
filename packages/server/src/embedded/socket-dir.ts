import { createHash } from 'node:crypto';
import { chown, lchown, lstat, mkdtemp, readlink, rm, symlink, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EmbeddedServerError, ifPresent, makeDir } from './errors.ts';
import type { Layout } from './model.ts';
import type { ServerUser } from './server-user.ts';

/** One below the smallest limit (macOS) on a Unix socket's path, which has 104 bytes with a closing zero. */
const SOCKET_PATH_LIMIT_BYTES = 103;

/** The port is only the socket's name: nothing listens on the network. */
export const PORT = 5432;

/**
 * Makes sure of the private directory for the server's socket. It is the same after every restart, so that
 * connection settings handed out earlier stay valid: when the directory is elsewhere, a link remembers where.
 */
export async function prepareSocketDir(layout: Layout, tempDir: string): Promise<string> {
  const beside = `${layout.cluster}.run`;
  const fits = Buffer.byteLength(join(beside, `.s.PGSQL.${PORT}`)) <= SOCKET_PATH_LIMIT_BYTES;
  // The link in a copy of a data directory leads to the original's socket; the name says whose it is.
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

/** Makes the directory if it is missing; `false` when the path is taken by anything but a private one of this user. */
async function isPrivateDir(path: string, user: ServerUser): Promise<boolean> {
  await makeDir(path);
  let found = await lstat(path);
  if (!found.isDirectory()) return false;
  if (user.isOther && found.uid === 0) {
    // Only root can have made it: just now, or before being killed at this very point.
    await lchown(path, user.uid, user.gid);
    found = await lstat(path);
  }
  return found.uid === user.uid && (found.mode & 0o077) === 0;
}

/** Removes what a dead server left in its socket directory, for a reused pid in it would stop the next one. */
export async function clearSocketDir(path: string): Promise<void> {
  for (const name of [`.s.PGSQL.${PORT}`, `.s.PGSQL.${PORT}.lock`]) await ifPresent(unlink(join(path, name)));
}

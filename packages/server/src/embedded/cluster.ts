import { execFile } from 'node:child_process';
import { chown, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import type { PostgresPackage } from './binaries.ts';
import { codeOf, EmbeddedServerError, ifPresent } from './errors.ts';
import { linkRelocated } from './layout.ts';
import type { Layout } from './model.ts';
import { asUser } from './postmaster.ts';
import { ensureSecret, passwordOf, ROLES, syncDirectory } from './secret.ts';

const run = promisify(execFile);

/**
 * Refuses a cluster of another major version of PostgreSQL.
 *
 * @throws EmbeddedServerError with a message that says how to move its data
 */
export async function checkVersion(layout: Layout, pkg: PostgresPackage): Promise<void> {
  const version = (await ifPresent(readFile(join(layout.cluster, 'PG_VERSION'), 'utf8')))?.trim();
  if (version === pkg.major) return;
  throw new EmbeddedServerError(
    version === undefined
      ? `${layout.cluster} exists, but it is not a PostgreSQL data directory; move it away and try again.`
      : `The database in ${layout.dataDir} was made by PostgreSQL ${version}, and this Rollcall has PostgreSQL ${pkg.major}: run "rollcall backup FILE" with the Rollcall release that made it, then "rollcall restore FILE" with this one into a new data directory.`,
  );
}

/**
 * Makes the cluster in a directory beside its final path, and renames it when it is complete. Call it under the
 * transition lock.
 *
 * @throws EmbeddedServerError with the error that initdb reported
 */
export async function createCluster(layout: Layout, programs: string, meanwhile?: () => void): Promise<void> {
  await ensureSecret(layout.dataDir);
  const work = await mkdtemp(`${layout.cluster}.new-`);
  try {
    const passwordFile = join(work, 'password');
    await writeFile(passwordFile, await passwordOf(layout.dataDir, ROLES.superuser), { mode: 0o600 });
    if (layout.user.isOther) {
      for (const path of [passwordFile, work]) await chown(path, layout.user.uid, layout.user.gid);
    }
    const made = runInitdb(layout, programs, work, passwordFile);
    meanwhile?.();
    await made;
    await rename(join(work, 'data'), layout.cluster);
    await syncDirectory(dirname(layout.cluster));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  await linkRelocated(layout);
}

async function runInitdb(
  layout: Layout,
  programs: string,
  work: string,
  passwordFile: string,
): Promise<void> {
  const args = [
    ...['-D', join(work, 'data'), `--username=${ROLES.superuser}`, `--pwfile=${passwordFile}`],
    ...['--auth=scram-sha-256', '--no-instructions', '--encoding=UTF8', '--locale=C'],
    ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
  ];
  try {
    await run(join(programs, 'initdb'), args, { ...asUser(layout), cwd: '/' });
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim() ?? '';
    const reason = /(?:FATAL|PANIC):\s*(.*)/.exec(said) ?? /error:\s*(.*)/.exec(said);
    throw new EmbeddedServerError(
      `The database in ${layout.dataDir} could not be created: ${reason?.[1] ?? codeOf(error) ?? 'initdb failed'}.`,
      { cause: error },
    );
  }
}

/**
 * Removes unfinished clusters of killed processes. Call it under the transition lock: only its holder makes such
 * directories.
 */
export async function removeUnfinished(cluster: string): Promise<void> {
  const prefix = `${basename(cluster)}.new-`;
  for (const entry of await readdir(dirname(cluster))) {
    if (!entry.startsWith(prefix)) continue;
    // An initdb whose parent was killed may still be writing there. The next call then removes the rest.
    await rm(join(dirname(cluster), entry), { recursive: true, force: true }).catch(() => undefined);
  }
}

/**
 * Makes the roles and the database, except those that exist. A killed process, or an earlier release, may have made only some
 * of them. The database comes last: when the owner can connect to it, everything of that release is done.
 */
export async function bootstrap(dataDir: string, owner: pg.ClientConfig): Promise<void> {
  const client = new pg.Client({
    ...owner,
    user: ROLES.superuser,
    password: await passwordOf(dataDir, ROLES.superuser),
    database: 'postgres',
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const roles = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles');
    const missing = (role: string) => roles.rows.every((row) => row.rolname !== role);
    if (missing(ROLES.owner)) await client.query(`CREATE ROLE ${ROLES.owner}`);
    if (missing(ROLES.app)) await client.query(`CREATE ROLE ${ROLES.app}`);
    if (missing(ROLES.serving)) await client.query(`CREATE ROLE ${ROLES.serving}`);
    // Base64url has no quote to escape.
    const password = await passwordOf(dataDir, ROLES.owner);
    const servingPassword = await passwordOf(dataDir, ROLES.serving);
    await client.query(`
      ALTER ROLE ${ROLES.owner} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD '${password}';
      ALTER ROLE ${ROLES.app} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;
      ALTER ROLE ${ROLES.serving} LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION
        PASSWORD '${servingPassword}';
      GRANT ${ROLES.app} TO ${ROLES.owner}, ${ROLES.serving}`);
    const found = await client.query('SELECT FROM pg_database WHERE datname = $1', ['rollcall']);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE rollcall OWNER ${ROLES.owner}`);
  } finally {
    await client.end();
  }
}

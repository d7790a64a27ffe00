import { readdir } from 'node:fs/promises';
import pg from 'pg';
import { UnusableDatabaseError } from '../connections/check-database.ts';
import type { DatabaseTarget, SessionRole } from '../connections/db.ts';
import { newClient } from '../connections/hosts.ts';
import { isUnavailable } from '../connections/unavailable.ts';
import { MIGRATIONS_DIR } from '../release.ts';
import { prepareMonths } from './months.ts';
import { applyGrants, chooseRole, hasGrants } from './roles.ts';
import { firstNotRolling, refuseEarlierServers } from './rolling.ts';
import { makeSearchIndex } from './search-index.ts';
import { normalizeTimeZones } from './time-zones.ts';

/** A newer Rollcall than this one wrote the database. */
export class SchemaTooNewError extends Error {}

/** A migration failed. None of those that were due has changed anything. */
export class MigrationError extends Error {}

export interface MigrateOptions {
  /** Stops after this migration. A later call applies the newer ones. */
  upTo?: string;
  /** The folder of the migrations. The default is the folder of this release. */
  dir?: string;
  /** No server of an earlier release runs, whatever the database says. */
  serversStopped?: boolean;
  /** The time, which decides which months have a partition. The default is that of this machine. */
  now?: Date;
}

/**
 * Migrates the schema `rollcall` to this release. Then makes the grants of the restricted role. Several
 * processes can call it at once: the others wait. Connects as the role of `target`. With `upTo` it stops at
 * that migration and makes no grants, because the grants are for the newest schema. Returns the names of the
 * migrations that this call has applied, oldest first. Throws `SchemaTooNewError`, `MigrationError`, `EarlierServersError`, and
 * `UnusableDatabaseError` if the role is not allowed to set up the schema.
 */
export async function migrate(target: DatabaseTarget, options: MigrateOptions = {}): Promise<string[]> {
  return migrated(target, options, async (_client, applied) => applied);
}

/**
 * Migrates as `migrate` does. Then returns how row-level security binds the connections of `target`. Also
 * throws `UnrestrictedRoleError`; its message says what to grant.
 */
export async function migrateAndChooseRole(target: DatabaseTarget): Promise<SessionRole> {
  return migrated(target, {}, chooseRole);
}

/**
 * Migrates, then runs `work` on the same connection. Commands are short, so a second connection would take a
 * large part of their time.
 */
async function migrated<T>(
  target: DatabaseTarget,
  { upTo, dir = MIGRATIONS_DIR, serversStopped = false, now = new Date() }: MigrateOptions,
  work: (client: pg.Client, applied: string[]) => Promise<T>,
): Promise<T> {
  const client = newClient({ ...target, application_name: 'rollcall migrate' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const isCurrent = async () => (await dueMigrations(client, dir)).length === 0;
    // Grants fail beside any other change of a table ("tuple concurrently updated"). They are the last such change of a new schema.
    const isDone = (await isCurrent()) && (upTo !== undefined || (await hasGrants(client)));
    // The lock ends with the connection.
    if (!isDone) await client.query("SELECT pg_advisory_lock(hashtext('rollcall set-up'))");
    const added = isDone ? [] : await applyDue(client, { dir, upTo, serversStopped });
    await prepareMonths(client, now);
    if (upTo === undefined) {
      await applyGrants(client, { renew: added.length > 0 });
      await makeSearchIndex(client);
      // This must precede every write: see the table database_runs.
      await client.query('SELECT rollcall.note_database_run()');
      await normalizeTimeZones(client);
    }
    return await work(client, added);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new UnusableDatabaseError(
      `The database role is not allowed to set up the schema "rollcall" (${error.message}); connect as the owner of the database.`,
    );
  } finally {
    await client.end();
  }
}

/** The migrations in `dir` that the database does not have, oldest first. Throws `SchemaTooNewError`. */
async function dueMigrations(client: pg.Client, dir: string): Promise<string[]> {
  const applied = await refuseNewerSchema(client, dir);
  return (await listMigrations(dir)).filter((name) => !applied.includes(name));
}

async function applyDue(
  client: pg.Client,
  { dir, upTo, serversStopped }: { dir: string; upTo: string | undefined; serversStopped: boolean },
): Promise<string[]> {
  const due = await dueMigrations(client, dir);
  if (due.length === 0) return [];
  if (!serversStopped) {
    const migration = await firstNotRolling(
      dir,
      due.filter((name) => upTo === undefined || name <= upTo),
    );
    if (migration !== undefined) await refuseEarlierServers(client, migration);
  }
  return applyMigrations(client, dir, upTo);
}

async function applyMigrations(client: pg.Client, dir: string, upTo: string | undefined): Promise<string[]> {
  // A dynamic import: on a current schema, loading the library would take a large part of a command's time.
  const { runner } = await import('node-pg-migrate');
  let current: string | undefined;
  const noteCurrent = (line: string) => {
    current = /^### MIGRATION (\S+) \(UP\)/.exec(line)?.[1] ?? current;
  };
  const running = runner({
    dbClient: client,
    dir,
    direction: 'up',
    schema: 'rollcall',
    createSchema: true,
    migrationsTable: 'migrations',
    singleTransaction: true,
    advisoryLockMode: 'wait',
    ...(upTo === undefined ? {} : { ignorePattern: await namesAfter(upTo, dir) }),
    logger: { debug: ignore, info: noteCurrent, warn: ignore, error: ignore },
  });
  const added = await running.catch((error: unknown) => {
    const isOfStatement = error instanceof pg.DatabaseError && error.code !== INSUFFICIENT_PRIVILEGE;
    if (current === undefined || !isOfStatement || isUnavailable(error)) throw error;
    throw new MigrationError(
      `The migration ${current} failed: ${error.message}. The database is as it was, and the earlier release still runs on it.`,
      { cause: error },
    );
  });
  return added.map(({ name }) => name);
}

const INSUFFICIENT_PRIVILEGE = '42501';

const ignore = () => undefined;

/** The names of the migrations in `dir`, oldest first. The default is the folder of this release. */
export async function listMigrations(dir: string = MIGRATIONS_DIR): Promise<string[]> {
  const files = (await readdir(dir)).filter((file) => file.endsWith('.sql'));
  return files.map((file) => file.slice(0, -'.sql'.length)).sort();
}

/** The names of the migrations that a database has, oldest first. Empty if the schema is missing. */
export async function appliedMigrations(client: pg.ClientBase): Promise<string[]> {
  const { rows: tables } = await client.query("SELECT to_regclass('rollcall.migrations') AS found");
  if (tables[0]?.found === null) return [];
  const { rows } = await client.query<{ name: string }>('SELECT name FROM rollcall.migrations ORDER BY id');
  return rows.map((row) => row.name);
}

/**
 * The names of the migrations that a database has. Throws `SchemaTooNewError` if one of them is not in `dir`,
 * which is by default the folder of this release.
 */
export async function refuseNewerSchema(client: pg.ClientBase, dir?: string): Promise<string[]> {
  const known = new Set(await listMigrations(dir));
  const applied = await appliedMigrations(client);
  const unknown = applied.find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new SchemaTooNewError(
      `This database was written by a newer Rollcall (it has migration ${unknown}); start that release, or a newer one.`,
    );
  }
  return applied;
}

/**
 * A pattern of the files that the runner ignores: hidden files, as in its default, and the migrations after
 * `upTo`.
 */
async function namesAfter(upTo: string, dir: string): Promise<string> {
  const names = await listMigrations(dir);
  const later = names.slice(names.indexOf(upTo) + 1).map((name) => `${name}\\.sql`);
  if (!names.includes(upTo)) throw new Error(`There is no migration ${upTo}`);
  return `(?:${['\\..*', ...later].join('|')})`;
}

import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import type { DatabaseTarget } from './db.ts';
import { UnusableDatabaseError } from './reach.ts';
import { applyGrants } from './roles.ts';

const MIGRATIONS_DIR = fileURLToPath(new URL('../../migrations/', import.meta.url));

/** The database was written by a newer Rollcall than this one. */
export class SchemaTooNewError extends Error {}

export interface MigrateOptions {
  /** Stops after this migration; what newer ones would change is left to a later call. */
  upTo?: string;
  /** Where the migrations are, instead of this release's own. */
  dir?: string;
}

/**
 * Brings the schema `rollcall` of the database up to this version, then renews the grants of the restricted
 * role. Safe to run from several processes at once: the others wait. Connects as the role of `target`.
 * With `upTo` it may stop earlier, and makes no grants: they are for the newest schema. Throws `SchemaTooNewError`,
 * and `UnusableDatabaseError` where the role may not set up the schema.
 */
export async function migrate(target: DatabaseTarget, options: MigrateOptions = {}): Promise<void> {
  const { upTo, dir = MIGRATIONS_DIR } = options;
  const client = new pg.Client({ ...target, application_name: 'rollcall migrate' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await refuseNewerSchema(client, dir);
    await runner({
      dbClient: client,
      dir,
      direction: 'up',
      schema: 'rollcall',
      createSchema: true,
      migrationsTable: 'migrations',
      singleTransaction: true,
      advisoryLockMode: 'wait',
      ...(upTo === undefined ? {} : { ignorePattern: await namesAfter(upTo, dir) }),
      logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    });
    if (upTo === undefined) {
      await applyGrants(client);
      // Before anything is written: see database_runs.
      await client.query('SELECT rollcall.note_database_run()');
    }
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new UnusableDatabaseError(
      `The database role may not set up the schema "rollcall" (${error.message}); connect as the owner of the database.`,
    );
  } finally {
    await client.end();
  }
}

const INSUFFICIENT_PRIVILEGE = '42501';

const ignore = () => undefined;

/** The names of the migrations in `dir`, oldest first; by default this release's. */
export async function listMigrations(dir: string = MIGRATIONS_DIR): Promise<string[]> {
  const files = (await readdir(dir)).filter((file) => file.endsWith('.sql'));
  return files.map((file) => file.slice(0, -'.sql'.length)).sort();
}

/** The names of the migrations that a database has, oldest first; none where the schema is missing. */
export async function appliedMigrations(client: pg.ClientBase): Promise<string[]> {
  const { rows: tables } = await client.query("SELECT to_regclass('rollcall.migrations') AS found");
  if (tables[0]?.found === null) return [];
  const { rows } = await client.query<{ name: string }>('SELECT name FROM rollcall.migrations ORDER BY id');
  return rows.map((row) => row.name);
}

/** Throws `SchemaTooNewError` where the database has a migration that `dir`, by default this release, has not. */
export async function refuseNewerSchema(client: pg.ClientBase, dir?: string): Promise<void> {
  const known = new Set(await listMigrations(dir));
  const unknown = (await appliedMigrations(client)).find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new SchemaTooNewError(
      `This database was written by a newer Rollcall (it has migration ${unknown}); start that release, or a newer one.`,
    );
  }
}

/** A pattern of hidden files, as the runner's own default is, and of the migrations after `upTo`. */
async function namesAfter(upTo: string, dir: string): Promise<string> {
  const names = await listMigrations(dir);
  const later = names.slice(names.indexOf(upTo) + 1).map((name) => `${name}\\.sql`);
  if (!names.includes(upTo)) throw new Error(`There is no migration ${upTo}`);
  return `(?:${['\\..*', ...later].join('|')})`;
}

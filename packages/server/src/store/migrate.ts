import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import type { DatabaseTarget } from './db.ts';
import { applyGrants } from './roles.ts';

const MIGRATIONS_DIR = fileURLToPath(new URL('../../migrations/', import.meta.url));

/** The database was written by a newer Rollcall than this one. */
export class SchemaTooNewError extends Error {}

/**
 * Brings the schema `rollcall` of the database up to this version, then renews the grants of the restricted
 * role. Safe to run from several processes at once: the others wait. Connects as the role of `target`.
 */
export async function migrate(target: DatabaseTarget): Promise<void> {
  const client = new pg.Client({ ...target, application_name: 'rollcall migrate' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await refuseNewerSchema(client);
    await runner({
      dbClient: client,
      dir: MIGRATIONS_DIR,
      direction: 'up',
      schema: 'rollcall',
      createSchema: true,
      migrationsTable: 'migrations',
      singleTransaction: true,
      advisoryLockMode: 'wait',
      logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    });
    await applyGrants(client);
  } finally {
    await client.end();
  }
}

const ignore = () => undefined;

async function refuseNewerSchema(client: pg.Client): Promise<void> {
  const known = new Set((await readdir(MIGRATIONS_DIR)).map((file) => file.replace(/\.sql$/, '')));
  const { rows: tables } = await client.query("SELECT to_regclass('rollcall.migrations') AS found");
  if (tables[0]?.found === null) return;
  const { rows } = await client.query<{ name: string }>('SELECT name FROM rollcall.migrations ORDER BY id');
  const unknown = rows.find((row) => !known.has(row.name));
  if (unknown) {
    throw new SchemaTooNewError(
      `This database was written by a newer Rollcall (it has migration ${unknown.name}); start that release, or a newer one.`,
    );
  }
}

import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { DatabaseTarget } from '../connections/db.ts';
import { isUnavailable } from '../connections/unavailable.ts';
import { renewInstanceId } from '../schema/instance.ts';
import {
  appliedMigrations,
  listMigrations,
  MigrationError,
  migrate,
  refuseNewerSchema,
} from '../schema/migrate.ts';
import {
  type BackupContents,
  type BackupHead,
  readBackup,
  readBackupHead,
  verifyBackup,
} from './contents.ts';
import type { DecryptWith } from './encryption.ts';
import { damaged, RestoreError } from './errors.ts';
import type { Manifest } from './manifest.ts';
import { countRows } from './row-shape.ts';
import { withSession } from './session.ts';
import { columnList, listTables, qualified } from './tables.ts';

export { RestoreError };

export interface RestoreOptions {
  /** Its role owns the tables, or will own them. */
  target: DatabaseTarget;
  /** Opens the backup at its start. Called twice: to verify the file, then to load it. */
  input: () => Readable;
  /** Decrypts the backup; undefined if it is not encrypted. */
  decryptWith?: DecryptWith | undefined;
  /** Called with the number of rows of `table` that are loaded so far, and its `total` in the backup. */
  onProgress?: (rows: number, table: string, total: number) => void;
  /**
   * Called when everything is loaded, but before the commit. Store the master keys here: then data never exist without their
   * key. If it throws, the database stays empty.
   */
  beforeCommit?: () => Promise<void>;
  /** The folder of the migrations. The default is the folder of this release. */
  migrationsDir?: string;
}

export interface RestoreSummary {
  /** When the backup was made. `rollcallVersion` is the release that made it. */
  createdAt: Date;
  rollcallVersion: string;
  organisations: number;
  /** The number of rows of each table. `rows` is their sum. */
  tables: Record<string, number>;
  rows: number;
}

/**
 * Loads a backup into a database without organisations, and migrates its schema to this release.
 *
 * - It first verifies the file to its last byte, then loads it in one transaction. A failure leaves the
 *   database without
 * organisations.
 * - It replaces everything else in the schema, such as signing keys under another master key.
 * - The loaded data are another instance: they have another instance id, and no signing key until the server
 *   makes one.
 * So no server accepts an access token of the original. Sessions of people end, too.
 * - No server may use the database meanwhile. Memory use does not grow with the data.
 * - Only the migration from an older schema comes after the commit. If it fails, the data stay in the schema
 *   of the backup.
 * The next start of the server repeats the migration.
 *
 * Throws `RestoreError`, `SchemaTooNewError`, `StoreUnavailableError`, and what `beforeCommit` throws.
 */
export async function restore(options: RestoreOptions): Promise<RestoreSummary> {
  const { manifest, end } = await verifyAndLoad(options).catch((error) => {
    throw explained(error, 'Nothing was restored');
  });
  await migrate(options.target, { ...dirOption(options.migrationsDir), serversStopped: true }).catch(
    (error) => {
      // What a failed migration means for a database of an earlier release is not true of restored data.
      const reason = error instanceof MigrationError ? error.cause : error;
      throw explained(reason, "The data are restored, but the migration to this release's schema failed");
    },
  );
  return summaryOf({ manifest, end });
}

/**
 * Checks a backup by its first entries, without reading the rest. Returns them. Destroys `input`.
 * Throws `RestoreError` if the file is not a backup, if a newer release made it, or if `decryptWith` does not fit.
 */
export async function checkBackup(input: Readable, decryptWith?: DecryptWith): Promise<BackupHead> {
  const head = await readBackupHead(input, decryptWith);
  await requireKnownSchema(head.manifest, undefined);
  return head;
}

/** What a backup holds, by its first and last entries. */
export function summaryOf({ manifest, end }: Pick<BackupContents, 'manifest' | 'end'>): RestoreSummary {
  return {
    createdAt: new Date(manifest.createdAt),
    rollcallVersion: manifest.rollcallVersion,
    organisations: end.rows.organisations ?? 0,
    tables: end.rows,
    rows: Object.values(end.rows).reduce((sum, count) => sum + count, 0),
  };
}

async function verifyAndLoad(options: RestoreOptions): Promise<BackupContents> {
  const { target, input, decryptWith, migrationsDir } = options;
  await withSession(target, 'rollcall restore', async (client) => {
    await refuseNewerSchema(client, migrationsDir);
    await requireEmpty(client);
  });
  const verified = await verifyBackup(input(), decryptWith);
  await requireKnownSchema(verified.manifest, migrationsDir);
  await prepareSchema(options, verified.manifest);
  await withSession(target, 'rollcall restore', (client) => load(client, options, verified));
  return verified;
}

async function requireEmpty(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ found: string | null }>(
    "SELECT to_regclass('rollcall.organisations') AS found",
  );
  if (rows[0]?.found === null) return;
  const { rows: organisations } = await client.query('SELECT FROM rollcall.organisations LIMIT 1');
  if (organisations.length > 0) {
    throw new RestoreError('This database has organisations already; restore into an empty one.');
  }
}

/** The backup's migrations must be the first migrations of this release. */
async function requireKnownSchema(manifest: Manifest, migrationsDir: string | undefined): Promise<void> {
  const known = await listMigrations(migrationsDir);
  const unknown = manifest.migrations.find((name, index) => name !== known[index]);
  if (unknown === undefined) return;
  throw new RestoreError(
    `This backup was made by a newer Rollcall (${manifest.rollcallVersion}, with migration ${unknown}); restore it with that release, or a newer one.`,
  );
}

/** Gives the empty database the schema of the backup. */
async function prepareSchema(options: RestoreOptions, manifest: Manifest): Promise<void> {
  await withSession(options.target, 'rollcall restore', async (client) => {
    const applied = await appliedMigrations(client);
    if (applied.length <= manifest.migrations.length) return;
    await client.query('BEGIN');
    await client.query('LOCK TABLE rollcall.organisations IN ACCESS EXCLUSIVE MODE');
    await requireEmpty(client);
    await client.query('DROP SCHEMA rollcall CASCADE');
    await client.query('COMMIT');
  });
  const upTo = manifest.migrations.at(-1);
  await migrate(options.target, {
    ...dirOption(options.migrationsDir),
    serversStopped: true,
    ...(upTo === undefined ? {} : { upTo }),
  });
}

async function load(client: pg.Client, options: RestoreOptions, verified: BackupContents): Promise<void> {
  const { manifest, end } = verified;
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE');
  // Another restore, migration or new organisation waits. If it was first, the check below finds its
  // organisation.
  await client.query('LOCK TABLE organisations IN ACCESS EXCLUSIVE MODE');
  await requireEmpty(client);
  const forced = await requireSameTables(client, manifest);
  const tables = manifest.tables.map(qualified);
  // PostgreSQL refuses COPY FROM if policies bind the role. No other session sees the tables without them:
  // the tables stay locked until the commit, and a rollback undoes the change.
  await client.query(forced.map((table) => `ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`).join('; '));
  // The backup contains the rows that triggers derive. Triggers would also check rows against a tree that may
  // have changed since.
  await client.query(tables.map((table) => `ALTER TABLE ${table} DISABLE TRIGGER USER`).join('; '));
  await client.query(`TRUNCATE ${[...tables, ...(await tablesToEmpty(client))].join(', ')}`);
  await makeAuditMonths(client, manifest);
  const loaded = await loadRows(client, options, verified);
  if (loaded.end.sha256 !== end.sha256) throw damaged();
  // A table with deferred checks cannot be altered.
  await client.query('SET CONSTRAINTS ALL IMMEDIATE');
  await client.query(tables.map((table) => `ALTER TABLE ${table} ENABLE TRIGGER USER`).join('; '));
  await client.query(forced.map((table) => `ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`).join('; '));
  await renewInstanceId(client);
  await client.query('DELETE FROM signing_keys');
  await options.beforeCommit?.();
  await client.query('COMMIT');
}

/**
 * The tables of sessions, links and networks, which refer to accounts and keys. A restore ends all of them. An older
 * schema does not have them.
 */
async function tablesToEmpty(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT name FROM unnest(ARRAY['sessions', 'sign_in_links', 'sign_in_networks', 'api_key_networks']) AS name
     WHERE to_regclass('rollcall.' || name) IS NOT NULL`,
  );
  return rows.map(qualified);
}

/**
 * Checks that the database has the tables of the backup. Returns the quoted names of those with forced
 * row-level security.
 */
async function requireSameTables(client: pg.Client, manifest: Manifest): Promise<string[]> {
  const tables = await listTables(client);
  const shape = (list: { name: string; columns: string[] }[]): string =>
    JSON.stringify(list.map(({ name, columns }) => [name, ...columns.toSorted()]).sort());
  const applied = await appliedMigrations(client);
  if (applied.join() !== manifest.migrations.join() || shape(tables) !== shape(manifest.tables)) {
    throw new RestoreError(
      'The tables of the database differ from those of the backup; nothing was restored.',
    );
  }
  return tables.filter((table) => table.forced).map(qualified);
}

/** The months of the entries of a backup have partitions. A schema of an older release has no such table. */
async function makeAuditMonths(client: pg.Client, { tables, createdAt }: Manifest): Promise<void> {
  if (!tables.some(({ name }) => name === 'audit_entries')) return;
  await client.query(
    `SELECT make_audit_month(month)
     FROM generate_series(timestamptz '2027-01-01 00:00:00+00', $1::timestamptz + interval '3 months', '1 month') AS month`,
    [createdAt],
  );
}

/** Copies each table with one COPY. Returns the other entries of the file, as they were in this second reading. */
async function loadRows(
  client: pg.Client,
  { input, decryptWith, onProgress }: RestoreOptions,
  { manifest, end }: BackupContents,
): Promise<BackupContents> {
  const tables = new Map(manifest.tables.map((table) => [table.name, table]));
  const parts = readBackup(input(), decryptWith);
  let part = await parts.next();
  async function* rowsOf(table: string, total: number): AsyncGenerator<Uint8Array> {
    for (let rows = 0; !part.done && part.value.table === table; part = await parts.next()) {
      yield part.value.bytes;
      rows += countRows(part.value.bytes);
      onProgress?.(rows, table, total);
    }
  }
  try {
    while (!part.done) {
      const table = tables.get(part.value.table);
      if (!table) throw damaged();
      const total = end.rows[table.name] ?? 0;
      const copy = client.query(copyFrom(`COPY ${qualified(table)} (${columnList(table)}) FROM STDIN`));
      await pipeline(rowsOf(table.name, total), copy);
      if (copy.rowCount !== total) throw damaged();
    }
    return part.value;
  } finally {
    // After a failed COPY, the reader still holds the file open.
    if (!part.done) await parts.return(undefined as never);
  }
}

/** Turns an error of PostgreSQL, such as a missing privilege or a full disk, into one sentence. */
function explained(error: unknown, what: string): unknown {
  if (!(error instanceof pg.DatabaseError) || isUnavailable(error)) return error;
  return new RestoreError(`${what} (PostgreSQL: ${error.message}).`, error);
}

function dirOption(dir: string | undefined): { dir?: string } {
  return dir === undefined ? {} : { dir };
}

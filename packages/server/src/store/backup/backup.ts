import type { Readable, Writable } from 'node:stream';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { type DatabaseTarget, enterTenant } from '../connections/db.ts';
import { BEGIN_READ_ONLY, MARK_READ_ONLY } from '../connections/transaction.ts';
import { VERSION } from '../release.ts';
import { findMasterKeyChecks } from '../schema/instance.ts';
import { appliedMigrations, refuseNewerSchema } from '../schema/migrate.ts';
import { ArchiveWriter } from './archive.ts';
import { type BackupContents, verifyBackup } from './contents.ts';
import type { BackupEncryption, DecryptWith } from './encryption.ts';
import { BackupError } from './errors.ts';
import {
  END_NAME,
  type End,
  FORMAT,
  FORMAT_VERSION,
  MANIFEST_NAME,
  MASTER_KEY_NAME,
  type Manifest,
  rowsEntryName,
} from './manifest.ts';
import { countRows, NEWLINE } from './row-shape.ts';
import { withSession } from './session.ts';
import { columnList, listTables, qualified, type Table } from './tables.ts';

export { BackupError };

/** An entry ends with the first row that ends after this many bytes. */
const ENTRY_BYTES = 4 * 1024 * 1024;

export interface BackupOptions {
  /** Its role must be the owner of the tables, or a superuser. */
  target: DatabaseTarget;
  /** The master keys that the file is to hold. Without them, a restore needs the key from somewhere else. */
  masterKeys?: readonly Buffer[] | undefined;
  encryption?: BackupEncryption | undefined;
  /** `backup` ends it, or destroys it on failure. */
  output: Writable;
  /** Stored in the file. It does not decide what the file contains. */
  createdAt: Date;
  /** Called with the rows of `table` written so far. */
  onProgress?: (rows: number, table: string) => void;
}

export interface BackupSummary {
  createdAt: Date;
  organisations: number;
  /** The number of rows of each table. `rows` is their sum. */
  tables: Record<string, number>;
  rows: number;
  /** The size of the file, in bytes. */
  bytes: number;
  /** The digest in the last entry of the file. */
  sha256: string;
}

/**
 * Writes all data of all organisations, from one snapshot. The server can run meanwhile; only a migration waits.
 * Memory use does not grow with the data.
 *
 * With master keys, and without encryption, the file opens every sealed secret in it: it is as secret as the data
 * directory. Create it with mode 0600, and give it its final name only after `verifyBackup` has read it.
 *
 * Throws `BackupError`, `SchemaTooNewError`, `StoreUnavailableError`.
 */
export async function backup(options: BackupOptions): Promise<BackupSummary> {
  try {
    return await withSession(options.target, 'rollcall backup', (client) => writeBackup(client, options));
  } catch (error) {
    options.output.destroy();
    throw error;
  }
}

/**
 * Reads the file of a backup back to its last byte, and compares it with what was written. Returns what the file holds. Throws
 * `BackupError` if it differs. Destroys `input`.
 */
export async function readBack(
  input: Readable,
  { sha256, rows }: BackupSummary,
  { decryptWith, onProgress }: { decryptWith?: DecryptWith | undefined; onProgress?: (rows: number) => void },
): Promise<BackupContents> {
  try {
    const contents = await verifyBackup(input, decryptWith, onProgress);
    const { end } = contents;
    const readRows = Object.values(end.rows).reduce((sum, count) => sum + count, 0);
    if (end.sha256 === sha256 && readRows === rows) return contents;
  } catch (error) {
    throw notReadBack(error);
  }
  throw notReadBack();
}

function notReadBack(cause?: unknown): BackupError {
  return new BackupError(
    'The backup file does not read back as it was written: the disk may be faulty; no backup was made.',
    cause,
  );
}

async function writeBackup(client: pg.Client, options: BackupOptions): Promise<BackupSummary> {
  const { output, createdAt, masterKeys, encryption, onProgress } = options;
  await refuseNewerSchema(client);
  const tables = await beginSnapshot(client);
  const { rows: organisations } = await client.query<{ tenantId: string }>(
    'SELECT tenant_id AS "tenantId" FROM organisations ORDER BY created_at, tenant_id',
  );
  const tenantIds = organisations.map((row) => row.tenantId);
  const manifest = await describe(client, tables, createdAt);

  const archive = new ArchiveWriter(output, createdAt, encryption);
  try {
    await archive.add(MANIFEST_NAME, json(manifest));
    if (masterKeys) {
      const lines = masterKeys.map((key) => `${key.toString('base64')}\n`);
      await archive.add(MASTER_KEY_NAME, Buffer.from(lines.join('')));
    }
    const counts: Record<string, number> = {};
    for (const table of tables) {
      const entries = new RowEntries(archive, table.name, onProgress);
      for (const sql of copyStatements(table, tenantIds)) {
        if (sql.tenantId !== undefined) await enterTenant(client, sql.tenantId);
        for await (const piece of client.query(copyTo(sql.text))) await entries.write(piece as Buffer);
      }
      counts[table.name] = await entries.finish();
    }
    await client.query('COMMIT');
    const sha256 = archive.digest.hex();
    await archive.add(END_NAME, json({ rows: counts, sha256 } satisfies End));
    await archive.finish();
    const rows = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return { createdAt, organisations: tenantIds.length, tables: counts, rows, bytes: archive.bytes, sha256 };
  } catch (error) {
    archive.abort(error);
    throw error;
  }
}

/** Begins the transaction of the backup, and returns the tables of its snapshot. */
async function beginSnapshot(client: pg.Client): Promise<Table[]> {
  const names = (await listTables(client)).map(qualified);
  if (names.length === 0) throw new BackupError('There is no Rollcall in this database to back up.');
  await client.query(BEGIN_READ_ONLY);
  // LOCK must be the first statement. It takes no snapshot, so the snapshot begins when no migration can
  // change a table any more.
  await client.query(`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`);
  await client.query(MARK_READ_ONLY);
  return await listTables(client);
}

async function describe(client: pg.Client, tables: Table[], createdAt: Date): Promise<Manifest> {
  const { rows } = await client.query<{ version: string }>(
    "SELECT current_setting('server_version') AS version",
  );
  const { current, former } = await findMasterKeyChecks(client);
  return {
    format: FORMAT,
    formatVersion: FORMAT_VERSION,
    rollcallVersion: VERSION,
    postgresVersion: rows[0]?.version ?? '',
    createdAt: createdAt.toISOString(),
    migrations: await appliedMigrations(client),
    masterKeyChecks: [current, former].flatMap((check) => check?.toString('base64') ?? []),
    tables: tables.map(({ name, columns }) => ({ name, columns })),
  };
}

/**
 * One statement for a table of the whole instance, and one for each organisation for the other tables. The
 * condition on the organisation is for superusers, because no policy binds them.
 */
function copyStatements(table: Table, tenantIds: string[]): { text: string; tenantId?: string }[] {
  const select = `SELECT ${columnList(table)} FROM ${qualified(table)}`;
  if (!table.tenantScoped) return [{ text: `COPY (${select}) TO STDOUT` }];
  return tenantIds.map((tenantId) => ({
    text: `COPY (${select} WHERE tenant_id = ${pg.escapeLiteral(tenantId)}) TO STDOUT`,
    tenantId,
  }));
}

function json(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

/** Splits the rows of one table into entries, each of which ends at the end of a row. */
class RowEntries {
  readonly #archive: ArchiveWriter;
  readonly #table: string;
  readonly #onProgress: BackupOptions['onProgress'];
  #pieces: Buffer[] = [];
  #size = 0;
  #entries = 0;
  #rows = 0;

  constructor(archive: ArchiveWriter, table: string, onProgress: BackupOptions['onProgress']) {
    this.#archive = archive;
    this.#table = table;
    this.#onProgress = onProgress;
  }

  async write(piece: Buffer): Promise<void> {
    this.#rows += countRows(piece);
    const lastRowEnd = piece.lastIndexOf(NEWLINE) + 1;
    if (this.#size + lastRowEnd < ENTRY_BYTES || lastRowEnd === 0) {
      this.#keep(piece);
      return;
    }
    this.#keep(piece.subarray(0, lastRowEnd));
    await this.#flush();
    if (lastRowEnd < piece.length) this.#keep(piece.subarray(lastRowEnd));
  }

  /** Writes the last entry and returns the number of rows of the table. */
  async finish(): Promise<number> {
    if (this.#size > 0) await this.#flush();
    return this.#rows;
  }

  #keep(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#size += piece.length;
  }

  async #flush(): Promise<void> {
    const content = Buffer.concat(this.#pieces, this.#size);
    this.#pieces = [];
    this.#size = 0;
    this.#entries++;
    await this.#archive.add(rowsEntryName(this.#table, this.#entries), content);
    this.#onProgress?.(this.#rows, this.#table);
  }
}

import { chmod, chown, mkdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';

/** The package with DuckDB. It is optional, because its binaries are large. */
export const DUCKDB_PACKAGE = '@duckdb/node-api';

/** The package is not installed. */
export class NoDuckDb extends Error {}

/** The tables are up to date, but the file may keep values of rows that are gone. The next call writes it anew. */
export class NotRewritten extends Error {}

export type DuckDbType =
  | 'VARCHAR'
  | 'TIMESTAMP WITH TIME ZONE'
  | 'DATE'
  | 'INTEGER'
  | 'DOUBLE'
  | 'BOOLEAN'
  | 'JSON';

/** The table for files of one kind. */
export interface DuckDbTable {
  name: string;
  columns: { name: string; type: DuckDbType }[];
  /** The column that divides rows among files; undefined if one file has all rows. */
  dateColumn?: string;
}

/** A file whose rows the table must contain. */
export interface DuckDbFile {
  /** The name by which the database remembers it. */
  name: string;
  /** Its path on the disk. */
  path: string;
  table: DuckDbTable;
  rows: number;
  sha256: string;
  /** The days of its rows, the first included and the last not; undefined if it has all rows. */
  days?: { from: string; before: string };
}

export type DuckDbFormat = 'ndjson' | 'csv' | 'parquet';

/** The table of the loaded files: the table and days of their rows. Tables that it lists come from an export. */
const FILES = 'rollcall_files';
/** A table of one row: whether the file must be written anew, because it may keep values of rows that are gone. */
const REWRITE = 'rollcall_rewrite';
/** Beside the database, while it is written anew. */
const REWRITE_DIR = '.rollcall-rewrite';

/** Loads the package. Throws `NoDuckDb` if it is not installed. */
export async function importDuckDb(): Promise<typeof import('@duckdb/node-api')> {
  try {
    return await import('@duckdb/node-api');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') throw new NoDuckDb();
    throw error;
  }
}

/**
 * Makes these tables of a DuckDB database contain the rows of these files and no others, in one transaction. It loads
 * no file twice. Other tables and views stay. Returns the number of loaded files. Throws errors of DuckDB; then the
 * database is unchanged.
 *
 * DuckDB keeps the values of deleted rows in its file until it uses their blocks again. So if a row is gone, the file is
 * written anew. The transaction notes that this is due, so a later call does it if this one is cut off. Throws `NotRewritten`.
 */
export async function loadDuckDb(
  database: string,
  format: DuckDbFormat,
  tables: readonly DuckDbTable[],
  files: readonly DuckDbFile[],
  onFile: (done: number) => void,
): Promise<number> {
  const { loaded, isRewriteDue } = await connected(database, async (connection) => {
    await connection.run('BEGIN');
    const result = await load(connection, format, tables, files, onFile);
    await connection.run('COMMIT');
    return result;
  });
  if (isRewriteDue)
    await rewrite(database).catch((error: unknown) => {
      throw new NotRewritten((error as Error).message, { cause: error });
    });
  return loaded;
}

async function connected<T>(
  database: string,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const { DuckDBInstance } = await importDuckDb();
  const instance = await DuckDBInstance.create(database);
  try {
    const connection = await instance.connect();
    try {
      return await work(connection);
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

/** Puts a copy without deleted values in the place of the file. A link to it stays a link, and its mode and owner stay. */
async function rewrite(database: string): Promise<void> {
  const path = await realpath(database);
  const { mode, uid, gid } = await stat(path);
  const dir = `${path}${REWRITE_DIR}`;
  // What a call left that was cut off.
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { mode: 0o700 });
  try {
    const copy = join(dir, 'copy.duckdb');
    await connected(':memory:', async (connection) => {
      await connection.run(`SET temp_directory = ${text(dir)}`);
      await connection.run(`ATTACH ${text(path)} AS former (READ_ONLY)`);
      await connection.run(`ATTACH ${text(copy)} AS rewritten`);
      await connection.run('COPY FROM DATABASE former TO rewritten');
      await connection.run(`UPDATE rewritten.main.${REWRITE} SET is_due = false`);
      await connection.run('DETACH rewritten');
    });
    await chmod(copy, mode);
    // Only the superuser may give a file to another user. Another one keeps the group at most.
    await chown(copy, uid, gid).catch(() => undefined);
    await rename(copy, path);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function load(
  connection: DuckDBConnection,
  format: DuckDbFormat,
  tables: readonly DuckDbTable[],
  files: readonly DuckDbFile[],
  onFile: (done: number) => void,
): Promise<{ loaded: number; isRewriteDue: boolean }> {
  await connection.run(
    `CREATE TABLE IF NOT EXISTS ${FILES} (name VARCHAR, "table" VARCHAR, sha256 VARCHAR, from_day DATE, before_day DATE)`,
  );
  await connection.run(`CREATE TABLE IF NOT EXISTS ${REWRITE} (is_due BOOLEAN)`);
  // A database of an earlier release has files and no note. It may have lost rows.
  const [noted] = await rowsOf(
    connection,
    `SELECT coalesce((SELECT is_due FROM ${REWRITE}), EXISTS (FROM ${FILES}))::VARCHAR AS "isDue"`,
  );
  let isRewriteDue = noted?.isDue === 'true';
  for (const table of new Set(files.map((file) => file.table)))
    isRewriteDue = (await makeTable(connection, table)) || isRewriteDue;
  const wanted = new Map(files.map((file) => [file.name, file]));
  const known = await rowsOf(
    connection,
    `SELECT name, "table", sha256, from_day, before_day FROM ${FILES}
     WHERE "table" IN (SELECT table_name FROM duckdb_tables())`,
  );
  const kept = new Set<string>();
  for (const { name, table: tableName, sha256, from_day: from, before_day: before } of known) {
    const table = tables.find((each) => each.name === tableName);
    if (!name || !table) continue;
    if (wanted.get(name)?.sha256 === sha256) {
      kept.add(name);
      continue;
    }
    const condition = conditionOf(table, from && before ? { from, before } : undefined);
    isRewriteDue ||= await losesRow(connection, format, table, { condition, file: wanted.get(name) });
    await connection.run(`DELETE FROM ${quoted(table.name)} WHERE ${condition}`);
    await connection.run(`DELETE FROM ${FILES} WHERE name = ${text(name)}`);
  }
  for (const [index, file] of files.entries()) {
    if (!kept.has(file.name)) await insert(connection, format, file);
    onFile(index + 1);
  }
  await connection.run(`DELETE FROM ${REWRITE}`);
  await connection.run(`INSERT INTO ${REWRITE} VALUES (${isRewriteDue})`);
  return { loaded: files.length - kept.size, isRewriteDue };
}

/** Whether the table has a row that its new file does not have. `condition` is true for the rows of the former file. */
async function losesRow(
  connection: DuckDBConnection,
  format: DuckDbFormat,
  table: DuckDbTable,
  { condition, file }: { condition: string; file: DuckDbFile | undefined },
): Promise<boolean> {
  const columns = table.columns.map(({ name }) => quoted(name)).join(', ');
  const before = `SELECT ${columns} FROM ${quoted(table.name)} WHERE ${condition}`;
  const now = file && file.rows > 0 ? ` EXCEPT ${selectionOf(file, format)}` : '';
  return (await rowsOf(connection, `SELECT 1 AS lost FROM (${before}${now}) LIMIT 1`)).length > 0;
}

/**
 * Creates the table, or replaces it if its columns have changed; then all of its files are loaded again. Returns whether it
 * replaced it.
 */
async function makeTable(connection: DuckDBConnection, { name, columns }: DuckDbTable): Promise<boolean> {
  const there = await rowsOf(
    connection,
    `SELECT column_name AS name, data_type AS type FROM duckdb_columns()
     WHERE database_name = current_database() AND schema_name = 'main' AND table_name = ${text(name)} ORDER BY column_index`,
  );
  if (there.length > 0) {
    const [ours] = await rowsOf(
      connection,
      `SELECT name FROM ${FILES} WHERE "table" = ${text(name)} LIMIT 1`,
    );
    if (!ours) throw new Error(`the table or view ${name} exists already, and does not come from an export`);
    const isSame =
      JSON.stringify(there) === JSON.stringify(columns.map(({ name, type }) => ({ name, type })));
    if (isSame) return false;
    await connection.run(`DROP TABLE ${quoted(name)}`);
  }
  await connection.run(`DELETE FROM ${FILES} WHERE "table" = ${text(name)}`);
  const list = columns.map(({ name, type }) => `${quoted(name)} ${type}`);
  await connection.run(`CREATE TABLE ${quoted(name)} (${list.join(', ')})`);
  return there.length > 0;
}

async function insert(connection: DuckDBConnection, format: DuckDbFormat, file: DuckDbFile): Promise<void> {
  const { table, name, sha256, days } = file;
  if (file.rows > 0) {
    await connection.run(`INSERT INTO ${quoted(table.name)} ${selectionOf(file, format)}`);
  }
  const values = [name, table.name, sha256, days?.from, days?.before];
  const list = values.map((value) => (value === undefined ? 'NULL' : text(value)));
  await connection.run(`INSERT INTO ${FILES} VALUES (${list.join(', ')})`);
}

/** The SQL condition for the rows of a file in its table. */
function conditionOf({ columns, dateColumn }: DuckDbTable, days: DuckDbFile['days']): string {
  const column = columns.find(({ name }) => name === dateColumn);
  if (!column || !days) return 'true';
  const at = (day: string) =>
    column.type === 'DATE' ? `DATE ${text(day)}` : `TIMESTAMPTZ ${text(`${day} 00:00:00+00`)}`;
  return `${quoted(column.name)} >= ${at(days.from)} AND ${quoted(column.name)} < ${at(days.before)}`;
}

/** SQL that selects the rows of a file as the table has them. */
function selectionOf(file: DuckDbFile, format: DuckDbFormat): string {
  const values = file.table.columns.map((column) => expressionOf(column, format)).join(', ');
  return `SELECT ${values} FROM ${source(file, format)}`;
}

function source({ path, table }: DuckDbFile, format: DuckDbFormat): string {
  const columns = table.columns.map(({ name }) => `${text(name)}: 'VARCHAR'`).join(', ');
  switch (format) {
    case 'parquet':
      return `read_parquet(${text(path)})`;
    case 'ndjson':
      return `read_json(${text(path)}, format = 'newline_delimited', columns = {${columns}})`;
    case 'csv':
      // An empty cell is null, "" an empty text.
      return `read_csv(${text(path)}, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
                       nullstr = '', allow_quoted_nulls = false, columns = {${columns}})`;
  }
}

/** A column's value from a file. Text formats write days with a time, and CSV writes a ' before a formula. */
function expressionOf({ name, type }: DuckDbTable['columns'][number], format: DuckDbFormat): string {
  const column = quoted(name);
  if (format === 'parquet') return column;
  if (type === 'DATE') return `CAST(left(${column}, 10) AS DATE)`;
  if (format === 'csv' && type === 'VARCHAR')
    return `regexp_replace(${column}, '^''([=+@\\t\\r''-])', '\\1')`;
  return `CAST(${column} AS ${type})`;
}

async function rowsOf(connection: DuckDBConnection, sql: string): Promise<Record<string, string | null>[]> {
  return (await connection.runAndReadAll(sql)).getRowObjectsJson() as Record<string, string | null>[];
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

import { join } from 'node:path';
import { addDays } from '../../store/values/days.ts';
import type { Column, ColumnType } from '../../warehouse/columns.ts';
import { datasets } from '../../warehouse/datasets.ts';
import { CliError } from '../errors.ts';
import { showProgress } from '../progress.ts';
import {
  DUCKDB_PACKAGE,
  type DuckDbFile,
  type DuckDbTable,
  type DuckDbType,
  importDuckDb,
  loadDuckDb,
  NoDuckDb,
  NotRewritten,
} from './duckdb-loader.ts';
import type { ExportedFile } from './manifest.ts';
import { endpointOf, METRICS_DATASETS } from './metrics.ts';
import { type DatasetPath, dateColumnOf, FACTS_DATASETS } from './parts.ts';
import type { FileFormat } from './write.ts';

const TYPES: Record<ColumnType, DuckDbType> = {
  id: 'VARCHAR',
  text: 'VARCHAR',
  enum: 'VARCHAR',
  instant: 'TIMESTAMP WITH TIME ZONE',
  day: 'DATE',
  integer: 'INTEGER',
  integerEnum: 'INTEGER',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  object: 'JSON',
};

/** Throws `CliError` if DuckDB is not installed. It runs before the export, which may take long. */
export async function needDuckDb(): Promise<void> {
  await importDuckDb().catch((error: unknown) => {
    if (!(error instanceof NoDuckDb)) throw error;
    throw new CliError(
      `--duckdb needs the package ${DUCKDB_PACKAGE}, which is not installed. Run: npm install ${DUCKDB_PACKAGE}`,
    );
  });
}

/** Brings a DuckDB database up to date with the files of a folder. Returns the number of loaded files. */
export async function loadFolder(
  database: string,
  dir: string,
  format: FileFormat,
  files: readonly ExportedFile[],
): Promise<number> {
  const tables = new Map(
    [...FACTS_DATASETS, ...METRICS_DATASETS].map((dataset) => [dataset as string, tableOf(dataset)]),
  );
  const loadable = files.flatMap((file): DuckDbFile[] => {
    const table = tables.get(file.dataset);
    if (!table) return [];
    const { path: name, rows, sha256, startDate, endDate } = file;
    const days = startDate && endDate ? { from: startDate, before: addDays(endDate, 1) } : undefined;
    return [{ name, path: join(dir, name), table, rows, sha256, ...(days ? { days } : {}) }];
  });
  const progress = showProgress('Loading', 'files');
  try {
    progress.update(0, loadable.length);
    return await loadDuckDb(database, format, [...tables.values()], loadable, (done) =>
      progress.update(done, loadable.length),
    );
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    throw new CliError(
      error instanceof NotRewritten
        ? `The folder and the database ${database} are up to date, but the file of the database may keep values of removed rows. The next run writes it anew. Now it failed: ${reason}`
        : `The folder is up to date, and the database ${database} is unchanged: ${reason}`,
    );
  } finally {
    progress.stop();
  }
}

/** `change_log_user` for `change-log/user`, so that the name needs no quotes. */
function tableOf(dataset: DatasetPath): DuckDbTable {
  const columns: Record<string, Column> =
    datasets.find(({ path }) => path === endpointOf(dataset))?.columns ?? {};
  const dateColumn = dateColumnOf(dataset);
  return {
    name: dataset.replaceAll(/[-/]/g, '_'),
    columns: Object.entries(columns).map(([name, { type }]) => ({ name, type: TYPES[type] })),
    ...(dateColumn ? { dateColumn } : {}),
  };
}

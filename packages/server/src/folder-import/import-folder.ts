import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { RolledBack, resultIfRolledBack } from '../store/connections/rolled-back.ts';
import { inSavepoint } from '../store/connections/savepoint.ts';
import { REASONS } from '../store/workday/reasons.ts';
import { ActionLogLoader } from './action-log.ts';
import type { Row } from './cells.ts';
import { importAttendance } from './days.ts';
import { loadOccupancy, loadPresence, loadVisitors } from './events.ts';
import { UnreadableRow } from './file-row.ts';
import { DATASETS, type DatasetFile, type DatasetPath, listFolder } from './folder.ts';
import { NodeLoader } from './node-loader.ts';
import { type WithinRetention, withinRetentionOf } from './past-retention.ts';
import {
  countsOf,
  DatasetCount,
  type FolderCounts,
  type FolderImportReport,
  type ReportedRow,
} from './report.ts';
import { ReportingEvidence } from './reporting.ts';
import { readRows } from './rows.ts';
import type { ImportTarget, Load } from './target.ts';
import { loadGroups, loadUsers } from './users.ts';

const BATCH_ROWS = 1_000;

export interface FolderImportOptions {
  /** The folder that `rollcall export` wrote. */
  directory: string;
  database: Database;
  tenantId: string;
  /** IANA name of the time zone for offices whose rows do not state one. */
  timeZone: string;
  /** Whether the folder's plan replaces a different plan that a day has here. */
  replaceDays: boolean;
  /** Does everything, and then rolls it back. */
  dryRun: boolean;
  /** Milliseconds since the epoch. */
  clock: () => number;
  /** Called after each batch, with what became of the rows so far. An error that it throws ends the import. */
  onProgress?: (doneBytes: number, totalBytes: number, counts: FolderCounts) => void;
  /** Called for each row that was refused, or of which some part could not be kept. */
  onReportedRow?: (row: ReportedRow) => void;
}

/**
 * Loads a folder of exported datasets into an organisation. It loads nodes, groups and users with their ids, then
 * plans and bookings, the action log and events. Every step can be repeated, because it leaves existing data as it
 * is. So an interrupted import can run again, and a folder of later months adds its data. A row that is not
 * acceptable is refused, and does not stop the others.
 *
 * Throws `FolderError` where the folder is not a finished export, or one of its files cannot be read. Throws
 * `StoreUnavailableError`. After an error, earlier rows stay stored, except in a dry run.
 */
export async function importFolder(options: FolderImportOptions): Promise<FolderImportReport> {
  const { database, tenantId, dryRun } = options;
  const files = await listFolder(options.directory);
  if (!dryRun) {
    return load(files, options, {
      atomically: (work) => database.inTenant(tenantId, work),
      retrying: (work) => inTenantWithRetries(database, tenantId, work),
    });
  }
  try {
    return await database.inTenant(tenantId, async (tx) => {
      const once = <T>(work: (tx: Tx) => Promise<T>) => inSavepoint(tx, work);
      throw new RolledBack(await load(files, options, { atomically: once, retrying: once }));
    });
  } catch (error) {
    return resultIfRolledBack<FolderImportReport>(error);
  }
}

async function load(
  files: DatasetFile[],
  options: FolderImportOptions,
  transactions: Pick<ImportTarget, 'atomically' | 'retrying'>,
): Promise<FolderImportReport> {
  const { tenantId, timeZone, replaceDays, dryRun, onProgress, onReportedRow = () => undefined } = options;
  const actor = { changedBy: 'admin' as const, name: null, reason: REASONS.importOfExport };
  const author = { actor, at: new Date(options.clock()) };
  const target: ImportTarget = { ...transactions, tenantId, author, timeZone, replaceDays };
  const nodeLoader = new NodeLoader(target);
  const evidence = new ReportingEvidence();
  const within = await withinRetentionOf(target);
  const loads = loadsInto({ target, nodeLoader, evidence, within });
  const totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let doneBytes = 0;
  const report: FolderImportReport = { datasets: [], remarks: [], dryRun };

  for (const dataset of DATASETS) {
    const own = files.filter((file) => file.dataset === dataset);
    if (own.length === 0) {
      report.remarks.push(`The folder has no ${dataset}.`);
      continue;
    }
    const count = new DatasetCount(dataset, own.length, onReportedRow);
    report.datasets.push(count.report);
    const batchRows = dataset === 'groups' ? Number.POSITIVE_INFINITY : BATCH_ROWS;
    for (const file of own) {
      await loadFile(file, loads[dataset], {
        count,
        batchRows,
        onBytes: (bytes) => {
          doneBytes += bytes;
        },
        onBatch: () => onProgress?.(doneBytes, totalBytes, countsOf(report)),
      });
    }
  }
  report.remarks.push(...(await evidence.apply(target)));
  const guessed = nodeLoader.withoutTimeZone.size;
  if (guessed > 0)
    report.remarks.push(`${guessed} offices have no time zone in the folder: the import set ${timeZone}.`);
  return report;
}

/** Another server may export events without their day. */
const EVENT_DAY = ['day', 'timestamp', 'eventTime'];

function loadsInto(loading: {
  target: ImportTarget;
  nodeLoader: NodeLoader;
  evidence: ReportingEvidence;
  within: WithinRetention;
}): Record<DatasetPath, Load> {
  const { target, nodeLoader, within } = loading;
  const log = new ActionLogLoader(target);
  return {
    locations: nodeLoader.loadLocations,
    desks: nodeLoader.loadDesks,
    spaces: nodeLoader.loadSpaces,
    groups: (rows) => loadGroups(target, rows),
    users: (rows) => loadUsers(target, nodeLoader, rows),
    'user-booking-attendance': within('attendance', ['day'], (rows) => importAttendance(loading, rows)),
    'change-log/user': within('actionLog', ['eventTime', 'timestamp'], log.load),
    presence: within('attendance', EVENT_DAY, (rows) => loadPresence(target, nodeLoader, rows)),
    occupancy: within('occupancy', EVENT_DAY, (rows) => loadOccupancy(target, nodeLoader, rows)),
    visitors: within('visitors', EVENT_DAY, (rows) => loadVisitors(target, nodeLoader, rows)),
  };
}

interface FileLoading {
  count: DatasetCount;
  batchRows: number;
  onBytes: (bytes: number) => void;
  onBatch: () => void;
}

/** Loads a file batch by batch, and holds no more than one batch. */
async function loadFile(
  file: DatasetFile,
  loadRows: Load,
  { count, batchRows, onBytes, onBatch }: FileLoading,
): Promise<void> {
  let batch: { line: number; row: Row }[] = [];
  const flush = async () => {
    const rows = batch;
    batch = [];
    const outcomes = await loadRows(rows.map(({ line, row }) => ({ row, origin: `line ${line}` })));
    for (const [index, { line, row }] of rows.entries()) {
      count.add(file, line, row, outcomes[index] ?? { refused: 'it was not stored' });
    }
    onBatch();
  };
  for await (const { line, row } of readRows(file, onBytes)) {
    if (row instanceof UnreadableRow) {
      count.add(file, line, row.text, { refused: row.fault });
      continue;
    }
    batch.push({ line, row });
    if (batch.length >= batchRows) await flush();
  }
  if (batch.length > 0) await flush();
}

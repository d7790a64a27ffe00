import { closeSync, openSync, writeSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import type { DataConfig } from '../config.ts';
import { FolderError, listFolder } from '../folder-import/folder.ts';
import { importFolder } from '../folder-import/import-folder.ts';
import { countsOf, type FolderImportReport, type ReportedRow } from '../folder-import/report.ts';
import { chooseOrganisation, getOrganisation, withContext } from './context.ts';
import { CliError } from './errors.ts';
import { runImport } from './import-work.ts';
import { print, remark } from './output.ts';

export interface ImportExportOptions extends DataConfig {
  org?: string;
  timeZone?: string;
  replaceDays?: true;
  dryRun?: true;
  refused?: string;
  /** The earlier name of `refused`. */
  rejected?: string;
  json?: true;
}

/** `rollcall import --from-export`. */
export async function importExport(directory: string, options: ImportExportOptions): Promise<void> {
  // Checked first, so that a wrong path does not start or create a database.
  await listFolder(directory).catch(inOneSentence);
  const reported = new ReportedRowFile(
    options.refused ?? options.rejected ?? `${directory.replace(/[\\/]+$/, '')}.rejected.ndjson`,
  );
  const report = await withContext(options, 'rollcall import', async (context) => {
    const { owner } = context;
    const { dryRun = false } = options;
    const choose = dryRun ? getOrganisation : chooseOrganisation;
    const { tenantId, timeZone } = await choose(owner, options.org);
    let percent = 0;
    return runImport(context, {
      tenantId,
      kind: 'export',
      strict: false,
      dryRun,
      progress: { label: 'Importing export', unit: 'bytes' },
      soFar: () => `${percent} % of the folder is done`,
      work: (onProgress) =>
        importFolder({
          directory,
          database: owner,
          tenantId,
          timeZone: options.timeZone ?? timeZone,
          replaceDays: options.replaceDays ?? false,
          dryRun,
          clock: Date.now,
          onProgress: (done, total, counts) => {
            percent = Math.floor((100 * done) / total);
            onProgress(done, total, counts);
          },
          onReportedRow: (row) => reported.add(row),
        }),
      countsOf,
    })
      .catch(inOneSentence)
      .finally(() => reported.close());
  });
  if (options.json) print(JSON.stringify({ ...report, rejectedFile: reported.path }));
  else describe(report, reported.path);
  if (report.datasets.some(({ refused }) => refused > 0)) process.exitCode = 1;
}

function inOneSentence(error: unknown): never {
  throw error instanceof FolderError ? new CliError(error.message) : error;
}

/** Checks that this machine knows the time zone. Throws `InvalidArgumentError`. */
export function parseTimeZone(name: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return name;
  } catch {
    throw new InvalidArgumentError('It must be the name of a time zone such as Europe/London.');
  }
}

/** A file with a JSON line for each refused or changed row, created with the first one. */
class ReportedRowFile {
  readonly #name: string;
  #file: number | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** Null if every row was stored unchanged. */
  get path(): string | null {
    return this.#file === undefined ? null : this.#name;
  }

  add(row: ReportedRow): void {
    this.#file ??= openSync(this.#name, 'w', 0o600);
    const json = JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? String(value) : value));
    writeSync(this.#file, `${json}\n`);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }
}

function describe({ datasets, remarks, dryRun }: FolderImportReport, reportedFile: string | null): void {
  for (const { dataset, rows, refused, adjusted, reasons } of datasets) {
    for (const { file, line, reason } of reasons) remark(`${file} line ${line}: ${reason}`);
    const more = refused + adjusted - reasons.length;
    if (more > 0) remark(`${dataset}: ${more} more of ${rows} rows.`);
  }
  for (const sentence of remarks) remark(sentence);
  if (reportedFile !== null) remark(`${reportedFile} lists each refused or changed row, with its reason.`);
  for (const { dataset, rows, stored, already, adjusted, refused } of datasets) {
    const also = adjusted > 0 ? ` (${adjusted} of them changed)` : '';
    print(`${dataset}: ${rows} rows, ${stored} stored, ${already} there already${also}, ${refused} refused.`);
  }
  if (dryRun) print('Nothing was stored: it was a dry run.');
}

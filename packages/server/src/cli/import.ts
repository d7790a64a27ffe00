import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Argument, Command } from 'commander';
import { DATA_SETTINGS, toOptions } from '../config.ts';
import { CSV_TEMPLATES, csvExample } from '../directory/csv-templates.ts';
import { type ImportKind, type ImportReport, importCsv } from '../directory/import.ts';
import { chooseOrganisation, withContext } from './context.ts';
import { CliError, unreadable } from './errors.ts';
import { onInterruption } from './interruption.ts';
import { importExport, type MoveInCommandOptions, parseTimeZone } from './move-in.ts';
import { print, remark } from './output.ts';
import { showProgress } from './progress.ts';

interface ImportCommandOptions extends MoveInCommandOptions {
  strict?: true;
  template?: true;
  fromExport?: string;
}

/** `rollcall import`. */
export function importCommand(): Command {
  const command = new Command('import')
    .description(
      'import locations, desks, spaces or people from a file, or everything from an exported folder; importing again changes nothing',
    )
    .addArgument(new Argument('[kind]', 'what the file holds').choices(Object.keys(CSV_TEMPLATES)))
    .argument('[file]', 'CSV file with a header row')
    .option('--org <slug>', 'the organisation; needed when there are several')
    .option('--strict', 'store nothing at all if any row is refused')
    .option('--template', 'print an example file instead')
    .option('--json', 'print the report as JSON')
    .option(
      '--from-export <folder>',
      'move in: the folder that "rollcall export" wrote, here or from the vendor',
    )
    .option(
      '--time-zone <name>',
      "moving in: of offices that do not say theirs; the organisation's otherwise",
      parseTimeZone,
    )
    .option(
      '--replace-days',
      'moving in: change days that are planned otherwise here, instead of keeping them',
    )
    .option('--dry-run', 'moving in: say what would become of each row, and store nothing')
    .option(
      '--rejected <path>',
      'moving in: where rows go that are not taken as they are (default: beside the folder)',
    )
    .action(async (kind: ImportKind | undefined, file: string | undefined, options: ImportCommandOptions) => {
      if (options.fromExport !== undefined) {
        if (kind !== undefined)
          throw new CliError('An exported folder is imported whole: leave the kind out.');
        return importExport(options.fromExport, options);
      }
      if (kind === undefined)
        throw new CliError('Import what? A kind and a file, or "--from-export" and a folder.');
      if (options.template) return print(csvExample(kind).trimEnd());
      if (file === undefined) throw new CliError('Which file? "--template" prints an example of one.');
      const report = await importFile(kind, file, options);
      if (options.json) print(JSON.stringify(report));
      else describe(report, options.strict ?? false);
      if (report.refused.length > 0) process.exitCode = 1;
    });
  for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
  return command;
}

async function importFile(
  kind: ImportKind,
  file: string,
  options: ImportCommandOptions,
): Promise<ImportReport> {
  const { size } = await stat(file).catch(unreadable(file));
  return withContext(options, 'rollcall import', async ({ owner }) => {
    const { tenantId } = await chooseOrganisation(owner, options.org);
    const progress = showProgress(`Importing ${kind}`, 'bytes');
    const input = createReadStream(file);
    let stored = 0;
    const ignoreInterruption = onInterruption(() =>
      remark(
        options.strict
          ? 'rollcall: The import was interrupted; nothing was stored.'
          : `rollcall: The import was interrupted; the first ${stored} rows are done. The same command goes on.`,
      ),
    );
    try {
      return await importCsv({
        kind,
        input,
        database: owner,
        tenantId,
        strict: options.strict ?? false,
        clock: Date.now,
        onProgress: ({ rows, bytes }) => {
          stored = rows;
          progress.update(bytes, size);
        },
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall !== undefined && input.errored)
        unreadable(file)(input.errored);
      throw error;
    } finally {
      ignoreInterruption();
      progress.stop();
    }
  });
}

function describe(
  { created, updated, unchanged, refused, ignoredColumns }: ImportReport,
  strict: boolean,
): void {
  if (ignoredColumns.length > 0) remark(`Columns that are not known here: ${ignoredColumns.join(', ')}.`);
  for (const { line, reason } of refused) remark(`line ${line}: ${reason}`);
  const counts = `${created} created, ${updated} updated, ${unchanged} unchanged, ${refused.length} refused.`;
  print(strict && refused.length > 0 ? `Nothing was stored: ${refused.length} refused.` : counts);
}

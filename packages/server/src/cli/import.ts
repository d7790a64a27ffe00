import { Argument, Command, type Option } from 'commander';
import { DATA_SETTINGS } from '../config.ts';
import { type ImportReport, importCsv } from '../csv-import/import.ts';
import { CSV_KINDS, type ImportKind } from '../csv-import/kinds.ts';
import { csvExample } from '../csv-import/template.ts';
import { chooseOrganisation, getOrganisation, withContext } from './context.ts';
import { CliError } from './errors.ts';
import { type ImportExportOptions, importExport, parseTimeZone } from './import-export.ts';
import { describeImport, writeIds } from './import-report.ts';
import { runImport } from './import-work.ts';
import { openInput, throwIfOfInput } from './input-file.ts';
import { earlierName, toOptions } from './options.ts';
import { print } from './output.ts';

interface ImportCommandOptions extends ImportExportOptions {
  strict?: true;
  template?: true;
  ids?: string;
  fromExport?: string;
}

/** `rollcall import`. */
export function importCommand(): Command {
  const command = new Command('import')
    .description('import a CSV file, or everything from an exported folder; importing again changes nothing')
    .addArgument(new Argument('[kind]', 'the kind of the file').choices(Object.keys(CSV_KINDS)))
    .argument('[file]', 'CSV file with a header row; - is standard input')
    .option('--org <slug>', 'the organisation; required if there are several')
    .option('--dry-run', 'print the change of each row, and store nothing')
    .option('--strict', 'with a file: store nothing if any row is refused')
    .option(
      '--ids <path>',
      'with a file: write line, result, id and name of every row as CSV; - is standard output',
    )
    .option('--template', 'print an example file instead')
    .option('--json', 'print the report as JSON')
    .option(
      '--from-export <folder>',
      'instead of a file: a folder that "rollcall export" wrote, from Rollcall or from the vendor',
    )
    .option(
      '--time-zone <name>',
      "with --from-export: time zone of offices without one (default: the organisation's)",
      parseTimeZone,
    )
    .option('--replace-days', 'with --from-export: replace different plans here, instead of keeping them')
    .option(
      '--refused <path>',
      'with --from-export: file for refused and changed rows (default: beside the folder)',
    )
    .addOption(earlierName('--rejected <path>', 'refused'))
    .action(async (kind: ImportKind | undefined, file: string | undefined, options: ImportCommandOptions) => {
      refuseOptions(command, options);
      if (options.fromExport !== undefined) {
        if (kind !== undefined)
          throw new CliError('The command imports an export folder as a whole: leave the kind out.');
        return importExport(options.fromExport, options);
      }
      const kinds = Object.keys(CSV_KINDS).join(', ');
      if (kind === undefined)
        throw new CliError(`Name a kind (${kinds}) and a file, or "--from-export" and a folder.`);
      if (options.template) return print(csvExample(CSV_KINDS[kind]).trimEnd());
      if (file === undefined) throw new CliError('Name a file; "--template" prints an example.');
      const report = await importFile(kind, file, options);
      await writeIds(report, options.ids);
      if (options.json) print(JSON.stringify({ ...report, dryRun: options.dryRun ?? false }));
      else describeImport(CSV_KINDS[kind].word, report, options);
      if (report.refused.length > 0) process.exitCode = 1;
    });
  for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
  return command;
}

/** The options that have no effect in each use of the command, by their names in the code. */
const NOT_WITH: [applies: (options: ImportCommandOptions) => boolean, way: string, options: string[]][] = [
  [
    ({ template }) => template === true,
    '--template',
    ['dryRun', 'strict', 'ids', 'json', 'timeZone', 'replaceDays', 'refused', 'rejected', 'fromExport'],
  ],
  [({ fromExport }) => fromExport !== undefined, '--from-export', ['strict', 'ids']],
  [
    ({ fromExport }) => fromExport === undefined,
    'a file',
    ['timeZone', 'replaceDays', 'refused', 'rejected'],
  ],
  [({ dryRun }) => dryRun === true, '--dry-run', ['ids']],
  [({ ids }) => ids === '-', '--ids -', ['json']],
];

/** Throws `CliError` if an option would have no effect. */
function refuseOptions(command: Command, options: ImportCommandOptions): void {
  const flagOf = (name: string) =>
    command.options.find((option: Option) => option.attributeName() === name)?.long ?? name;
  for (const [applies, way, names] of NOT_WITH) {
    if (!applies(options)) continue;
    const given = names.find((name) => options[name as keyof ImportCommandOptions] !== undefined);
    if (given !== undefined)
      throw new CliError(`The option ${flagOf(given)} has no effect with ${way}: leave it out.`);
  }
}

async function importFile(
  kind: ImportKind,
  file: string,
  options: ImportCommandOptions,
): Promise<ImportReport> {
  const text = await openInput(file);
  const { dryRun = false, strict = false } = options;
  return withContext(options, 'rollcall import', async (context) => {
    const { owner } = context;
    const { tenantId } = await (dryRun ? getOrganisation : chooseOrganisation)(owner, options.org);
    let done = 0;
    return runImport(context, {
      tenantId,
      kind,
      strict,
      dryRun,
      progress: { label: `Importing ${kind}`, unit: 'bytes' },
      soFar: () => `the first ${done} rows are done`,
      work: (onProgress) =>
        importCsv({
          kind,
          input: text.stream,
          database: owner,
          tenantId,
          strict,
          dryRun,
          clock: Date.now,
          onProgress: (rows, counts) => {
            done = rows;
            onProgress(text.bytesRead, text.sizeBytes, counts);
          },
        }),
      countsOf: ({ created, updated, refused }) => ({ stored: created + updated, refused: refused.length }),
    }).catch((error: unknown) => {
      throwIfOfInput(error, file, text);
      throw error;
    });
  });
}

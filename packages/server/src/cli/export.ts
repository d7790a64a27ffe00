import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { CLIENT_SETTINGS, type ClientConfig } from '../config.ts';
import { whole } from '../config-values.ts';
import { utcDay } from '../store/values/days.ts';
import { METRIC_UNITS, type MetricUnit } from '../store/warehouse/metrics.ts';
import { clientOf, throwAsCliError } from './client.ts';
import { CliError, unwritable } from './errors.ts';
import { loadFolder, needDuckDb } from './export/duckdb.ts';
import { ExportFolder } from './export/folder.ts';
import { EXPORTED_PERIODS, type ExportedPeriod, metricsDatasets } from './export/metrics.ts';
import { type DatasetPath, EXPORTED_DATASETS, FACTS_DATASETS, hasDays, partsOf } from './export/parts.ts';
import { ExportRun } from './export/run.ts';
import { FILE_FORMATS, type FileFormat } from './export/write.ts';
import { catchInterruption, unlessInterrupted, untilSettled } from './interruption.ts';
import { parsing, toOptions } from './options.ts';
import { print, remark } from './output.ts';

const METRICS = 'metrics';
type AskedDataset = DatasetPath | typeof METRICS;

interface ExportOptions extends ClientConfig {
  secretFile?: string;
  into: string;
  format: FileFormat;
  from?: string;
  to?: string;
  settledAfter: number;
  by?: MetricUnit[];
  period?: ExportedPeriod;
  full?: true;
  duckdb?: string;
  concurrency: number;
  json?: true;
}

/** `rollcall export`. */
export function exportCommand(): Command {
  const command = new Command('export')
    .description(
      'copy datasets from a server of this contract into a folder; a later run reads only possible changes',
    )
    .addArgument(
      new Argument('[datasets...]', 'default: all datasets of the server, without metrics and audit').choices(
        [...FACTS_DATASETS, METRICS],
      ),
    )
    .requiredOption('--into <dir>', 'the folder: a new one, or one of an earlier run')
    .addOption(new Option('--from <day>', 'first day, YYYY-MM-DD').argParser(day))
    .addOption(new Option('--to <day>', 'last day, YYYY-MM-DD (default: today, in UTC)').argParser(day))
    .addOption(
      new Option('--format <format>', 'format of the files')
        .choices(Object.keys(FILE_FORMATS))
        .default('ndjson'),
    )
    .addOption(
      new Option(
        '--settled-after <days>',
        'if the server has no change cursors: a month that was read this many days after its end is not read again',
      )
        .argParser(parsing(whole(0, 3_650)))
        .default(14),
    )
    .addOption(
      new Option('--by <unit...>', 'for metrics: the unit of a row (default: location)').choices(
        METRIC_UNITS,
      ),
    )
    .addOption(
      new Option('--period <period>', 'for metrics: the period of a row (default: day)').choices(
        EXPORTED_PERIODS,
      ),
    )
    .option('--full', 'read everything again')
    .option('--duckdb <file>', 'a DuckDB database to update from the folder')
    .addOption(
      new Option('--concurrency <count>', 'files at a time').argParser(parsing(whole(1, 16))).default(3),
    )
    .option(
      '--secret-file <path>',
      'file that holds the secret (default: ROLLCALL_SECRET, else standard input)',
    )
    .option('--json', 'print the report as JSON')
    .action(async (datasets: AskedDataset[], options: ExportOptions) => {
      const report = await exportAll(datasets, options);
      if (options.json) return print(JSON.stringify(report));
      const { rows, files, read, changed, kept } = report;
      print(`${rows} rows in ${files} files; ${read} of them read, ${changed} changed, ${kept} kept.`);
      if ('loaded' in report) print(`${report.loaded} files loaded into ${options.duckdb}.`);
    });
  for (const option of toOptions(CLIENT_SETTINGS)) command.addOption(option);
  return command;
}

async function exportAll(asked: AskedDataset[], options: ExportOptions) {
  const datasets = datasetsOf(asked, options);
  const client = await clientOf(options);
  const { baseUrl = '', key: apiKey = '', format, into, duckdb } = options;
  const days = daysOf(datasets, options);
  if (duckdb !== undefined) await needDuckDb();
  const folder = await ExportFolder.open(into, { baseUrl, apiKey, format }, options.full ?? false).catch(
    unwritable(into),
  );
  if (folder.left.size > 0) remark(`Continuing: ${folder.left.size} files are complete already.`);
  const run = new ExportRun(
    folder,
    client,
    { ...options, isLenient: asked.length === 0 },
    catchInterruption(),
  );
  try {
    const { files, all } = await orGoOn(async () => {
      const files = await untilSettled(run.all(partsOf(datasets, days)));
      return { files, all: await folder.commit(files, new Date()) };
    }, into);
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    const { read, changed } = run;
    const report = { files: files.length, rows, read, changed, kept: files.length - read - changed };
    if (duckdb === undefined) return report;
    return { ...report, loaded: await unlessInterrupted(loadFolder(duckdb, into, format, all)) };
  } catch (error) {
    throwAsCliError(error);
  } finally {
    await folder.close();
  }
}

function datasetsOf(asked: AskedDataset[], { by, period }: ExportOptions): DatasetPath[] {
  if (!asked.includes(METRICS) && (by ?? period) !== undefined)
    throw new CliError('--by and --period apply to metrics only: name that dataset, too.');
  if (asked.length === 0) return [...EXPORTED_DATASETS];
  const wanted = asked.flatMap((dataset): DatasetPath[] =>
    dataset === METRICS ? metricsDatasets(by ?? ['location'], period ?? 'day') : [dataset],
  );
  return [...new Set(wanted)];
}

/** On an error, prints that the same command continues. Turns a write error into a `CliError`. */
async function orGoOn<T>(work: () => Promise<T>, into: string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    remark('Run the same command to continue: it does not read complete files again.');
    return unwritable(into)(error);
  }
}

function daysOf(datasets: readonly DatasetPath[], { from, to }: ExportOptions) {
  if (!datasets.some(hasDays)) return undefined;
  if (from === undefined) throw new CliError('Give the first day with --from.');
  const endDate = to ?? utcDay(Date.now());
  if (endDate < from) throw new CliError(`The last day, ${endDate}, is before the first, ${from}.`);
  return { startDate: from, endDate };
}

function day(text: string): string {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
  if (!isDay || new Date(text).toISOString().slice(0, 10) !== text)
    throw new InvalidArgumentError('It must be a day such as 2026-01-31.');
  return text;
}

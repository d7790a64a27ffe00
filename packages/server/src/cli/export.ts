import { setTimeout as delay } from 'node:timers/promises';
import {
  NetworkError,
  NotFoundError,
  type Rollcall,
  TimeoutError,
  TransferError,
  UnavailableError,
} from '@rollcall/sdk';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { CLIENT_SETTINGS, type ClientConfig, toOptions } from '../config.ts';
import { whole } from '../config-values.ts';
import { clientOf, spoken } from './client.ts';
import { CliError } from './errors.ts';
import { type ExportedFile, ExportFolder } from './export/folder.ts';
import {
  type DatasetPath,
  EXPORTED_DATASETS,
  hasDays,
  type Part,
  partsOf,
  readPart,
} from './export/parts.ts';
import { FILE_FORMATS, type FileFormat, writeRows } from './export/write.ts';
import { catchInterruption, unlessInterrupted } from './interruption.ts';
import { print, remark } from './output.ts';
import { showProgress } from './progress.ts';

interface ExportOptions extends ClientConfig {
  secretFile?: string;
  into: string;
  format: FileFormat;
  from?: string;
  to?: string;
  settledAfter: number;
  full?: true;
  concurrency: number;
  json?: true;
}

const DAY_MS = 86_400_000;
const MOST_ATTEMPTS = 6;
const FIRST_DELAY_MS = 500;

/** `rollcall export`. */
export function exportCommand(): Command {
  const command = new Command('export')
    .description(
      'pull datasets from a server of this contract into a folder; run again, it reads what can have changed',
    )
    .addArgument(new Argument('[datasets...]', 'default: all that the server has').choices(EXPORTED_DATASETS))
    .requiredOption('--into <dir>', 'the folder: a new one, or one of an earlier run')
    .addOption(new Option('--from <day>', 'first day, YYYY-MM-DD').argParser(day))
    .addOption(new Option('--to <day>', 'last day, YYYY-MM-DD (default: today, in UTC)').argParser(day))
    .addOption(
      new Option('--format <format>', 'of the files').choices(Object.keys(FILE_FORMATS)).default('ndjson'),
    )
    .addOption(
      new Option(
        '--settled-after <days>',
        'a month that was read so many days after its end is not read again',
      )
        .argParser(whole(0, 3_650))
        .default(14),
    )
    .option('--full', 'read everything again')
    .addOption(new Option('--concurrency <count>', 'files at a time').argParser(whole(1, 16)).default(3))
    .option(
      '--secret-file <path>',
      'file that holds the secret (default: ROLLCALL_SECRET, else standard input)',
    )
    .option('--json', 'print the report as JSON')
    .action(async (datasets: DatasetPath[], options: ExportOptions) => {
      const report = await exportAll(datasets, options);
      print(
        options.json
          ? JSON.stringify(report)
          : `${report.rows} rows in ${report.files} files; ${report.read} of them read, ${report.kept} kept.`,
      );
    });
  for (const option of toOptions(CLIENT_SETTINGS)) command.addOption(option);
  return command;
}

async function exportAll(asked: DatasetPath[], options: ExportOptions) {
  const datasets = asked.length > 0 ? [...new Set(asked)] : EXPORTED_DATASETS;
  const client = await clientOf(options);
  const { baseUrl = '', key: apiKey = '', format } = options;
  const days = daysOf(datasets, options);
  const folder = await ExportFolder.open(options.into, { baseUrl, apiKey, format }, options.full ?? false);
  if (folder.left.size > 0) remark(`Going on: ${folder.left.size} files are whole already.`);
  try {
    const run = new ExportRun(folder, client, options, asked.length === 0);
    const parts = partsOf(datasets, days).map((part) =>
      withDaysOf(folder.fileOf(pathOf(part, format)), part),
    );
    const files = await unlessInterrupted(run.all(parts));
    await folder.commit(files, new Date());
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    return { files: files.length, rows, read: run.read, kept: files.length - run.read };
  } catch (error) {
    await folder.close().catch(() => undefined);
    remark('The folder is as it was; the same command goes on from here.');
    spoken(error);
  }
}

/** Reads parts, several at a time. */
class ExportRun {
  /** How many files were read in this run, and in those that it went on from. */
  read = 0;
  readonly #folder: ExportFolder;
  readonly #client: Rollcall;
  readonly #options: ExportOptions;
  /** Datasets that a server does not have are left out. */
  readonly #isLenient: boolean;
  readonly #absent = new Set<string>();
  readonly #stop = new AbortController();

  constructor(folder: ExportFolder, client: Rollcall, options: ExportOptions, isLenient: boolean) {
    this.#folder = folder;
    this.#client = client;
    this.#options = options;
    this.#isLenient = isLenient;
  }

  async all(parts: Part[]): Promise<ExportedFile[]> {
    const signal = AbortSignal.any([this.#stop.signal, catchInterruption()]);
    const progress = showProgress('Exporting', 'files');
    const files: (ExportedFile | undefined)[] = [];
    let [next, done] = [0, 0];
    const work = async () => {
      while (next < parts.length) {
        const index = next++;
        files[index] = await this.#fileOf(parts[index] as Part, signal);
        progress.update(++done, parts.length);
      }
    };
    try {
      progress.update(0, parts.length);
      await Promise.all(Array.from({ length: this.#options.concurrency }, work));
    } catch (error) {
      this.#stop.abort(error);
      throw error;
    } finally {
      progress.stop();
    }
    for (const dataset of this.#absent) remark(`This server has no dataset ${dataset}.`);
    return files.filter((file) => file !== undefined);
  }

  /** The file of a part: one that is there already, where that will do, else a new one. */
  async #fileOf(part: Part, signal: AbortSignal): Promise<ExportedFile | undefined> {
    const path = pathOf(part, this.#options.format);
    const left = this.#folder.left.get(path);
    if (left && isOfDays(left, part) && (this.#isSettled(left) || isRecent(left))) {
      this.read++;
      return left;
    }
    const known = this.#folder.fileOf(path);
    const willDo = known && !this.#options.full && isOfDays(known, part) && this.#isSettled(known);
    if (willDo && this.#folder.has(known)) return known;
    if (this.#absent.has(part.dataset)) return undefined;
    try {
      const file = await this.#readAgainAndAgain(part, path, signal);
      this.read++;
      return file;
    } catch (error) {
      if (!(error instanceof NotFoundError && this.#isLenient)) throw error;
      this.#absent.add(part.dataset);
      return undefined;
    }
  }

  /** Whether it was read so long after its days that they do not change any more. */
  #isSettled({ endDate, readAt }: ExportedFile): boolean {
    if (endDate === null) return false;
    return Date.parse(readAt) >= Date.parse(endDate) + (1 + this.#options.settledAfter) * DAY_MS;
  }

  /** A stream that breaks off is read anew from its beginning: of what it brought nothing is kept. */
  async #readAgainAndAgain(part: Part, path: string, signal: AbortSignal): Promise<ExportedFile> {
    for (let attempt = 1; ; attempt++) {
      const readAt = new Date().toISOString();
      try {
        const rows = readPart(part, this.#client, signal);
        const written = await writeRows(
          await this.#folder.unfinished(path),
          part.dataset,
          this.#options.format,
          rows,
        );
        const { startDate = null, endDate = null } = part.days ?? {};
        const file = { path, dataset: part.dataset, startDate, endDate, ...written, readAt };
        await this.#folder.finish(file);
        return file;
      } catch (error) {
        const isPassing = [TransferError, NetworkError, TimeoutError, UnavailableError].some(
          (each) => error instanceof each,
        );
        if (!isPassing || signal.aborted || attempt === MOST_ATTEMPTS) throw error;
        await delay(FIRST_DELAY_MS * 2 ** attempt * (0.5 + Math.random() / 2), undefined, { signal });
      }
    }
  }
}

function pathOf({ name }: Part, format: FileFormat): string {
  return `${name}.${format}`;
}

/** What a month's file had is not given up because less is asked for now. */
function withDaysOf(known: ExportedFile | undefined, part: Part): Part {
  if (!part.days || !known?.endDate || known.endDate <= part.days.endDate) return part;
  return { ...part, days: { ...part.days, endDate: known.endDate } };
}

function isOfDays({ startDate, endDate }: ExportedFile, { days }: Part): boolean {
  return startDate === (days?.startDate ?? null) && endDate === (days?.endDate ?? null);
}

/** Whether it is of a run that is worth going on with. */
function isRecent({ readAt }: ExportedFile): boolean {
  return Date.now() - Date.parse(readAt) < DAY_MS;
}

function daysOf(datasets: readonly DatasetPath[], { from, to }: ExportOptions) {
  if (!datasets.some(hasDays)) return undefined;
  if (from === undefined) throw new CliError('From which day on? Give --from.');
  const endDate = to ?? new Date().toISOString().slice(0, 10);
  if (endDate < from) throw new CliError(`The last day, ${endDate}, is before the first, ${from}.`);
  return { startDate: from, endDate };
}

function day(text: string): string {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
  if (!isDay || new Date(text).toISOString().slice(0, 10) !== text)
    throw new InvalidArgumentError('It must be a day such as 2026-01-31.');
  return text;
}

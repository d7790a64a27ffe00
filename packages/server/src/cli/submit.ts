import type { Rollcall } from '@rollcall/sdk';
import { Argument, Command, Option } from 'commander';
import { CLIENT_SETTINGS, LOOKUP_SETTINGS } from '../config.ts';
import { whole } from '../config-values.ts';
import { clientOf, throwAsCliError } from './client.ts';
import { CliError, unreadable } from './errors.ts';
import { openInput, throwIfOfInput } from './input-file.ts';
import { catchInterruption, unlessInterrupted, untilSettled } from './interruption.ts';
import { earlierName, parsing, toOptions } from './options.ts';
import { print, remark } from './output.ts';
import { showProgress } from './progress.ts';
import { SUBMIT_KINDS, type SubmitKindName, submitExample } from './submit/kinds.ts';
import { addMapping } from './submit/mapping.ts';
import { printPreview } from './submit/preview.ts';
import { checkTimes, type ReadingOptions, readFileRows, timeZone } from './submit/reading.ts';
import { RefusedRowFile } from './submit/refused-rows.ts';
import type { FileFormat } from './submit/rows.ts';
import { type Chunk, sendRows } from './submit/send.ts';
import {
  fingerprintOf,
  forget,
  readState,
  removeState,
  type Submission,
  writeState,
} from './submit/state.ts';
import { NOTHING, plus, type Tally } from './submit/tally.ts';
import { type TimeFormat, timeFormat } from './submit/time-format.ts';

interface SubmitCommandOptions extends ReadingOptions {
  secretFile?: string;
  sourceId: string;
  format?: FileFormat;
  refused?: string;
  /** The earlier name of `refused`. */
  rejected?: string;
  restart?: true;
  preview?: number;
  template?: true;
  json?: true;
}

interface Report {
  /** Rows with an answer, in this run and in the runs that it continues. */
  rows: number;
  /** The number of new rows, and of rows that were stored before; null if the server does not say. */
  new: number | null;
  known: number | null;
  rejected: number;
  rejectedFile: string | null;
}

/** The exit code if all rows were sent, and some of them were refused. */
const SOME_REFUSED = 2;
const PREVIEWED_ROWS = 5;

/** `rollcall submit`. */
export function submitCommand(): Command {
  const command = new Command('submit')
    .description('send events from a file to a server of this contract; a repeat stores nothing twice')
    .addArgument(new Argument('<kind>', 'the kind of the file').choices(Object.keys(SUBMIT_KINDS)))
    .argument('[file]', 'CSV with a header row, or NDJSON; - is standard input')
    .option(
      '--secret-file <path>',
      'file that holds the secret (default: ROLLCALL_SECRET, else standard input)',
    )
    .option('--source-id <text>', 'the source of the events', 'rollcall submit')
    .addOption(
      new Option('--format <format>', 'format of the file (default: by its file extension)').choices([
        'csv',
        'ndjson',
      ]),
    )
    .addOption(
      new Option('--map <column=member>', 'a column of the file and its member; may be repeated').argParser(
        addMapping,
      ),
    )
    .addOption(
      new Option(
        '--time-zone <zone>',
        "time zone of times without one: a name such as Europe/Berlin, or office for the zone of the event's office (default: UTC, with a remark)",
      ).argParser(timeZone),
    )
    .addOption(
      new Option(
        '--time-format <format>',
        'format of times that are not ISO 8601, such as "DD/MM/YYYY HH:mm" or "MM/DD/YYYY hh:mm A"; may be repeated',
      ).argParser((text, earlier: TimeFormat[] = []) => [...earlier, timeFormat(text)]),
    )
    .option('--refused <path>', 'file for refused rows (default: beside the input file)')
    .addOption(earlierName('--rejected <path>', 'refused'))
    .option('--restart', 'begin again, instead of continuing an incomplete run')
    .addOption(
      new Option('--preview [rows]', 'print the first rows as they would be sent, and send nothing')
        .argParser(parsing(whole(1, 10_000)))
        .preset(PREVIEWED_ROWS),
    )
    .option('--template', 'print an example file instead')
    .option('--json', 'print the report as JSON')
    .action(async (kind: SubmitKindName, path: string | undefined, options: SubmitCommandOptions) => {
      if (options.template) return print(submitExample(SUBMIT_KINDS[kind]).trimEnd());
      if (path === undefined) throw new CliError('Name a file; "--template" prints an example.');
      checkTimes(kind, options);
      if (options.preview !== undefined) return previewFile(kind, path, options.preview, options);
      const report = await submitFile(kind, path, options);
      if (options.json) print(JSON.stringify(report));
      else describe(report);
      if (report.rejected > 0) process.exitCode = SOME_REFUSED;
    });
  for (const option of toOptions({ ...CLIENT_SETTINGS, ...LOOKUP_SETTINGS })) command.addOption(option);
  return command;
}

/** A file, or standard input, with the state of its submission. */
interface Source {
  path: string;
  isInput: boolean;
  format: FileFormat;
  /** Beside the file. Undefined for standard input, which the command cannot continue. */
  statePath: string | undefined;
}

function sourceOf(path: string, options: SubmitCommandOptions): Source {
  const isInput = path === '-';
  const format = options.format ?? formatOf(path);
  return { path, isInput, format, statePath: isInput ? undefined : `${path}.submitting` };
}

async function submitFile(
  kind: SubmitKindName,
  path: string,
  options: SubmitCommandOptions,
): Promise<Report> {
  const source = sourceOf(path, options);
  const fingerprint = source.isInput ? '' : await fingerprintOf(path).catch(unreadable(path));
  const client = await clientOf(options, source.isInput);
  const { baseUrl = '', key: apiKey = '', sourceId, map = new Map(), timeFormat: formats = [] } = options;
  const reading = JSON.stringify([[...map], options.timeZone, formats.map(({ text }) => text)]);
  return send(source, { kind, baseUrl, apiKey, sourceId, fingerprint, reading }, client, options);
}

async function send(
  source: Source,
  submission: Submission & { kind: SubmitKindName },
  client: Rollcall,
  options: SubmitCommandOptions,
): Promise<Report> {
  const { path, isInput, format, statePath } = source;
  const { kind, sourceId } = submission;
  const signal = catchInterruption();
  const input = await unlessInterrupted(openInput(path));
  const { file, endRemarks } = readFileRows(SUBMIT_KINDS[kind], format, input.stream, options, signal);
  if (statePath && options.restart) await forget(statePath);
  const earlier = statePath ? await readState(statePath, submission) : undefined;
  const defaultPath = `${isInput ? kind : path}.rejected.${format}`;
  const refusedPath = earlier?.rejectedPath ?? options.refused ?? options.rejected ?? defaultPath;
  const refused = await RefusedRowFile.open(refusedPath, earlier?.rejected);
  let rows = earlier?.rows ?? 0;
  let tally = earlier?.tally ?? NOTHING;
  if (rows > 0) remark(`Continuing after the first ${rows} rows.`);

  /** The next run continues from the recorded state. */
  const record = async (answered: { rows: number; tally: Tally }) => {
    const { count, bytes } = refused;
    if (statePath)
      await writeState(statePath, {
        ...submission,
        version: 2,
        ...answered,
        rejectedPath: refusedPath,
        rejected: { count, bytes },
      });
    ({ rows, tally } = answered);
  };
  // If the command cannot write the state, it sends nothing.
  await record({ rows, tally });

  const progress = showProgress(`Submitting ${kind}`, isInput ? 'rows' : 'bytes');
  const onAnswered = async (chunk: Chunk) => {
    await refused.add(file, chunk.refused);
    await record({ rows: rows + chunk.rows, tally: plus(tally, chunk.tally) });
    progress.update(isInput ? rows : input.bytesRead, input.sizeBytes);
  };
  try {
    const sending = { client, sourceId, skip: rows, signal, onAnswered };
    // A read of standard input may wait for long.
    signal.addEventListener('abort', () => input.close());
    await untilSettled(sendRows(SUBMIT_KINDS[kind], file.rows, sending));
  } catch (error) {
    progress.stop();
    if (statePath && rows === 0) await removeState(statePath).catch(() => undefined);
    const howToContinue = isInput
      ? 'You can send all of it again: the server stores nothing twice.'
      : 'Run the same command to continue.';
    if (rows > 0 || signal.aborted) remark(`The server has answered ${rows} rows. ${howToContinue}`);
    throwIfOfInput(error, path, input);
    throwAsCliError(error);
  } finally {
    progress.stop();
    await refused.close();
  }
  endRemarks();
  if (statePath) await removeState(statePath);
  const isTold = tally.untold === 0;
  return {
    rows,
    new: isTold ? tally.isNew : null,
    known: isTold ? tally.known : null,
    rejected: refused.count,
    rejectedFile: refused.count > 0 ? refusedPath : null,
  };
}

async function previewFile(
  kind: SubmitKindName,
  path: string,
  count: number,
  options: SubmitCommandOptions,
): Promise<void> {
  const { format } = sourceOf(path, options);
  const signal = catchInterruption();
  const input = await unlessInterrupted(openInput(path));
  const { file, endRemarks } = readFileRows(SUBMIT_KINDS[kind], format, input.stream, options, signal);
  try {
    await unlessInterrupted(printPreview(file.rows, count));
    endRemarks();
  } catch (error) {
    throwIfOfInput(error, path, input);
    throwAsCliError(error);
  } finally {
    input.close();
  }
}

function formatOf(path: string): FileFormat {
  if (/\.csv$/i.test(path)) return 'csv';
  if (/\.(ndjson|jsonl)$/i.test(path)) return 'ndjson';
  throw new CliError('The format of the file is unknown: give --format csv or --format ndjson.');
}

function describe({ rows, new: fresh, known, rejected: refused, rejectedFile: refusedFile }: Report): void {
  const count = (number: number) => number.toLocaleString('en-US');
  const stored =
    fresh === null || known === null
      ? `${count(rows - refused)} stored`
      : `${count(fresh)} new, ${count(known)} there already`;
  print(`${stored}, ${count(refused)} refused.`);
  if (refusedFile !== null)
    remark(`The refused rows are in ${refusedFile}, each with its reason. Correct that file and submit it.`);
}

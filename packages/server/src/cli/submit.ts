import { createReadStream, ReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Rollcall } from '@rollcall/sdk';
import { Argument, Command, Option } from 'commander';
import { CLIENT_SETTINGS, type ClientConfig, toOptions } from '../config.ts';
import { clientOf, spoken } from './client.ts';
import { CliError, unreadable } from './errors.ts';
import { catchInterruption, unlessInterrupted } from './interruption.ts';
import { print, remark } from './output.ts';
import { showProgress } from './progress.ts';
import { SUBMIT_KINDS, type SubmitKindName, submitExample } from './submit/kinds.ts';
import { RejectedRows } from './submit/rejected.ts';
import { type FileFormat, readRows } from './submit/rows.ts';
import { type Chunk, sendRows } from './submit/send.ts';
import {
  fingerprintOf,
  forget,
  readState,
  removeState,
  type Submission,
  writeState,
} from './submit/state.ts';

interface SubmitCommandOptions extends ClientConfig {
  secretFile?: string;
  sourceId: string;
  format?: FileFormat;
  rejected?: string;
  restart?: true;
  template?: true;
  json?: true;
}

interface Report {
  /** Rows that were answered, in this run and those that it went on from. */
  rows: number;
  rejected: number;
  rejectedFile: string | null;
}

/** All rows were sent, and some of them not accepted. */
const SOME_REJECTED = 2;

/** `rollcall submit`. */
export function submitCommand(): Command {
  const command = new Command('submit')
    .description('send history to a server of this contract; sending a file again stores nothing twice')
    .addArgument(new Argument('<kind>', 'what the file holds').choices(Object.keys(SUBMIT_KINDS)))
    .argument('[file]', 'CSV with a header row, or NDJSON; - is standard input')
    .option(
      '--secret-file <path>',
      'file that holds the secret (default: ROLLCALL_SECRET, else standard input)',
    )
    .option('--source-id <text>', 'where the events come from', 'rollcall submit')
    .addOption(
      new Option('--format <format>', "of the file (default: by its name's ending)").choices([
        'csv',
        'ndjson',
      ]),
    )
    .option('--rejected <path>', 'where rows that are not accepted go (default: beside the file)')
    .option('--restart', 'begin anew where an earlier run did not come to its end')
    .option('--template', 'print an example file instead')
    .option('--json', 'print the report as JSON')
    .action(async (kind: SubmitKindName, path: string | undefined, options: SubmitCommandOptions) => {
      if (options.template) return print(submitExample(SUBMIT_KINDS[kind]).trimEnd());
      if (path === undefined) throw new CliError('Which file? "--template" prints an example of one.');
      const report = await submitFile(kind, path, options);
      if (options.json) print(JSON.stringify(report));
      else describe(report);
      if (report.rejected > 0) process.exitCode = SOME_REJECTED;
    });
  for (const option of toOptions(CLIENT_SETTINGS)) command.addOption(option);
  return command;
}

/** A file, or standard input, and what is known of its sending. */
interface Source {
  path: string;
  isInput: boolean;
  format: FileFormat;
  /** Beside the file; standard input cannot be taken up again. */
  statePath: string | undefined;
}

async function submitFile(
  kind: SubmitKindName,
  path: string,
  options: SubmitCommandOptions,
): Promise<Report> {
  const isInput = path === '-';
  const format = options.format ?? formatOf(path);
  const source: Source = { path, isInput, format, statePath: isInput ? undefined : `${path}.submitting` };
  const fingerprint = isInput ? '' : await fingerprintOf(path).catch(unreadable(path));
  const client = await clientOf(options, isInput);
  const { baseUrl = '', key: apiKey = '', sourceId } = options;
  return send(source, { kind, baseUrl, apiKey, sourceId, fingerprint }, client, options);
}

async function send(
  source: Source,
  submission: Submission & { kind: SubmitKindName },
  client: Rollcall,
  options: SubmitCommandOptions,
): Promise<Report> {
  const { path, isInput, format, statePath } = source;
  const { kind, sourceId } = submission;
  if (statePath && options.restart) await forget(statePath);
  const earlier = statePath ? await readState(statePath, submission) : undefined;
  const besides = `${isInput ? kind : path}.rejected.${format}`;
  const rejectedPath = earlier?.rejectedPath ?? options.rejected ?? besides;
  const rejected = await RejectedRows.open(rejectedPath, earlier?.rejected);
  if (earlier) remark(`Going on after the first ${earlier.rows} rows.`);

  const signal = catchInterruption();
  const input = isInput ? process.stdin : createReadStream(path);
  const totalBytes = isInput ? undefined : (await stat(path)).size;
  const progress = showProgress(`Submitting ${kind}`, isInput ? 'rows' : 'bytes');
  const file = readRows(SUBMIT_KINDS[kind], format, input);
  let rows = earlier?.rows ?? 0;
  const onAnswered = async (chunk: Chunk) => {
    await rejected.add(file, chunk.rejected);
    rows += chunk.rows;
    const { count, bytes } = rejected;
    if (statePath)
      await writeState(statePath, {
        ...submission,
        version: 1,
        rows,
        rejectedPath,
        rejected: { count, bytes },
      });
    progress.update(input instanceof ReadStream ? input.bytesRead : rows, totalBytes);
  };
  try {
    const sending = { client, sourceId, skip: rows, signal, onAnswered };
    await unlessInterrupted(sendRows(SUBMIT_KINDS[kind], file.rows, sending));
  } catch (error) {
    progress.stop();
    if (input.errored) unreadable(path)(input.errored as NodeJS.ErrnoException);
    const goOn = isInput ? 'To send all of it again is harmless.' : 'The same command goes on from there.';
    if (rows > 0 || signal.aborted) remark(`${rows} rows were answered. ${goOn}`);
    spoken(error);
  } finally {
    progress.stop();
    await rejected.close();
  }
  if (statePath) await removeState(statePath);
  return { rows, rejected: rejected.count, rejectedFile: rejected.count > 0 ? rejectedPath : null };
}

function formatOf(path: string): FileFormat {
  if (/\.csv$/i.test(path)) return 'csv';
  if (/\.(ndjson|jsonl)$/i.test(path)) return 'ndjson';
  throw new CliError('Is it CSV or NDJSON? Say so with --format.');
}

function describe({ rows, rejected, rejectedFile }: Report): void {
  print(`${rows - rejected} stored, ${rejected} rejected.`);
  if (rejectedFile !== null)
    remark(`The rejected rows are in ${rejectedFile}, each with its reason: mend it, and submit it.`);
}

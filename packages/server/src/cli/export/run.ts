import { setTimeout as delay } from 'node:timers/promises';
import {
  GoneError,
  NetworkError,
  NotFoundError,
  type Rollcall,
  TimeoutError,
  TransferError,
  UnavailableError,
} from '@rollcall/sdk';
import { DAY_MS } from '../../store/values/days.ts';
import { remark } from '../output.ts';
import { type Progress, showProgress } from '../progress.ts';
import { type PartChanges, sortChanges } from './changes.ts';
import type { ExportFolder } from './folder.ts';
import type { ExportedFile } from './manifest.ts';
import { mergedRows, NoMerge } from './merge.ts';
import { inParallel } from './parallel.ts';
import {
  type DatasetPath,
  daysAfter,
  isComputed,
  isOfDays,
  type Part,
  partsBeside,
  readChanges,
  readPart,
  withDaysOf,
} from './parts.ts';
import { type FileFormat, writeRows } from './write.ts';

interface RunOptions {
  format: FileFormat;
  settledAfter: number;
  full?: true;
  concurrency: number;
  /** Datasets that a server does not have are left out. */
  isLenient: boolean;
}

/** The work for one part. */
interface Task {
  part: Part;
  path: string;
  /** The file of the part, if it needs no work. */
  file?: ExportedFile;
  /** A file of the last run that needs the later changes only. */
  known?: ExportedFile & { cursor: string };
}

/** One request for changes: for all files of a dataset with the same cursor. */
interface ChangeQuery {
  dataset: DatasetPath;
  cursor: string;
  /** The names of their parts. */
  wanted: Set<string>;
}

/** By the name of the part. */
type Changes = Map<string, PartChanges>;

const MOST_ATTEMPTS = 6;
const FIRST_DELAY_MS = 500;

/** Reads parts, several at a time. */
export class ExportRun {
  /** The number of files that were read completely, in this run and in the runs that it continues. */
  read = 0;
  /** The number of files of the last run that were merged with changes. */
  changed = 0;
  readonly #folder: ExportFolder;
  readonly #client: Rollcall;
  readonly #options: RunOptions;
  readonly #absent = new Set<string>();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  /** The server's cursor before the first read. The next run reads later writes. */
  #cursor: string | undefined;

  /** After `signal` aborts, the next run continues from the complete files. */
  constructor(folder: ExportFolder, client: Rollcall, options: RunOptions, signal: AbortSignal) {
    this.#signal = AbortSignal.any([this.#stop.signal, signal]);
    this.#folder = folder;
    this.#client = client;
    this.#options = options;
  }

  async all(parts: Part[]): Promise<ExportedFile[]> {
    const progress = showProgress('Exporting', 'files');
    try {
      this.#cursor = await this.#cursorOfNow();
      const tasks: Task[] = [];
      for (const part of [...parts, ...this.#partsBeside(parts)]) tasks.push(await this.#taskOf(part));
      const files = await this.#do(tasks, progress);
      for (const dataset of this.#absent) remark(`This server has no dataset ${dataset}.`);
      return files;
    } catch (error) {
      this.#stop.abort(error);
      throw error;
    } finally {
      progress.stop();
    }
  }

  async #do(tasks: Task[], progress: Progress): Promise<ExportedFile[]> {
    const { concurrency } = this.#options;
    const queries = queriesOf(tasks);
    const total = queries.length + tasks.length;
    let done = 0;
    const tell = () => progress.update(done++, total);
    tell();
    const changes = new Map<string, Changes>();
    const parallel = { concurrency, onError: (error: unknown) => this.#stop.abort(error) };
    await inParallel(queries, parallel, async (query) => {
      const found = await this.#changesOf(query);
      if (found) for (const name of query.wanted) changes.set(name, found);
      tell();
    });
    const files = await inParallel(tasks, parallel, async (task) => {
      const file = await this.#fileOf(task, changes.get(task.part.name));
      tell();
      return file;
    });
    return files.filter((file) => file !== undefined);
  }

  /** `--full` reads the requested parts; the others follow with the next run. */
  #partsBeside(parts: Part[]): Part[] {
    const { manifest } = this.#folder;
    return manifest && this.#cursor !== undefined && !this.#options.full
      ? partsBeside(parts, manifest.files)
      : [];
  }

  /** Every answer has a cursor. The dataset of offices is small and exists on every server. */
  async #cursorOfNow(): Promise<string | undefined> {
    const rows = this.#client.analytics.locations({ signal: this.#signal });
    try {
      await rows;
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
    return rows.cursor;
  }

  async #taskOf(wanted: Part): Promise<Task> {
    const path = `${wanted.name}.${this.#options.format}`;
    const known = this.#folder.fileOf(path);
    const part = withDaysOf(known, wanted);
    const left = await this.#folder.takeLeft(
      path,
      (file) => isOfDays(file, part) && (this.#isSettled(file) || isRecent(file)),
    );
    if (left) {
      this.read++;
      return { part, path, file: left };
    }
    if (!known || this.#options.full || !(await this.#folder.pathOf(known))) return { part, path };
    const { cursor } = known;
    if (this.#cursor !== undefined)
      return cursor === undefined ? { part, path } : { part, path, known: { ...known, cursor } };
    return isOfDays(known, part) && this.#isSettled(known) ? { part, path, file: known } : { part, path };
  }

  /** The changes; undefined if the server does not know them. */
  async #changesOf({ dataset, cursor, wanted }: ChangeQuery): Promise<Changes | undefined> {
    try {
      return await this.#again(async () => {
        const rows = readChanges(dataset, cursor, this.#client, this.#signal);
        return sortChanges(dataset, rows, wanted, await this.#folder.scratch());
      });
    } catch (error) {
      if (this.#isAbsent(dataset, error)) return undefined;
      if (!(error instanceof GoneError)) throw error;
      remark(
        `The server no longer knows the changes of ${dataset} since the last run: the command reads all of it again.`,
      );
      return undefined;
    }
  }

  /** The file of a task; undefined if the server has no such dataset. */
  async #fileOf(task: Task, changes: Changes | undefined): Promise<ExportedFile | undefined> {
    const { part, file, known } = task;
    if (file) return file;
    if (this.#absent.has(part.dataset)) return undefined;
    try {
      return (
        (known && changes && (await this.#changedFile(task, known, changes))) ?? (await this.#newFile(task))
      );
    } catch (error) {
      if (this.#isAbsent(part.dataset, error)) return undefined;
      throw error;
    }
  }

  /** A file of the last run merged with the changes; undefined if it must be read whole. */
  async #changedFile(task: Task, known: ExportedFile, changes: Changes): Promise<ExportedFile | undefined> {
    const { part } = task;
    const changed = changes.get(part.name);
    const more = daysAfter(known, part);
    const readAt = new Date().toISOString();
    if (!changed && !more) return this.#described(part, known, readAt);
    const path = await this.#folder.pathOf(known);
    if (path === undefined) return undefined;
    const { format } = this.#options;
    const [client, signal] = [this.#client, this.#signal];
    const rows = async function* () {
      yield* mergedRows(part, { ...known, path }, format, changed);
      if (more) yield* readPart({ ...part, days: more }, client, signal);
    };
    try {
      const file = await this.#written(task, rows);
      this.changed++;
      return file;
    } catch (error) {
      if (error instanceof NoMerge) return undefined;
      throw error;
    }
  }

  async #newFile(task: Task): Promise<ExportedFile> {
    const file = await this.#written(task, () => readPart(task.part, this.#client, this.#signal));
    this.read++;
    return file;
  }

  async #written({ part, path }: Task, rows: () => AsyncIterable<object>): Promise<ExportedFile> {
    return this.#again(async () => {
      const readAt = new Date().toISOString();
      const target = await this.#folder.unfinished(path);
      const written = await writeRows(target, part.dataset, this.#options.format, rows());
      const file = this.#described(part, { path, ...written }, readAt);
      await this.#folder.finish(file);
      return file;
    });
  }

  /** Starts a broken transfer again from its beginning, and keeps nothing of it. */
  async #again<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        const isPassing = [TransferError, NetworkError, TimeoutError, UnavailableError].some(
          (each) => error instanceof each,
        );
        if (!isPassing || this.#signal.aborted || attempt === MOST_ATTEMPTS) throw error;
        await delay(FIRST_DELAY_MS * 2 ** attempt * (0.5 + Math.random() / 2), undefined, {
          signal: this.#signal,
        });
      }
    }
  }

  #described(
    { dataset, days }: Part,
    { path, rows, bytes, sha256 }: Pick<ExportedFile, 'path' | 'rows' | 'bytes' | 'sha256'>,
    readAt: string,
  ): ExportedFile {
    const { startDate = null, endDate = null } = days ?? {};
    const cursor = this.#cursor === undefined || isComputed(dataset) ? {} : { cursor: this.#cursor };
    return { path, dataset, startDate, endDate, rows, bytes, sha256, readAt, ...cursor };
  }

  #isAbsent(dataset: DatasetPath, error: unknown): boolean {
    if (!(error instanceof NotFoundError && this.#options.isLenient)) return false;
    this.#absent.add(dataset);
    return true;
  }

  /** Whether it was read so long after its days that they no longer change. */
  #isSettled({ endDate, readAt }: ExportedFile): boolean {
    if (endDate === null) return false;
    return Date.parse(readAt) >= Date.parse(endDate) + (1 + this.#options.settledAfter) * DAY_MS;
  }
}

function queriesOf(tasks: Task[]): ChangeQuery[] {
  const queries = new Map<string, ChangeQuery>();
  for (const { part, known } of tasks) {
    if (!known) continue;
    const name = JSON.stringify([part.dataset, known.cursor]);
    const query = queries.get(name) ?? { dataset: part.dataset, cursor: known.cursor, wanted: new Set() };
    query.wanted.add(part.name);
    queries.set(name, query);
  }
  return [...queries.values()];
}

/** Whether it comes from a run that is recent enough to continue. */
function isRecent({ readAt }: ExportedFile): boolean {
  return Date.now() - Date.parse(readAt) < DAY_MS;
}

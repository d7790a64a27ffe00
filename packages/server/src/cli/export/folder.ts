import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CliError } from '../errors.ts';

/** A file of the folder, and what is in it. */
export interface ExportedFile {
  /** Below the folder. */
  path: string;
  dataset: string;
  startDate: string | null;
  endDate: string | null;
  rows: number;
  bytes: number;
  sha256: string;
  /** When the server was asked for it. */
  readAt: string;
}

/** What the folder is an export of. Another one has to go into another folder. */
export interface ExportSource {
  baseUrl: string;
  apiKey: string;
  format: string;
}

/** Written last: what it names is whole. */
export interface Manifest extends ExportSource {
  version: 1;
  completedAt: string;
  files: ExportedFile[];
}

/** The run that goes on; what is in it is not yet part of the export. */
const WORK_DIR = '.rollcall-export';
const MANIFEST = 'manifest.json';

/**
 * A folder of exported files. A run writes below `.rollcall-export`, with a journal of the files that are whole; killed
 * anywhere, the next run goes on from there. When all are whole, they are put in place, and then the manifest.
 */
export class ExportFolder {
  /** Of the last run that came to its end, where that was of the same source. */
  readonly manifest: Manifest | undefined;
  /** What an interrupted run has left, by path. */
  readonly left: ReadonlyMap<string, ExportedFile>;
  readonly #dir: string;
  readonly #source: ExportSource;
  readonly #journal: FileHandle;

  private constructor(
    dir: string,
    source: ExportSource,
    manifest: Manifest | undefined,
    left: ExportedFile[],
    journal: FileHandle,
  ) {
    this.#dir = dir;
    this.#source = source;
    this.manifest = manifest;
    this.left = new Map(left.map((file) => [file.path, file]));
    this.#journal = journal;
  }

  /** Takes the folder for one run; throws `CliError` where it holds something else. */
  static async open(dir: string, source: ExportSource, isFull: boolean): Promise<ExportFolder> {
    const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [] as string[];
      throw new CliError(`The folder ${dir} cannot be read (${error.code}).`);
    });
    if (names.length > 0 && !names.includes(MANIFEST) && !names.includes(WORK_DIR))
      throw new CliError(`The folder ${dir} holds something else; name an empty one, or one of an export.`);
    await rollForward(dir);
    const manifest = await readJson<Manifest>(join(dir, MANIFEST));
    const other = (['baseUrl', 'apiKey', 'format'] as const).find(
      (name) => manifest && manifest[name] !== source[name],
    );
    if (manifest && other && !isFull)
      throw new CliError(
        `The folder ${dir} is of an export with another ${other}, ${manifest[other]}. With --full it is replaced.`,
      );

    const path = join(dir, WORK_DIR, 'journal.ndjson');
    const head = JSON.stringify({ ...source, isFull });
    const lines = wholeLines(await readFile(path, 'utf8').catch(() => ''));
    const goesOn = lines[0] === head;
    if (!goesOn) await rm(join(dir, WORK_DIR), { recursive: true, force: true });
    await mkdir(join(dir, WORK_DIR), { recursive: true });
    const kept = goesOn ? lines : [head];
    // A line that was half written is cut off.
    await writeFile(path, `${kept.join('\n')}\n`, { flush: true });
    const left = kept.slice(1).map((line) => JSON.parse(line) as ExportedFile);
    return new ExportFolder(dir, source, other ? undefined : manifest, left, await open(path, 'a'));
  }

  /** A file of the last export. */
  fileOf(path: string): ExportedFile | undefined {
    return this.manifest?.files.find((file) => file.path === path);
  }

  /** Whether a file of the last export is where its manifest says. */
  has({ path }: ExportedFile): boolean {
    return existsSync(join(this.#dir, path));
  }

  /** Where a file is written before it is whole. */
  async unfinished(path: string): Promise<string> {
    const target = join(this.#dir, WORK_DIR, `${path}.${process.pid}.part`);
    await mkdir(dirname(target), { recursive: true });
    return target;
  }

  /** What is written of a file is whole, and on the disk. */
  async finish(file: ExportedFile): Promise<void> {
    await rename(await this.unfinished(file.path), join(this.#dir, WORK_DIR, file.path));
    await this.#journal.write(`${JSON.stringify(file)}\n`);
    await this.#journal.datasync();
  }

  /** Puts files in place, beside those of the export that they do not replace, and then says so in the manifest. */
  async commit(newFiles: ExportedFile[], completedAt: Date): Promise<void> {
    const replaced = new Set(newFiles.map(({ path }) => path));
    const others = (this.manifest?.files ?? []).filter(({ path }) => !replaced.has(path));
    const files = [...newFiles, ...others].sort((a, b) => (a.path < b.path ? -1 : 1));
    const manifest: Manifest = { version: 1, ...this.#source, completedAt: completedAt.toISOString(), files };
    await this.close();
    await writeWhole(join(this.#dir, WORK_DIR, MANIFEST), manifest);
    await rollForward(this.#dir);
  }

  async close(): Promise<void> {
    await this.#journal.close();
  }
}

/**
 * Does what is left of a commit that began: from the moment that the new manifest lies in the work directory, its files go
 * out to their places, whoever does it.
 */
async function rollForward(dir: string): Promise<void> {
  const manifest = await readJson<Manifest>(join(dir, WORK_DIR, MANIFEST));
  if (!manifest) return;
  const before = await readJson<Manifest>(join(dir, MANIFEST));
  for (const { path } of manifest.files) {
    const written = join(dir, WORK_DIR, path);
    if (!existsSync(written)) continue;
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await rename(written, join(dir, path));
  }
  await writeWhole(join(dir, MANIFEST), manifest);
  const named = new Set(manifest.files.map(({ path }) => path));
  for (const { path } of before?.files ?? [])
    if (!named.has(path)) await rm(join(dir, path), { force: true });
  await rm(join(dir, WORK_DIR), { recursive: true });
}

/** There whole or not at all. */
async function writeWhole(path: string, content: object): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify(content, undefined, 2)}\n`, { flush: true });
  await rename(`${path}.new`, path);
}

function wholeLines(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CliError(`The file ${path} cannot be read: ${(error as Error).message}`);
  }
}

import { existsSync } from 'node:fs';
import {
  type FileHandle,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { takeLock } from '../../embedded/process-lock.ts';
import { CliError } from '../errors.ts';
import { type ExportedFile, type ExportSource, isExported, type Manifest, readManifest } from './manifest.ts';

/** The directory of the current run. Its files are not yet part of the export. */
const WORK_DIR = '.rollcall-export';
const MANIFEST = 'manifest.json';
/** In the work directory: the run's own files. */
const SCRATCH_DIR = 'scratch';
/** The lock of the run that uses the folder. */
const LOCK = '.rollcall-export.lock';

/**
 * A folder of exported files. A run writes below `.rollcall-export`, with a journal of complete files. If it is killed,
 * the next run continues from the journal. When all files are complete, the run moves them into place, and then the
 * manifest.
 */
export class ExportFolder {
  /** The manifest of the last complete run, if it had the same source. */
  readonly manifest: Manifest | undefined;
  /** The complete files of an interrupted run, by path. */
  readonly left: ReadonlyMap<string, ExportedFile>;
  readonly #dir: string;
  readonly #source: ExportSource;
  readonly #journal: FileHandle;
  readonly #unlock: () => Promise<void>;
  /** The files of the work directory to move into place. */
  readonly #taken = new Set<string>();

  private constructor(
    dir: string,
    source: ExportSource,
    manifest: Manifest | undefined,
    left: ExportedFile[],
    journal: FileHandle,
    unlock: () => Promise<void>,
  ) {
    this.#dir = dir;
    this.#source = source;
    this.manifest = manifest;
    this.left = new Map(left.map((file) => [file.path, file]));
    this.#journal = journal;
    this.#unlock = unlock;
  }

  /** Takes the folder for one run. Throws `CliError` if it contains something else, or another run uses it. */
  static async open(dir: string, source: ExportSource, isFull: boolean): Promise<ExportFolder> {
    const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [] as string[];
      throw new CliError(`The folder ${dir} cannot be read (${error.code}).`);
    });
    const isOurs = names.includes(MANIFEST) || names.includes(WORK_DIR);
    if (!isOurs && names.some((name) => !name.startsWith(LOCK)))
      throw new CliError(
        `The folder ${dir} contains other files; name an empty folder, or an export folder.`,
      );
    await mkdir(dir, { recursive: true });
    const unlock = await takeLock(join(dir, LOCK));
    if (typeof unlock === 'number')
      throw new CliError(`Another export into ${dir} is running (pid ${unlock}); wait until it ends.`);
    try {
      return await ExportFolder.#take(dir, source, isFull, unlock);
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  static async #take(
    dir: string,
    source: ExportSource,
    isFull: boolean,
    unlock: () => Promise<void>,
  ): Promise<ExportFolder> {
    const workDir = await realDirectory(join(dir, WORK_DIR));
    await rollForward(dir);
    const manifest = await readManifest(join(dir, MANIFEST));
    const other = (['baseUrl', 'apiKey', 'format'] as const).find(
      (name) => manifest && manifest[name] !== source[name],
    );
    if (manifest && other && !isFull)
      throw new CliError(
        `The folder ${dir} has an export with another ${other}, ${manifest[other]}. --full replaces it.`,
      );

    const path = join(workDir, 'journal.ndjson');
    const head = JSON.stringify({ ...source, isFull });
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const lines = wholeLines(text);
    const continues = lines[0] === head;
    if (!continues) await rm(workDir, { recursive: true, force: true });
    await mkdir(workDir, { recursive: true });
    await rm(join(workDir, SCRATCH_DIR), { recursive: true, force: true });
    const kept = continues ? lines : [head];
    // Cuts off an incomplete line. A full disk loses nothing of the journal.
    const whole = `${kept.join('\n')}\n`;
    if (whole !== text) await writeWhole(path, whole);
    const left = kept
      .slice(1)
      .map((line) => JSON.parse(line) as ExportedFile)
      .filter(isExported);
    return new ExportFolder(dir, source, other ? undefined : manifest, left, await open(path, 'a'), unlock);
  }

  /** A file of the last export. */
  fileOf(path: string): ExportedFile | undefined {
    return this.manifest?.files.find((file) => file.path === path);
  }

  /** The path of a file of the last export; undefined if the file differs from its manifest. */
  async pathOf({ path, bytes }: ExportedFile): Promise<string | undefined> {
    return ifOfSize(join(this.#dir, path), bytes);
  }

  /** Takes a file that an interrupted run has left, if it is good. The file is then part of this run. */
  async takeLeft(path: string, isGood: (file: ExportedFile) => boolean): Promise<ExportedFile | undefined> {
    const left = this.left.get(path);
    if (!left || !isGood(left)) return undefined;
    if (!(await ifOfSize(join(this.#dir, WORK_DIR, path), left.bytes))) return undefined;
    this.#taken.add(path);
    return left;
  }

  /** A new directory that the end of the run removes. */
  async scratch(): Promise<string> {
    const parent = await realDirectory(join(this.#dir, WORK_DIR, SCRATCH_DIR));
    return mkdtemp(join(parent, 'changes-'));
  }

  /** The path of a file while it is incomplete. */
  async unfinished(path: string): Promise<string> {
    const target = join(this.#dir, WORK_DIR, `${path}.${process.pid}.part`);
    await realDirectory(dirname(target));
    return target;
  }

  /** Records that a file is complete and on the disk. */
  async finish(file: ExportedFile): Promise<void> {
    await rename(await this.unfinished(file.path), join(this.#dir, WORK_DIR, file.path));
    await this.#journal.writeFile(`${JSON.stringify(file)}\n`);
    await this.#journal.datasync();
    this.#taken.add(file.path);
  }

  /**
   * Moves new files into place, and then writes the manifest. Files of the last export that are not replaced stay.
   * Returns all files of the folder.
   */
  async commit(newFiles: ExportedFile[], completedAt: Date): Promise<ExportedFile[]> {
    const replaced = new Set(newFiles.map(({ path }) => path));
    const others = (this.manifest?.files ?? []).filter(({ path }) => !replaced.has(path));
    const files = [...newFiles, ...others].sort((a, b) => (a.path < b.path ? -1 : 1));
    const manifest: Manifest = { version: 1, ...this.#source, completedAt: completedAt.toISOString(), files };
    await this.#journal.close();
    // Removes other files of an interrupted run: the manifest describes the files that are in place.
    for (const { path } of files) {
      const stale = join(this.#dir, WORK_DIR, path);
      if (this.#taken.has(path) || !existsSync(stale)) continue;
      await realDirectory(dirname(stale));
      await rm(stale);
    }
    await writeWhole(join(this.#dir, WORK_DIR, MANIFEST), textOf(manifest));
    await rollForward(this.#dir);
    return files;
  }

  /** Leaves the folder for another run, without incomplete files. */
  async close(): Promise<void> {
    await this.#journal.close();
    const workDir = join(this.#dir, WORK_DIR);
    await rm(join(workDir, SCRATCH_DIR), { recursive: true, force: true }).catch(() => undefined);
    await this.#unlock();
  }
}

/**
 * Finishes a commit that began. From the moment that the new manifest is in the work directory, any run moves its files
 * into place.
 */
async function rollForward(dir: string): Promise<void> {
  const manifest = await readManifest(join(dir, WORK_DIR, MANIFEST));
  if (!manifest) return;
  const before = await readManifest(join(dir, MANIFEST));
  for (const { path } of manifest.files) {
    const written = join(dir, WORK_DIR, path);
    if (!existsSync(written)) continue;
    await realDirectory(dirname(written));
    await realDirectory(dirname(join(dir, path)));
    await rename(written, join(dir, path));
  }
  await writeWhole(join(dir, MANIFEST), textOf(manifest));
  const named = new Set(manifest.files.map(({ path }) => path));
  for (const { path } of before?.files ?? [])
    if (!named.has(path) && existsSync(dirname(join(dir, path))))
      await rm(join(await realDirectory(dirname(join(dir, path))), basename(path)), { force: true });
  await rm(join(dir, WORK_DIR), { recursive: true });
}

async function ifOfSize(path: string, bytes: number): Promise<string | undefined> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isFile() && found.size === bytes ? path : undefined;
}

/** Writes the whole file or nothing. */
async function writeWhole(path: string, text: string): Promise<void> {
  const unfinished = `${path}.new`;
  try {
    await writeFile(unfinished, text, { flush: true });
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw error;
  }
}

function textOf(manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

function wholeLines(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

/**
 * Creates the directory if it does not exist. Throws `CliError` if a link is in its place, because it may lead
 * anywhere.
 */
async function realDirectory(path: string): Promise<string> {
  await mkdir(path, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    // A link that leads nowhere.
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  });
  if (!(await lstat(path)).isDirectory())
    throw new CliError(`${path} is a link, or not a directory: an export writes to real directories only.`);
  return path;
}

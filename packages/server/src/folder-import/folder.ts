import { lstat, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The folder, or a file in it, cannot be read at all. `message` gives the reason in one sentence. */
export class FolderError extends Error {}

/** The datasets, each after those that it depends on, by their paths below `/v1/analytics/`. */
export const DATASETS = [
  'locations',
  'desks',
  'spaces',
  'groups',
  'users',
  'user-booking-attendance',
  'change-log/user',
  'presence',
  'occupancy',
  'visitors',
] as const;
export type DatasetPath = (typeof DATASETS)[number];

export const FILE_TYPES = ['ndjson', 'csv', 'json', 'parquet'] as const;
export type FileType = (typeof FILE_TYPES)[number];

const FILE_PATH = new RegExp(`^\\w[\\w-]*/\\w[\\w-]*\\.(?:${FILE_TYPES.join('|')})$`);

/**
 * Whether a manifest may name this path as a file of an export: a directory of a dataset, and a file in it. No such
 * path leads out of the folder, or to a file that is not part of the export.
 */
export function isExportPath(path: unknown): path is string {
  return typeof path === 'string' && FILE_PATH.test(path);
}

export interface DatasetFile {
  dataset: DatasetPath;
  type: FileType;
  path: string;
  /** Its name in reports: the path below the folder. */
  name: string;
  sizeBytes: number;
}

/** An export writes the manifest when it is complete. A folder without it may lack any part of any file. */
const MANIFEST = 'manifest.json';

/** The part of a manifest that an import reads: the complete files. A manifest of another program may lack it. */
interface Manifest {
  files?: { path: string; dataset: string; bytes: number }[];
}

/**
 * Lists the files of a finished export by dataset, then by name; names begin with the month. If the manifest names
 * files, these are the files. Otherwise they are all files in the folders that have the name of a dataset. Throws
 * `FolderError` where the folder has no manifest, differs from its manifest, or has nothing to import.
 */
export async function listFolder(directory: string): Promise<DatasetFile[]> {
  const { files } = await readManifest(directory);
  const found = Array.isArray(files) ? await listNamed(directory, files) : await listFound(directory);
  if (found.length === 0) {
    throw new FolderError(
      `There is nothing to import in ${directory}: datasets are folders in it, such as users or presence, with files that end in ${FILE_TYPES.map((type) => `.${type}`).join(', ')}.`,
    );
  }
  return found.sort(
    (a, b) => DATASETS.indexOf(a.dataset) - DATASETS.indexOf(b.dataset) || (a.name < b.name ? -1 : 1),
  );
}

async function readManifest(directory: string): Promise<Manifest> {
  await refuseLinks(directory, MANIFEST);
  const text = await readFile(join(directory, MANIFEST), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw new FolderError(`${directory} cannot be read (${error.code}).`);
    throw new FolderError(
      `${directory} has no ${MANIFEST}, which an export writes last: run the export again until it finishes.`,
    );
  });
  let manifest: Manifest;
  try {
    manifest = (JSON.parse(text) ?? {}) as Manifest;
  } catch {
    throw new FolderError(
      `${join(directory, MANIFEST)} is not JSON: run the export again until it finishes.`,
    );
  }
  const files: unknown = manifest.files ?? [];
  if (!Array.isArray(files) || files.some((file) => typeof file !== 'object' || file === null)) {
    throw new FolderError(`${join(directory, MANIFEST)} is not a manifest of an export.`);
  }
  return manifest;
}

/**
 * Lists the files that the manifest names, and checks their sizes: an interrupted later export may have replaced some
 * of them.
 */
async function listNamed(directory: string, files: NonNullable<Manifest['files']>): Promise<DatasetFile[]> {
  const found: DatasetFile[] = [];
  for (const { path: name, dataset, bytes } of files) {
    if (!DATASETS.includes(dataset as DatasetPath)) continue;
    if (!isExportPath(name)) {
      throw new FolderError(
        `${join(directory, MANIFEST)} names a file that cannot be one of an export, ${JSON.stringify(name)}.`,
      );
    }
    const file = await describe(directory, dataset as DatasetPath, name);
    if (!file) continue;
    if (file.sizeBytes !== bytes) {
      throw new FolderError(
        `${join(directory, name)} is not the file that ${MANIFEST} names: run the export again until it finishes.`,
      );
    }
    found.push(file);
  }
  return found;
}

async function listFound(directory: string): Promise<DatasetFile[]> {
  const found: DatasetFile[] = [];
  for (const dataset of DATASETS) {
    for (const folder of new Set([dataset, dataset.replace('/', '-')])) {
      await refuseLinks(directory, folder);
      const names = await readdir(join(directory, folder), { recursive: true }).catch(
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return [];
          throw new FolderError(`${join(directory, folder)} cannot be read (${error.code}).`);
        },
      );
      for (const below of names) {
        const file = await describe(directory, dataset, join(folder, below));
        if (file) found.push(file);
      }
    }
  }
  return found;
}

/** Describes a file; undefined where an import cannot read it, such as a directory or another type. */
async function describe(
  directory: string,
  dataset: DatasetPath,
  name: string,
): Promise<DatasetFile | undefined> {
  await refuseLinks(directory, name);
  const type = FILE_TYPES.find((each) => name.endsWith(`.${each}`));
  if (!type) return undefined;
  const path = join(directory, name);
  const found = await lstat(path).catch(() => {
    throw new FolderError(`${path}, which ${MANIFEST} names, does not exist.`);
  });
  return found.isFile() ? { dataset, type, path, name, sizeBytes: found.size } : undefined;
}

/**
 * Throws `FolderError` where a path below the folder contains a symbolic link, which could lead to files outside the
 * export. The folder itself may be a link.
 */
async function refuseLinks(directory: string, name: string): Promise<void> {
  const above = dirname(name);
  if (above !== '.') await refuseLinks(directory, above);
  const path = join(directory, name);
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isSymbolicLink()) return;
  throw new FolderError(
    `${path} is a symbolic link, and an import does not follow links: put the file or the folder itself there.`,
  );
}

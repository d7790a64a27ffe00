import { readFile } from 'node:fs/promises';
import { isExportPath } from '../../folder-import/folder.ts';
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
  /** When the server was last asked for it, or for what has changed in it. */
  readAt: string;
  /** What is written after this is not all in it; absent where the server has no cursors. */
  cursor?: string;
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

/** A manifest; undefined where there is none. Throws `CliError` where it is not one of an export, or names files elsewhere. */
export async function readManifest(path: string): Promise<Manifest | undefined> {
  const manifest = await readJson(path);
  if (manifest === undefined) return undefined;
  const { version, files } = Object(manifest) as { version?: unknown; files?: unknown };
  if (version !== 1 || !Array.isArray(files))
    throw new CliError(`The file ${path} is no manifest of an export.`);
  const stranger = files.findIndex((file) => !isExported(file));
  if (stranger >= 0)
    throw new CliError(
      `The file ${path} names a file that cannot be one of an export, ${JSON.stringify(Object(files[stranger]).path)}. It is left alone.`,
    );
  return manifest as Manifest;
}

/** Whether it names a file that an export may have. */
export function isExported(file: unknown): file is ExportedFile {
  return isExportPath(Object(file).path);
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CliError(`The file ${path} cannot be read: ${(error as Error).message}`);
  }
}

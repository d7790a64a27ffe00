import { readFile } from 'node:fs/promises';
import { isExportPath } from '../../folder-import/folder.ts';
import { CliError } from '../errors.ts';

/** A file of the folder, with its content. */
export interface ExportedFile {
  /** Below the folder. */
  path: string;
  dataset: string;
  startDate: string | null;
  endDate: string | null;
  rows: number;
  bytes: number;
  sha256: string;
  /** The time of the last request for it, or for its changes. */
  readAt: string;
  /** Changes after this cursor may be missing; absent if the server has no cursors. */
  cursor?: string;
}

/** The source of the export. Another source needs another folder. */
export interface ExportSource {
  baseUrl: string;
  apiKey: string;
  format: string;
}

/** Written last, so that the files that it names are complete. */
export interface Manifest extends ExportSource {
  version: 1;
  completedAt: string;
  files: ExportedFile[];
}

/**
 * Reads a manifest; undefined if there is none. Throws `CliError` if it is not a manifest of an export, or names files
 * outside the folder.
 */
export async function readManifest(path: string): Promise<Manifest | undefined> {
  const manifest = await readJson(path);
  if (manifest === undefined) return undefined;
  const { version, files } = Object(manifest) as { version?: unknown; files?: unknown };
  if (version !== 1 || !Array.isArray(files))
    throw new CliError(`The file ${path} is not the manifest of an export.`);
  const stranger = files.findIndex((file) => !isExported(file));
  if (stranger >= 0)
    throw new CliError(
      `The file ${path} names a file that cannot belong to an export, ${JSON.stringify(Object(files[stranger]).path)}. The command leaves it alone.`,
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

import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type DatasetPath, type ExportedRow, partNamesOf } from './parts.ts';

/** The rows of one part, as lines of JSON. */
export interface PartChanges {
  path: string;
  rows: number;
}

const BUFFERED_BYTES = 65_536;

/**
 * Sorts the changes of a dataset into a file for each of the `wanted` parts, in a directory. The rows come in the order
 * of their days; any number is possible.
 */
export async function sortChanges(
  dataset: DatasetPath,
  rows: AsyncIterable<object>,
  wanted: ReadonlySet<string>,
  dir: string,
): Promise<Map<string, PartChanges>> {
  const sorted = new Map<string, PartChanges & { file: FileHandle; lines: string }>();
  try {
    for await (const row of rows as AsyncIterable<ExportedRow>) {
      for (const name of partNamesOf(dataset, row)) {
        if (!wanted.has(name)) continue;
        let part = sorted.get(name);
        if (!part) {
          const path = join(dir, `${sorted.size}.ndjson`);
          part = { path, rows: 0, file: await open(path, 'w'), lines: '' };
          sorted.set(name, part);
        }
        part.rows++;
        part.lines += `${JSON.stringify(row)}\n`;
        if (part.lines.length < BUFFERED_BYTES) continue;
        await part.file.writeFile(part.lines);
        part.lines = '';
      }
    }
    for (const { file, lines } of sorted.values()) await file.writeFile(lines);
  } finally {
    for (const { file } of sorted.values()) await file.close();
  }
  return sorted;
}

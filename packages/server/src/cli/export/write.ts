import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import type { Column } from '../../warehouse/columns.ts';
import { datasets } from '../../warehouse/datasets.ts';
import { parquet } from '../../warehouse/parquet/format.ts';
import { csv } from '../../warehouse/text-formats.ts';
import { endpointOf } from './metrics.ts';
import type { ExportedRow } from './parts.ts';

type Encode = (
  columns: Record<string, Column>,
  batches: AsyncIterable<ExportedRow[]>,
) => AsyncIterable<string | Uint8Array>;

/** The encoders of rows, by the file extension. */
export const FILE_FORMATS = {
  /** The rows as received, with members outside the contract. */
  ndjson: async function* (_columns, batches) {
    for await (const rows of batches) yield rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  },
  csv: (columns, batches) => csv.encode(mapColumns(columns, asText), batches),
  parquet: (columns, batches) => parquet.encode(mapColumns(columns, asOwn), batches),
} as const satisfies Record<string, Encode>;

export type FileFormat = keyof typeof FILE_FORMATS;

const ROWS_PER_BATCH = 1_000;

/** Writes rows to a file and syncs it to disk. A failure leaves no file. */
export async function writeRows(
  path: string,
  dataset: string,
  format: FileFormat,
  rows: AsyncIterable<object>,
): Promise<{ rows: number; bytes: number; sha256: string }> {
  const { columns } = datasets.find(({ path }) => path === endpointOf(dataset)) ?? { columns: {} };
  const hash = createHash('sha256');
  const written = { rows: 0, bytes: 0 };
  const file = await open(path, 'w');
  try {
    const counted = inBatches(rows, (count) => {
      written.rows += count;
    });
    for await (const piece of FILE_FORMATS[format](columns, counted)) {
      const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
      hash.update(bytes);
      written.bytes += bytes.length;
      await file.writeFile(bytes);
    }
    await file.datasync();
  } catch (error) {
    await rm(path, { force: true }).catch(() => undefined);
    throw error;
  } finally {
    await file.close();
  }
  return { ...written, sha256: hash.digest('hex') };
}

async function* inBatches(
  rows: AsyncIterable<object>,
  onBatch: (count: number) => void,
): AsyncGenerator<ExportedRow[]> {
  let batch: ExportedRow[] = [];
  for await (const row of rows) {
    batch.push(row as ExportedRow);
    if (batch.length < ROWS_PER_BATCH) continue;
    onBatch(batch.length);
    yield batch;
    batch = [];
  }
  onBatch(batch.length);
  if (batch.length > 0) yield batch;
}

function mapColumns(
  columns: Record<string, Column>,
  map: (column: Column) => Column,
): Record<string, Column> {
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, map(column)]));
}

/** A column without its shared part, because rows from the wire share no objects. */
function asOwn({ part: _, ...column }: Column): Column {
  return column;
}

/** Ids and enums of another server may be any text, so CSV must quote them. */
function asText(column: Column): Column {
  const isPlain = ['integer', 'integerEnum', 'number', 'boolean', 'object'].includes(column.type);
  return { ...asOwn(column), ...(isPlain ? {} : { type: 'text' as const }) };
}

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { ShownKey } from '../../src/auth/manage-keys.ts';
import { DATASETS } from '../../src/folder-import/folder.ts';
import { datasets } from '../../src/warehouse/datasets.ts';
import { basic, type TestServer } from './server.ts';

/** The datasets with stored rows. Metrics are computed from them. */
const exportedDatasets = datasets.filter(({ path }) => (DATASETS as readonly string[]).includes(path));

export type Rows = Record<string, unknown>[];

export interface Window {
  /** `YYYY-MM-DD`, inclusive. A window is within one month, because files are named by the month. */
  startDate: string;
  endDate: string;
}

/** Every dataset of an organisation over these windows, through the API. */
export async function exportAll(
  server: TestServer,
  key: ShownKey,
  windows: Window[],
): Promise<Record<string, Rows>> {
  const exported: Record<string, Rows> = {};
  for (const { path, filters } of exportedDatasets) {
    const queries: (Window | undefined)[] = filters.includes('dates') ? windows : [undefined];
    exported[path] = [];
    for (const query of queries) {
      exported[path].push(...((await fetchDataset(server, key, path, { ...query })).json() as Rows));
    }
  }
  return exported;
}

/**
 * Writes the same files as an export: a folder for each dataset, a file for each month, and a manifest that names them.
 */
export async function writeExport(
  server: TestServer,
  key: ShownKey,
  windows: Window[],
  { directory, format }: { directory: string; format: 'ndjson' | 'csv' | 'json' | 'parquet' },
): Promise<void> {
  const files: object[] = [];
  for (const { path: dataset, filters } of exportedDatasets) {
    const queries: (Window | undefined)[] = filters.includes('dates') ? windows : [undefined];
    for (const query of queries) {
      const path = `${dataset.replace('/', '-')}/${query ? query.startDate.slice(0, 7) : 'all'}.${format}`;
      const { rawPayload } = await fetchDataset(server, key, dataset, { ...query, format });
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), rawPayload);
      files.push({ path, dataset, bytes: rawPayload.length });
    }
  }
  await writeFile(join(directory, 'manifest.json'), JSON.stringify({ version: 1, files }));
}

async function fetchDataset(server: TestServer, key: ShownKey, path: string, query: Record<string, string>) {
  const reply = await server.app.inject({
    url: `/v1/analytics/${path}/basic`,
    query,
    headers: { authorization: basic(key) },
  });
  expect(reply.statusCode, reply.body).toBe(200);
  return reply;
}

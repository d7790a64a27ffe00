import type { Format } from './format.ts';
import { parquet } from './parquet/format.ts';
import { csv, json, ndjson } from './text-formats.ts';

/** The first is the default. */
export const formats = [json, ndjson, csv, parquet] as const satisfies readonly Format[];

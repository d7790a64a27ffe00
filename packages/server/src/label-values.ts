import { REFUSALS } from './http/errors.ts';
import { LOGIN_METHODS } from './http/failed-logins.ts';
import type { LabelValues } from './http/monitoring/monitor.ts';
import { MET_LIMITS } from './http/rates/met-limit.ts';
import { CAUSES } from './ingest/refusal-causes.ts';
import { ENDPOINTS } from './ingest/retried-kinds.ts';
import { FALLBACK_REASONS, READ_SOURCES } from './store/warehouse/warehouse-reads.ts';
import { datasets } from './warehouse/datasets.ts';
import { formats } from './warehouse/formats.ts';

/** The values of the labels of counters. */
export const LABEL_VALUES: LabelValues = {
  rules: REFUSALS,
  logins: LOGIN_METHODS,
  limits: MET_LIMITS,
  kinds: ENDPOINTS,
  causes: CAUSES,
  reads: READ_SOURCES,
  fallbacks: FALLBACK_REASONS,
  datasets: datasets.map(({ path }) => path),
  formats: formats.map(({ name }) => name),
};

import type { CallOptions, Rollcall } from '@rollcall/sdk';
import { addDays, utcDay, weekdayOf } from '../../store/values/days.ts';
import { METRIC_UNITS, type MetricUnit } from '../../store/warehouse/metrics.ts';

/** The periods whose rows fit into one file for each month; `range` does not. */
export const EXPORTED_PERIODS = ['day', 'week', 'month'] as const;
export type ExportedPeriod = (typeof EXPORTED_PERIODS)[number];

/** Each unit and period of metrics is a dataset, with its own directory and table. */
export type MetricsDataset = `metrics/${MetricUnit}-${ExportedPeriod}`;

export const METRICS_DATASETS: readonly MetricsDataset[] = METRIC_UNITS.flatMap((by) =>
  EXPORTED_PERIODS.map((period) => `metrics/${by}-${period}` as const),
);

/** The datasets of these units by this period. */
export function metricsDatasets(units: readonly MetricUnit[], period: ExportedPeriod): MetricsDataset[] {
  return units.map((by) => `metrics/${by}-${period}` as const);
}

export function isMetrics(dataset: string): dataset is MetricsDataset {
  return METRICS_DATASETS.some((each) => each === dataset);
}

/** The path of the endpoint, below /v1/analytics, that a dataset is read from. */
export function endpointOf(dataset: string): string {
  return isMetrics(dataset) ? 'metrics' : dataset;
}

/** Reads the metrics of some days, the first and the last included. */
export function readMetrics(
  dataset: MetricsDataset,
  days: { startDate: string; endDate: string },
  { analytics }: Rollcall,
  options: CallOptions,
): AsyncIterable<object> {
  const [by, period] = dataset.slice('metrics/'.length).split('-') as [MetricUnit, ExportedPeriod];
  return analytics.metrics({ ...days, by, period }, options);
}

const MONDAY = 1;
const DAYS_A_WEEK = 7;

/**
 * The days of a month's file. For weeks: the days of the weeks that begin in the month, so that no week is divided.
 * Undefined if no week begins by `last`.
 */
export function metricsDaysOf(
  dataset: MetricsDataset,
  { startDate, endDate }: { startDate: string; endDate: string },
  last: string,
): { startDate: string; endDate: string } | undefined {
  if (!dataset.endsWith('-week')) return { startDate, endDate };
  const first = mondayFrom(startDate);
  if (first > endDate) return undefined;
  const sunday = addDays(mondayFrom(nextMonth(startDate)), -1);
  return { startDate: first, endDate: sunday < last ? sunday : last };
}

function nextMonth(day: string): string {
  const [year = 0, month = 0] = day.split('-').map(Number);
  return utcDay(Date.UTC(year, month, 1));
}

/** The first Monday that is not before a day. */
function mondayFrom(day: string): string {
  return addDays(day, (MONDAY - weekdayOf(day) + DAYS_A_WEEK) % DAYS_A_WEEK);
}

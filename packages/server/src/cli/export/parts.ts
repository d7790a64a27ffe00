import type { CallOptions, ExportOptions, Rollcall } from '@rollcall/sdk';
import { addDays, DAY_MS, utcDay } from '../../store/values/days.ts';

import type { ExportedFile } from './manifest.ts';
import { isMetrics, type MetricsDataset, metricsDaysOf, readMetrics } from './metrics.ts';

export type ExportedRow = Record<string, unknown>;
type Rows = AsyncIterable<object>;

export interface Days {
  startDate: string;
  endDate: string;
}

type Read = Whole | Ranged;
interface Whole {
  whole(client: Rollcall, options: ExportOptions): Rows;
}
interface Ranged {
  ranged(client: Rollcall, range: Days | { changedSince: string }, options: CallOptions): Rows;
  /** The column whose date in UTC decides the month's file of a row. */
  date: 'day' | 'eventTime' | 'occurredAt' | 'periodStart';
  /** The rows are computed, and the server does not know which of them changed. Every run reads them whole. */
  isComputed?: true;
  /** The date may change: an event gets another day if its office gets another time zone. */
  mayMove?: true;
}

/** How each dataset of facts is read, by its path below /v1/analytics. */
const READS = {
  users: { whole: ({ analytics }, options) => analytics.users(options) },
  groups: { whole: ({ analytics }, options) => analytics.groups(options) },
  locations: { whole: ({ analytics }, options) => analytics.locations(options) },
  desks: { whole: ({ analytics }, options) => analytics.desks(options) },
  spaces: { whole: ({ analytics }, options) => analytics.spaces(options) },
  presence: {
    ranged: ({ analytics }, range, options) => analytics.presence(range, options),
    date: 'day',
    mayMove: true,
  },
  'user-booking-attendance': {
    ranged: ({ analytics }, range, options) => analytics.userBookingAttendance(range, options),
    date: 'day',
  },
  'change-log/user': {
    ranged: ({ analytics }, range, options) => analytics.changeLog(range, options),
    date: 'eventTime',
  },
  occupancy: {
    ranged: ({ analytics }, range, options) => analytics.occupancy(range, options),
    date: 'day',
    mayMove: true,
  },
  visitors: {
    ranged: ({ analytics }, range, options) => analytics.visitors(range, options),
    date: 'day',
    mayMove: true,
  },
  audit: {
    ranged: ({ analytics }, range, options) => analytics.audit(range, options),
    date: 'occurredAt',
  },
} as const satisfies Record<string, Read>;

type FactsDataset = keyof typeof READS;
export type DatasetPath = FactsDataset | MetricsDataset;
/** All datasets of facts. */
export const FACTS_DATASETS: readonly DatasetPath[] = Object.keys(READS) as FactsDataset[];
/** The datasets of a run that names none. The key of a warehouse may not read the audit trail. */
export const EXPORTED_DATASETS: readonly DatasetPath[] = FACTS_DATASETS.filter((each) => each !== 'audit');

function readOf(dataset: DatasetPath): Read {
  if (!isMetrics(dataset)) return READS[dataset];
  return {
    ranged: (client, range, options) => {
      if ('changedSince' in range) throw new Error('The server knows no changes of metrics.');
      return readMetrics(dataset, range, client, options);
    },
    date: 'periodStart',
    isComputed: true,
  };
}

/** The content of one file: a dataset, or one month of a dataset with days. */
export interface Part {
  dataset: DatasetPath;
  /** Its file in the folder, without an ending: `presence/2026-03`. */
  name: string;
  /** Both included. */
  days?: Days;
}

/** Whether a row may move to another month's file. */
function mayMove(dataset: DatasetPath): boolean {
  return 'mayMove' in readOf(dataset);
}

/**
 * The folder's other parts of these datasets. The server may have removed days of them, or an event may have moved between such
 * a part and a requested month, so these parts need the changes, too.
 */
export function partsBeside(parts: readonly Part[], files: readonly ExportedFile[]): Part[] {
  const names = new Set(parts.map(({ name }) => name));
  const datasets = new Set<string>(
    parts.map(({ dataset }) => dataset).filter((dataset) => hasDays(dataset) && !isComputed(dataset)),
  );
  return files.flatMap(({ path, dataset, startDate, endDate, cursor }): Part[] => {
    const name = path.slice(0, path.lastIndexOf('.'));
    if (!datasets.has(dataset) || names.has(name) || cursor === undefined) return [];
    if (startDate === null || endDate === null) return [];
    return [{ dataset: dataset as DatasetPath, name, days: { startDate, endDate } }];
  });
}

export function hasDays(dataset: DatasetPath): boolean {
  return 'ranged' in readOf(dataset);
}

/** Whether the server computes the rows again for each run. */
export function isComputed(dataset: DatasetPath): boolean {
  return 'isComputed' in readOf(dataset);
}

/** The parts of datasets from one day to another, the latest months first, because users wait for them. */
export function partsOf(datasets: readonly DatasetPath[], days: Days | undefined): Part[] {
  const months = days ? monthsOf(days).reverse() : [];
  return datasets.flatMap((dataset): Part[] => {
    if (!hasDays(dataset)) return [{ dataset, name: nameOf(dataset) }];
    return months.flatMap((month) => {
      const monthDays = isMetrics(dataset) ? metricsDaysOf(dataset, month, days?.endDate ?? '') : month;
      return monthDays ? [{ dataset, name: nameOf(dataset, month.startDate), days: monthDays }] : [];
    });
  });
}

/** The rows of a part, as they arrive. */
export function readPart({ dataset, days }: Part, client: Rollcall, signal: AbortSignal): Rows {
  const read = readOf(dataset);
  if ('whole' in read) return read.whole(client, { signal });
  if (!days) throw new Error(`A part of ${dataset} without days.`);
  return read.ranged(client, days, { signal });
}

/** Reads the changes of a dataset since a cursor, on any day. */
export function readChanges(
  dataset: DatasetPath,
  changedSince: string,
  client: Rollcall,
  signal: AbortSignal,
): Rows {
  const read = readOf(dataset);
  return 'whole' in read
    ? read.whole(client, { changedSince, signal })
    : read.ranged(client, { changedSince }, { signal });
}

/** The column whose date divides rows among files; undefined for a dataset without days. */
export function dateColumnOf(dataset: DatasetPath): string | undefined {
  const read = readOf(dataset);
  return 'whole' in read ? undefined : read.date;
}

/** The day that decides the file of a row, as `YYYY-MM-DD`; undefined in a dataset without days. */
export function dayOf(dataset: DatasetPath, row: ExportedRow): string | undefined {
  const column = dateColumnOf(dataset);
  return column && String(row[column]).slice(0, 10);
}

/** The days whose rows the server has removed, all of one month, if a row of changes says so. */
export function removedDaysOf({ removedFrom, removedTo }: ExportedRow): Days | undefined {
  if (typeof removedFrom !== 'string' || typeof removedTo !== 'string') return undefined;
  return { startDate: removedFrom.slice(0, 10), endDate: removedTo.slice(0, 10) };
}

/** The parts that may contain a row with this key, or rows of these removed days; the part where a row belongs now comes first. */
export function partNamesOf(dataset: DatasetPath, row: ExportedRow): string[] {
  const removed = removedDaysOf(row);
  if (removed) return [nameOf(dataset, removed.startDate)];
  const names = [nameOf(dataset, dayOf(dataset, row))];
  if (!mayMove(dataset)) return names;
  // No time zone is further from UTC than 14 hours.
  const atMs = Date.parse(String(row.timestamp));
  for (const ms of [atMs - DAY_MS, atMs + DAY_MS]) names.push(nameOf(dataset, new Date(ms).toISOString()));
  return [...new Set(names)];
}

function nameOf(dataset: DatasetPath, day?: string): string {
  return `${dataset.replace('/', '-')}/${day?.slice(0, 7) ?? 'all'}`;
}

function monthsOf({ startDate, endDate }: Days): Days[] {
  const months: Days[] = [];
  for (let first = startDate; first <= endDate; ) {
    const [year = 0, month = 0] = first.split('-').map(Number);
    const isoOf = (day: number) => utcDay(Date.UTC(year, month, day));
    const last = isoOf(0);
    months.push({ startDate: `${first.slice(0, 7)}-01`, endDate: last < endDate ? last : endDate });
    first = isoOf(1);
  }
  return months;
}

/** Keeps all days of a month's file, even if this run asks for fewer. */
export function withDaysOf(known: Pick<ExportedFile, 'startDate' | 'endDate'> | undefined, part: Part): Part {
  if (!part.days || !known?.endDate || known.endDate <= part.days.endDate) return part;
  return { ...part, days: { ...part.days, endDate: known.endDate } };
}

/** The days of a part that its file does not have yet. */
export function daysAfter(
  { endDate }: Pick<ExportedFile, 'startDate' | 'endDate'>,
  { days }: Part,
): Days | undefined {
  if (!days || endDate === null || endDate >= days.endDate) return undefined;
  const next = addDays(endDate, 1);
  return { startDate: next, endDate: days.endDate };
}

/** Whether a file has exactly the days of a part. */
export function isOfDays(
  { startDate, endDate }: Pick<ExportedFile, 'startDate' | 'endDate'>,
  { days }: Part,
): boolean {
  return startDate === (days?.startDate ?? null) && endDate === (days?.endDate ?? null);
}

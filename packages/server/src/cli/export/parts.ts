import type { Rollcall } from '@rollcall/sdk';

export type ExportedRow = Record<string, unknown>;
type Rows = AsyncIterable<object>;
interface Days {
  startDate: string;
  endDate: string;
}

type Read = { whole: (client: Rollcall, signal: AbortSignal) => Rows } | { ranged: RangedRead };
type RangedRead = (client: Rollcall, days: Days, signal: AbortSignal) => Rows;

/** How each dataset is read, by its path below /v1/analytics. */
const READS = {
  users: { whole: ({ analytics }, signal) => analytics.users({ signal }) },
  groups: { whole: ({ analytics }, signal) => analytics.groups({ signal }) },
  locations: { whole: ({ analytics }, signal) => analytics.locations({ signal }) },
  desks: { whole: ({ analytics }, signal) => analytics.desks({ signal }) },
  spaces: { whole: ({ analytics }, signal) => analytics.spaces({ signal }) },
  presence: { ranged: ({ analytics }, days, signal) => analytics.presence(days, { signal }) },
  'user-booking-attendance': {
    ranged: ({ analytics }, days, signal) => analytics.userBookingAttendance(days, { signal }),
  },
  'change-log/user': { ranged: ({ analytics }, days, signal) => analytics.changeLog(days, { signal }) },
  occupancy: { ranged: ({ analytics }, days, signal) => analytics.occupancy(days, { signal }) },
  visitors: { ranged: ({ analytics }, days, signal) => analytics.visitors(days, { signal }) },
} as const satisfies Record<string, Read>;

export type DatasetPath = keyof typeof READS;
export const EXPORTED_DATASETS = Object.keys(READS) as DatasetPath[];

/** What one file of the folder holds: a dataset, and of one that has days, those of a month. */
export interface Part {
  dataset: DatasetPath;
  /** Its file in the folder, without an ending: `presence/2026-03`. */
  name: string;
  /** Both included. */
  days?: Days;
}

export function hasDays(dataset: DatasetPath): boolean {
  return 'ranged' in READS[dataset];
}

/** The parts of datasets from the month of a day to another day, the later months first: they are what people wait for. */
export function partsOf(datasets: readonly DatasetPath[], days: Days | undefined): Part[] {
  const months = days ? monthsOf(days).reverse() : [];
  return datasets.flatMap((dataset): Part[] => {
    const folder = dataset.replace('/', '-');
    if (!hasDays(dataset)) return [{ dataset, name: `${folder}/all` }];
    return months.map((month) => ({
      dataset,
      name: `${folder}/${month.startDate.slice(0, 7)}`,
      days: month,
    }));
  });
}

/** The rows of a part, as they arrive. */
export function readPart({ dataset, days }: Part, client: Rollcall, signal: AbortSignal): Rows {
  const read: Read = READS[dataset];
  if ('whole' in read) return read.whole(client, signal);
  if (!days) throw new Error(`A part of ${dataset} without days.`);
  return read.ranged(client, days, signal);
}

function monthsOf({ startDate, endDate }: Days): Days[] {
  const months: Days[] = [];
  for (let first = startDate; first <= endDate; ) {
    const [year = 0, month = 0] = first.split('-').map(Number);
    const isoOf = (day: number) => new Date(Date.UTC(year, month, day)).toISOString().slice(0, 10);
    const last = isoOf(0);
    months.push({ startDate: `${first.slice(0, 7)}-01`, endDate: last < endDate ? last : endDate });
    first = isoOf(1);
  }
  return months;
}

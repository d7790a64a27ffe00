import type { TableByMonth } from '../schema/months.ts';
import { DAY_MS } from '../values/days.ts';
import { isPeriod, mostDaysOf, type Period, periodWords } from '../values/period.ts';

/** A kind of data that has a retention of its own. */
interface RetentionKind {
  /** What it is, in a few words. */
  title: string;
  /** The retention of an organisation that has set none. Null: without limit. */
  byDefault: Period | null;
  /** The shortest possible retention, in days. Something reads the rows for as long. */
  shortestDays: number;
  /** The longest possible retention, in days. Without it, there need not be a limit. */
  longestDays?: number;
  /** The datasets that lose days. */
  datasets: readonly string[];
  /** The rows stay without the names of people. */
  endsNames?: true;
  /** The table by month that has rows of this kind and of no other. */
  table?: TableByMonth;
}

/** The longest retention that is not without limit: a hundred years. */
const LONGEST_DAYS = 36_600;

/**
 * All kinds of data with a retention. Attendance compares plans with presence, so both end together. The horizon reads the
 * bookings of 90 days, and changes of attendance are kept as long.
 */
export const RETENTION = {
  names: {
    title: 'names in presence events, plans, bookings and the action log',
    byDefault: 'P13M',
    shortestDays: 92,
    datasets: [],
    endsNames: true,
  },
  attendance: {
    title: 'presence events, plans and bookings',
    byDefault: null,
    shortestDays: 92,
    datasets: ['presence', 'user-booking-attendance'],
    table: 'presence_events',
  },
  occupancy: {
    title: 'occupancy events',
    byDefault: null,
    shortestDays: 31,
    datasets: ['occupancy'],
    table: 'occupancy_events',
  },
  visitors: {
    title: 'arrivals of visitors',
    byDefault: 'P3M',
    shortestDays: 1,
    datasets: ['visitors'],
    table: 'visitor_arrivals',
  },
  visitorNames: {
    title: 'names, addresses and companies of visitors',
    byDefault: 'P3M',
    shortestDays: 7,
    datasets: [],
    endsNames: true,
  },
  leave: { title: 'leave, after its last day', byDefault: 'P13M', shortestDays: 31, datasets: [] },
  sickLeave: {
    title: 'that a leave was sick leave, after its last day',
    byDefault: 'P3M',
    shortestDays: 1,
    datasets: [],
  },
  actionLog: {
    title: 'the action log of plans and bookings',
    byDefault: null,
    shortestDays: 31,
    datasets: ['change-log/user'],
    table: 'action_log',
  },
  refusedEvents: {
    title: 'refused events',
    byDefault: 'P30D',
    shortestDays: 1,
    longestDays: 30,
    datasets: [],
  },
  accessCards: {
    title: 'access cards of people who left',
    byDefault: 'P13M',
    shortestDays: 1,
    datasets: [],
  },
  weekPlans: {
    title: 'week plans of people who left',
    byDefault: 'P13M',
    shortestDays: 1,
    datasets: [],
  },
} as const satisfies Record<string, RetentionKind>;

export type RetentionKindName = keyof typeof RETENTION;
/** The kinds whose retention ends names, and keeps the rows. */
export type KindOfNames = 'names' | 'visitorNames';
export const RETENTION_KINDS = Object.keys(RETENTION) as [RetentionKindName, ...RetentionKindName[]];

/** A kind by its name, with all its members. */
export function retentionKind(name: RetentionKindName): RetentionKind {
  return RETENTION[name];
}

/** Why a kind cannot be kept for so long, as the end of a sentence. Undefined: it can. Null is without limit. */
export function retentionFault(name: RetentionKindName, kept: string | null): string | undefined {
  const { shortestDays, longestDays } = retentionKind(name);
  if (kept === null)
    return longestDays === undefined ? undefined : `must have a limit, of ${longestDays} days at most`;
  if (!isPeriod(kept)) return 'must be whole months or days, such as P13M or P90D';
  const days = mostDaysOf(kept);
  const most = longestDays ?? LONGEST_DAYS;
  if (days < shortestDays) return `must be at least ${shortestDays} days; a month counts 31`;
  return days > most ? `must be at most ${most} days; a month counts 31` : undefined;
}

/** Whether the retention of a kind ends names, and keeps the rows. */
export function endsNames(name: RetentionKindName): name is KindOfNames {
  return retentionKind(name).endsNames === true;
}

/** For so long after an event, in milliseconds, its names end in no organisation and time zone. */
export function namesKeptForMs(name: KindOfNames): number {
  return (RETENTION[name].shortestDays - 2) * DAY_MS;
}

/** A retention in words. */
export function retentionWords(kept: Period | null): string {
  return kept === null ? 'without limit' : periodWords(kept);
}

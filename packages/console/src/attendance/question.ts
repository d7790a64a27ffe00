import { addDays, type Day, daysBetween, isDay, mondayOf } from '../frame/days.ts';

export const PERIODS = ['day', 'week', 'month'] as const;
export type Period = (typeof PERIODS)[number];
export const VIEWS = ['overview', 'weekdays', 'comparison', 'usage'] as const;
export type View = (typeof VIEWS)[number];
export const UNITS = ['location', 'level', 'zone', 'group'] as const;
export type Unit = (typeof UNITS)[number];

/** The API computes at most so many days at once. */
export const MOST_DAYS = 366;
const DEFAULT_WEEKS = 13;

/** What the address asks for. Ids may be unknown to the organisation: the API then counts nobody. */
export interface Question {
  view: View;
  from: Day;
  to: Day;
  period: Period;
  /** What the view of comparison has side by side. */
  by: Unit;
  office: string | undefined;
  level: string | undefined;
  zone: string | undefined;
  group: string | undefined;
}

/** The question of an address. Members that are absent or unknown get their defaults. */
export function questionOf(parameters: URLSearchParams, today: Day): Question {
  const oneOf = <T extends string>(name: string, values: readonly T[], byDefault: T): T =>
    values.find((value) => value === parameters.get(name)) ?? byDefault;
  const { from, to } = lastWeeks(DEFAULT_WEEKS, today);
  return {
    view: oneOf('view', VIEWS, 'overview'),
    from: parameters.get('from') ?? from,
    to: parameters.get('to') ?? to,
    period: oneOf('period', PERIODS, 'week'),
    by: oneOf('by', UNITS, 'location'),
    office: parameters.get('office') ?? undefined,
    level: parameters.get('level') ?? undefined,
    zone: parameters.get('zone') ?? undefined,
    group: parameters.get('group') ?? undefined,
  };
}

/** The current week and the weeks before it, so many in all. */
export function lastWeeks(weeks: number, today: Day): { from: Day; to: Day } {
  return { from: addDays(mondayOf(today), -7 * (weeks - 1)), to: today };
}

/** What is wrong with the days, and with which of the two. Undefined if the API can answer. */
export function faultOf({
  from,
  to,
}: Question): { field: 'from' | 'to'; fault: 'badDay' | 'reversed' | 'tooLong' } | undefined {
  if (!isDay(from)) return { field: 'from', fault: 'badDay' };
  if (!isDay(to)) return { field: 'to', fault: 'badDay' };
  if (to < from) return { field: 'to', fault: 'reversed' };
  return daysBetween(from, to) > MOST_DAYS ? { field: 'from', fault: 'tooLong' } : undefined;
}

/** The parameters of the API that all metrics of attendance share. The narrowest node counts. */
export function metricsQuery({ from, to, office, level, zone, group }: Question) {
  const node = zone ?? level ?? office;
  return {
    startDate: from,
    endDate: to,
    by: 'organisation' as const,
    ...(node ? { locationIds: node } : {}),
    ...(group ? { groupIds: group } : {}),
  };
}

/** The parameters of the API for the usage of desks and zones. They have no groups. */
export function usageQuery(question: Question) {
  const { by: _by, groupIds: _groups, ...query } = { groupIds: undefined, ...metricsQuery(question) };
  return query;
}

import { type TSchema, Type } from 'typebox';
import { wrongParameter } from '../http/bulk.ts';
import { idList } from '../http/guid.ts';
import { CommaList } from '../http/query-parameters.ts';
import {
  METRIC_UNITS,
  type MetricPeriod,
  type MetricsQuery,
  type MetricUnit,
  type PeriodQuery,
  USAGE_UNITS,
  type UsageQuery,
  type UsageUnit,
} from '../store/warehouse/metrics.ts';

/** The parameters of metrics, besides days and nodes. The first of `periods` is the default. */
export function metricsFilters(periods: readonly MetricPeriod[]) {
  return {
    by: Type.Optional(
      Type.String({
        enum: [...METRIC_UNITS],
        description: 'the unit of a row; default location. organisation is all offices together',
      }),
    ),
    ...periodFilters(periods),
    groupIds: Type.Optional(
      CommaList({
        description:
          'comma-separated ids: only users whose primary group is one of these groups, or beneath one, count',
      }),
    ),
    subgroups: Type.Optional(
      Type.String({
        enum: ['false', 'true'],
        description:
          'with by=group: whether a group also counts the users of the groups beneath it; default false',
      }),
    ),
  } satisfies Record<string, TSchema>;
}

/** The parameters of usage, besides days and nodes. The first of `periods` is the default. */
export function usageFilters(periods: readonly MetricPeriod[]) {
  return {
    by: Type.Optional(
      Type.String({
        enum: [...USAGE_UNITS],
        description: 'the unit of a row: place is a desk; default place',
      }),
    ),
    ...periodFilters(periods),
  } satisfies Record<string, TSchema>;
}

function periodFilters(periods: readonly MetricPeriod[]) {
  return {
    period: Type.Optional(
      Type.String({
        enum: [...periods],
        description: `the period of a row; default ${periods[0]}. Weeks begin on Monday; range is the whole window`,
      }),
    ),
    weekdays: Type.Optional(
      CommaList({
        description: 'comma-separated weekdays that count, 1 Monday to 7 Sunday; default all',
        examples: ['1,2,3,4,5'],
      }),
    ),
  };
}

type Parameters = Record<string, string | undefined>;

/** Reads parameters that the schema has validated. Throws a 400. */
export function readMetricsQuery(parameters: Parameters, periods: readonly MetricPeriod[]): MetricsQuery {
  const { by = 'location', groupIds, subgroups } = parameters;
  return {
    by: by as MetricUnit,
    groupIds: idList(groupIds),
    subgroups: subgroups === 'true',
    ...readPeriodQuery(parameters, periods),
  };
}

/** As `readMetricsQuery`, of usage. */
export function readUsageQuery(parameters: Parameters, periods: readonly MetricPeriod[]): UsageQuery {
  const { by = 'place' } = parameters;
  return { by: by as UsageUnit, ...readPeriodQuery(parameters, periods) };
}

function readPeriodQuery({ period, weekdays }: Parameters, periods: readonly MetricPeriod[]): PeriodQuery {
  return {
    period: (period ?? periods[0]) as MetricPeriod,
    weekdays: weekdays === undefined ? undefined : readWeekdays(weekdays),
  };
}

function readWeekdays(list: string): number[] {
  const weekdays = list.split(',');
  if (weekdays.every((weekday) => /^[1-7]$/.test(weekday))) return weekdays.map(Number);
  throw wrongParameter(
    'weekdays',
    'must be a comma list of weekdays: 1, 2, 3, 4, 5, 6, 7, from Monday to Sunday',
  );
}

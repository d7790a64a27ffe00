import { type TSchema, Type } from 'typebox';
import { wrongParameter } from '../http/bulk.ts';
import { idList } from '../http/guid.ts';
import { CommaList } from '../http/query-parameters.ts';
import {
  METRIC_PERIODS,
  METRIC_UNITS,
  type MetricPeriod,
  type MetricsQuery,
  type MetricUnit,
} from '../store/warehouse/metrics.ts';

/** The parameters of metrics, besides days and nodes. */
export const METRICS_FILTERS = {
  by: Type.Optional(
    Type.String({ enum: [...METRIC_UNITS], description: 'the unit of a row; default location' }),
  ),
  period: Type.Optional(
    Type.String({
      enum: [...METRIC_PERIODS],
      description: 'the period of a row; default day. Weeks begin on Monday; range is the whole window',
    }),
  ),
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
  weekdays: Type.Optional(
    CommaList({
      description: 'comma-separated weekdays that count, 1 Monday to 7 Sunday; default all',
      examples: ['1,2,3,4,5'],
    }),
  ),
} satisfies Record<string, TSchema>;

/** Reads parameters that the schema has validated. Throws a 400. */
export function readMetricsQuery(parameters: Record<string, string | undefined>): MetricsQuery {
  const { by = 'location', period = 'day', groupIds, subgroups, weekdays } = parameters;
  return {
    by: by as MetricUnit,
    period: period as MetricPeriod,
    groupIds: idList(groupIds),
    subgroups: subgroups === 'true',
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

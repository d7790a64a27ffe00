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

/** The parameters of metrics, beside days and places. */
export const METRICS_FILTERS = {
  by: Type.Optional(Type.String({ enum: [...METRIC_UNITS], description: 'what a row is of; else location' })),
  period: Type.Optional(
    Type.String({
      enum: [...METRIC_PERIODS],
      description: 'what a row is over; else day. Weeks begin on Monday, range is the whole window',
    }),
  ),
  groupIds: Type.Optional(
    CommaList({
      description:
        'comma list; who is to count is, by their primary group, in one of these groups or one beneath',
    }),
  ),
  subgroups: Type.Optional(
    Type.String({
      enum: ['false', 'true'],
      description: 'with by=group: whether a group has the people of the groups beneath it, too; else false',
    }),
  ),
  weekdays: Type.Optional(
    CommaList({
      description: 'comma list of the weekdays that count, 1 Monday to 7 Sunday; else all',
      examples: ['1,2,3,4,5'],
    }),
  ),
} satisfies Record<string, TSchema>;

/** Reads them, once their schema has been kept. Throws a 400. */
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

import { Stack } from '@mantine/core';
import { BarChart } from '../frame/charts/bar-chart.tsx';
import { HeatMap } from '../frame/charts/heat-map.tsx';
import { dayOf } from '../frame/days.ts';
import { formatDayAndMonth, formatTenths } from '../frame/format.ts';
import { texts } from '../texts.ts';
import { Answers, useRows } from './answers.tsx';
import { metricsQuery, type Question } from './question.ts';

const { attendance } = texts;
const WEEKDAYS = attendance.weekdays.map((label, index) => ({ key: label, label, weekday: index + 1 }));

/** Which weekdays are full: week by week, and over the whole range. */
export function Weekdays({ question }: { question: Question }) {
  const query = metricsQuery(question);
  const weeks = useRows(['weekdays', query, 'week'], (analytics, signal) =>
    analytics.weekdayMetrics({ ...query, period: 'week' }, { signal }),
  );
  const range = useRows(['weekdays', query, 'range'], (analytics, signal) =>
    analytics.weekdayMetrics({ ...query, period: 'range' }, { signal }),
  );
  return (
    <Answers answers={[weeks, range]}>
      {() => {
        const cells = new Map(
          weeks.data?.map(({ periodStart, weekday, averageAttendance }) => [
            `${periodStart} ${weekday}`,
            averageAttendance,
          ]),
        );
        const starts = [...new Set(weeks.data?.map(({ periodStart }) => periodStart))];
        const byWeekday = new Map(range.data?.map((row) => [row.weekday, row]));
        return (
          <Stack gap="xl">
            <HeatMap
              title={attendance.heatMap}
              columnName={attendance.week}
              columns={starts.map((start) => ({ key: start, label: formatDayAndMonth(dayOf(start)) }))}
              rows={WEEKDAYS}
              valueAt={(column, row) => cells.get(`${starts[column]} ${row + 1}`) ?? null}
              format={formatTenths}
            />
            <BarChart
              title={attendance.byWeekday}
              categoryName={attendance.weekday}
              categories={WEEKDAYS}
              arrangement="overlaid"
              format={formatTenths}
              series={[
                {
                  name: attendance.peak,
                  fill: 'hatched',
                  values: WEEKDAYS.map(({ weekday }) => byWeekday.get(weekday)?.peakAttendance ?? null),
                },
                {
                  name: attendance.average,
                  fill: 'solid',
                  values: WEEKDAYS.map(({ weekday }) => byWeekday.get(weekday)?.averageAttendance ?? null),
                },
              ]}
              reference={{ name: attendance.capacity, value: range.data?.[0]?.capacity ?? null }}
            />
          </Stack>
        );
      }}
    </Answers>
  );
}

import { Stack, Text } from '@mantine/core';
import type { MetricsRow } from '@rollcall/sdk';
import { BarChart } from '../frame/charts/bar-chart.tsx';
import { dayOf } from '../frame/days.ts';
import {
  formatDayAndMonth,
  formatMonth,
  formatTenths,
  formatWeekdayAndDay,
  formatWhole,
} from '../frame/format.ts';
import { texts } from '../texts.ts';
import { Answers, useRows } from './answers.tsx';
import { KeyFigures } from './key-figures.tsx';
import { seriesOfKinds } from './kinds.ts';
import { metricsQuery, type Period, type Question } from './question.ts';

const { attendance } = texts;
const CATEGORY_NAMES = { day: attendance.day, week: attendance.week, month: attendance.month };

/** People by period, and the key figures of the whole range beside those of the range before. */
export function Overview({ question }: { question: Question }) {
  const { period } = question;
  const query = metricsQuery(question);
  const periods = useRows(['metrics', query, period], (analytics, signal) =>
    analytics.metrics({ ...query, period }, { signal }),
  );
  const range = useRows(['metrics', query, 'range'], (analytics, signal) =>
    analytics.metrics({ ...query, period: 'range' }, { signal }),
  );
  const comparison = useRows(['comparison', query], (analytics, signal) =>
    analytics.comparisonMetrics({ ...query, period: 'range' }, { signal }),
  );
  return (
    <Answers answers={[periods, range, comparison]}>
      {() => (
        <Stack gap="xl">
          <KeyFigures range={range.data?.[0]} comparison={comparison.data?.[0]} />
          <Charts rows={periods.data ?? []} period={period} />
        </Stack>
      )}
    </Answers>
  );
}

function Charts({ rows, period }: { rows: readonly MetricsRow[]; period: Period }) {
  const categories = rows.map(({ periodStart }) => ({
    key: periodStart,
    label: labelOf(dayOf(periodStart), period),
  }));
  const valuesOf = <N extends keyof MetricsRow>(name: N) => rows.map((row) => row[name]);
  return (
    <>
      <BarChart
        title={attendance.stacked}
        categoryName={CATEGORY_NAMES[period]}
        categories={categories}
        arrangement="stacked"
        format={formatWhole}
        series={seriesOfKinds(rows)}
      />
      {rows.at(-1)?.complete === false && (
        <Text size="sm" c="dimmed">
          {attendance.incomplete}
        </Text>
      )}
      <BarChart
        title={attendance.room}
        categoryName={CATEGORY_NAMES[period]}
        categories={categories}
        arrangement="overlaid"
        format={formatTenths}
        series={[
          { name: attendance.peak, fill: 'hatched', values: valuesOf('peakAttendance') },
          { name: attendance.average, fill: 'solid', values: valuesOf('averageAttendance') },
        ]}
        reference={{ name: attendance.capacity, value: rows.at(-1)?.capacity ?? null }}
      />
    </>
  );
}

function labelOf(day: string, period: Period): string {
  if (period === 'month') return formatMonth(day);
  return period === 'week' ? formatDayAndMonth(day) : formatWeekdayAndDay(day);
}

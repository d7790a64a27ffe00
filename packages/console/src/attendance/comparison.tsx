import { Stack, Text, Title } from '@mantine/core';
import type { MetricsRow } from '@rollcall/sdk';
import { lazy, Suspense } from 'react';
import { BarChart } from '../frame/charts/bar-chart.tsx';
import { NumbersTable, type NumbersTableProps } from '../frame/charts/figure.tsx';
import { formatPercent, formatTenths, formatWhole } from '../frame/format.ts';
import { Waiting } from '../frame/shell.tsx';
import { texts } from '../texts.ts';
import { Answers, useRows } from './answers.tsx';
import { seriesOfKinds } from './kinds.ts';
import { metricsQuery, type Question, type Unit } from './question.ts';

const LongTable = lazy(() => import('./long-table.tsx'));

const { comparison } = texts.attendance;
/** The chart has room for the names of so many. The table has all. */
const DRAWN = 12;
/** A longer table draws only its visible rows. */
const MOST_PLAIN = 200;

/** Offices, levels, zones or groups side by side, over the whole range. The largest come first. */
export function Comparison({ question }: { question: Question }) {
  const { by } = question;
  const query = { ...metricsQuery(question), by, period: 'range' as const };
  const units = useRows(['metrics', query], (analytics, signal) => analytics.metrics(query, { signal }));
  return (
    <Answers answers={[units]}>
      {() => {
        const rows = (units.data ?? []).toSorted((a, b) => b.attendance - a.attendance);
        return (
          <Stack gap="xl">
            <Chart rows={rows.slice(0, DRAWN)} by={by} />
            <Stack gap="xs" component="section" miw={0}>
              <Title order={2}>{comparison.all[by]}</Title>
              <All
                label={comparison.all[by]}
                numbers={{
                  columns: [comparison.units[by], ...comparison.columns],
                  rows: rows.map((row) => ({ key: keyOf(row), cells: [nameOf(row, by), ...numbersOf(row)] })),
                }}
              />
              <Text size="sm" c="dimmed">
                {comparison.note}
              </Text>
            </Stack>
          </Stack>
        );
      }}
    </Answers>
  );
}

/** Groups and zones can be thousands. Then only the visible rows are in the document. */
function All(props: NumbersTableProps) {
  if (props.numbers.rows.length <= MOST_PLAIN) return <NumbersTable {...props} />;
  return (
    <Suspense fallback={<Waiting />}>
      <LongTable {...props} />
    </Suspense>
  );
}

function Chart({ rows, by }: { rows: readonly MetricsRow[]; by: Unit }) {
  return (
    <BarChart
      title={comparison.largest[by]}
      categoryName={comparison.units[by]}
      categories={rows.map((row) => ({ key: keyOf(row), label: nameOf(row, by) }))}
      arrangement="stacked"
      format={formatWhole}
      series={seriesOfKinds(rows)}
    />
  );
}

function numbersOf(row: MetricsRow): string[] {
  return [
    formatWhole(row.attendance),
    formatTenths(row.averageAttendance),
    formatWhole(row.peakAttendance),
    formatWhole(row.capacity),
    formatPercent(row.utilisation),
    formatPercent(row.noShowRate),
    formatPercent(row.walkInRate),
  ];
}

/** Users without a known level, zone or group have a row without that name. */
function nameOf({ groupName, zoneName, levelName, locationName }: MetricsRow, by: Unit): string {
  const path = {
    location: [locationName],
    level: [levelName, locationName],
    zone: [zoneName, levelName, locationName],
    group: [groupName, locationName],
  }[by];
  return [path[0] ?? comparison.none[by], ...path.slice(1)].filter(Boolean).join(', ');
}

const keyOf = ({ locationId, levelId, zoneId, groupId }: MetricsRow) =>
  [locationId, levelId, zoneId, groupId].join(' ');

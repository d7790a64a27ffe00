import { Text } from '@mantine/core';
import type { ArrivalMetricsRow } from '@rollcall/sdk';
import { BarChart } from '../frame/charts/bar-chart.tsx';
import { type Day, dayOf } from '../frame/days.ts';
import { formatTenths, formatWeekdayAndDay } from '../frame/format.ts';
import { texts } from '../texts.ts';
import { type Office, useUsualArrivals } from './answers.ts';

const { today } = texts;
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

interface ArrivalsProps {
  title: string;
  offices: readonly Office[];
}

/**
 * When people arrived, by hour of their office's clock, beside the same weekday of the last weeks. Offices have different
 * dates at the same moment. It shows those that have the date of most offices, and names the others.
 */
export function Arrivals({ title, offices }: ArrivalsProps) {
  const day = commonDay(offices);
  const shown = offices.filter((office) => dayOf(office.day) === day);
  const others = offices.filter((office) => dayOf(office.day) !== day);
  const usual = useUsualArrivals(day).data;
  return (
    <div>
      <BarChart
        title={title}
        categoryName={today.hour}
        categories={HOURS.map((hour) => ({
          key: String(hour),
          label: `${String(hour).padStart(2, '0')}:00`,
        }))}
        arrangement="overlaid"
        format={formatTenths}
        series={[
          {
            name: today.usual,
            fill: 'hatched',
            values: HOURS.map((hour) => (usual ? usualIn(usual, shown, hour) : null)),
          },
          {
            name: day ? formatWeekdayAndDay(day) : today.title,
            fill: 'solid',
            values: HOURS.map((hour) => shown.reduce((sum, { arrivals }) => sum + (arrivals[hour] ?? 0), 0)),
          },
        ]}
      />
      {others.length > 0 && (
        <Text size="sm" c="dimmed">
          {today.otherDay(others.map(({ locationName }) => locationName).join(', '))}
        </Text>
      )}
    </div>
  );
}

/** The date of most offices; of several, the earliest. */
function commonDay(offices: readonly Office[]): Day | undefined {
  const counts = new Map<Day, number>();
  for (const { day } of offices) counts.set(dayOf(day), (counts.get(dayOf(day)) ?? 0) + 1);
  return [...counts].sort(([a, most], [b, count]) => count - most || (a < b ? -1 : 1))[0]?.[0];
}

/** Null if no office had a day with presence reporting. */
function usualIn(
  rows: readonly ArrivalMetricsRow[],
  offices: readonly Office[],
  hour: number,
): number | null {
  const ids = new Set<string | null>(offices.map(({ locationId }) => locationId));
  const known = rows.flatMap((row) =>
    row.hour === hour && ids.has(row.locationId) ? (row.averageArrivals ?? []) : [],
  );
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

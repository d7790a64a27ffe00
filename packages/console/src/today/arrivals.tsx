import type { ArrivalMetricsRow } from '@rollcall/sdk';
import { BarChart } from '../charts/bar-chart.tsx';
import { type Day, dayOf } from '../frame/days.ts';
import { formatTenths } from '../frame/format.ts';
import { texts } from '../texts.ts';
import { type Office, useUsualArrivals } from './answers.ts';

const { today } = texts;
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

interface ArrivalsProps {
  title: string;
  offices: readonly Office[];
  /** The day of which the usual arrivals are shown. Offices that have another date now count without them. */
  day: Day;
}

/** When people arrived, by hour of their office's clock, beside the same weekday of the last weeks. */
export function Arrivals({ title, offices, day }: ArrivalsProps) {
  const usual = useUsualArrivals(day).data;
  const sameDay = new Set(offices.filter((office) => dayOf(office.day) === day).map(({ locationId }) => locationId));
  return (
    <BarChart
      title={title}
      categoryName={today.hour}
      categories={HOURS.map((hour) => ({ key: String(hour), label: `${String(hour).padStart(2, '0')}:00` }))}
      arrangement="overlaid"
      format={formatTenths}
      series={[
        {
          name: today.usual,
          fill: 'hatched',
          values: HOURS.map((hour) => (usual ? usualIn(usual, sameDay, hour) : null)),
        },
        {
          name: today.soFar,
          fill: 'solid',
          values: HOURS.map((hour) => offices.reduce((sum, { arrivals }) => sum + (arrivals[hour] ?? 0), 0)),
        },
      ]}
    />
  );
}

/** Null if no office had a day with presence reporting. */
function usualIn(rows: readonly ArrivalMetricsRow[], offices: ReadonlySet<string>, hour: number): number | null {
  const known = rows.flatMap((row) =>
    row.hour === hour && row.locationId !== null && offices.has(row.locationId) ? (row.averageArrivals ?? []) : [],
  );
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

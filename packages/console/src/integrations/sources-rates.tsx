import { BarChart } from '../frame/charts/bar-chart.tsx';
import { addDays } from '../frame/days.ts';
import { formatDayAndMonth, formatInstant, formatTime, formatWhole } from '../frame/format.ts';
import { useOrganisation } from '../frame/session.ts';
import { nameOf, type Source } from '../frame/sources.ts';
import { texts } from '../texts.ts';

const { sources } = texts;
const HOUR_MS = 3_600_000;

interface SourceRatesProps {
  items: readonly Source[];
  /** The source that the chart is about; undefined for all. */
  chosen: Source | undefined;
  step: 'hour' | 'day';
}

/** Accepted and refused events by hour or by day, of all these sources together. */
export function SourceRates({ items, chosen, step }: SourceRatesProps) {
  const { timeZone } = useOrganisation();
  const counts = items.map((source) => (step === 'hour' ? source.hours : source.days));
  const [first] = counts;
  if (!first) return null;
  const sums = (kind: 'accepted' | 'refused') =>
    first.accepted.map((_, index) => counts.reduce((sum, each) => sum + (each[kind][index] ?? 0), 0));
  return (
    <BarChart
      title={chosen ? sources.ratesOf(nameOf(chosen), chosen.endpoint) : sources.rates}
      categoryName={sources[step]}
      categories={first.accepted.map((_, index) =>
        step === 'hour' ? hourAt(first.from, index, timeZone) : dayAt(first.from, index),
      )}
      arrangement="stacked"
      format={formatWhole}
      series={[
        { name: sources.accepted, fill: 'solid', values: sums('accepted') },
        { name: sources.refused, fill: 'hatched', values: sums('refused') },
      ]}
    />
  );
}

function hourAt(from: string, index: number, timeZone: string) {
  const instant = new Date(Date.parse(from) + index * HOUR_MS).toISOString();
  const isFirstOfDay = index === 0 || formatTime(instant, timeZone).startsWith('00');
  return {
    key: instant,
    label: isFirstOfDay ? formatInstant(instant, timeZone) : formatTime(instant, timeZone),
  };
}

function dayAt(from: string, index: number) {
  const day = addDays(from, index);
  return { key: day, label: formatDayAndMonth(day) };
}

import { SimpleGrid, Text, Title, VisuallyHidden } from '@mantine/core';
import type { ComparisonMetricsRow, MetricsRow } from '@rollcall/sdk';
import { useId } from 'react';
import { dayOf } from '../frame/days.ts';
import { formatChange, formatDay, formatPercent, formatTenths, formatWhole } from '../frame/format.ts';
import { texts } from '../texts.ts';

const { attendance } = texts;
const { figures } = attendance;

interface KeyFiguresProps {
  range: MetricsRow | undefined;
  comparison: ComparisonMetricsRow | undefined;
}

interface Figure {
  name: string;
  value: string;
  /** The same number of the range before. */
  before?: string;
  /** The change since, as a percentage. */
  change?: string;
}

/** The numbers of the whole range. Below some are those of the range before. */
export function KeyFigures({ range, comparison }: KeyFiguresProps) {
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <VisuallyHidden>
        <Title order={2} id={id}>
          {attendance.numbers}
        </Title>
      </VisuallyHidden>
      <SimpleGrid component="dl" cols={{ base: 2, xs: 3, md: 5 }} spacing="sm" m={0}>
        {figuresOf(range, comparison).map(({ name, value, before, change }) => (
          <div key={name}>
            <Text component="dt" size="sm" c="dimmed">
              {name}
            </Text>
            <Text component="dd" m={0} fz="xl" fw={600}>
              {value}
            </Text>
            {before !== undefined && (
              <Text component="dd" m={0} size="xs" c="dimmed">
                {attendance.before(before)}
                {change !== undefined && change !== texts.none && ` (${change})`}
              </Text>
            )}
          </div>
        ))}
      </SimpleGrid>
      {comparison && (
        <Text size="xs" c="dimmed" mt="xs">
          {attendance.beforeDays(
            formatDay(dayOf(comparison.previousFirstDay)),
            formatDay(dayOf(comparison.previousLastDay)),
          )}
        </Text>
      )}
    </section>
  );
}

function figuresOf(range: MetricsRow | undefined, comparison: ComparisonMetricsRow | undefined): Figure[] {
  return [
    {
      name: figures.people,
      value: formatWhole(comparison?.people),
      before: formatWhole(comparison?.previousPeople),
      change: formatChange(comparison?.peopleChange),
    },
    {
      name: figures.averageAttendance,
      value: formatTenths(range?.averageAttendance),
      before: formatTenths(comparison?.previousAverageAttendance),
      change: formatChange(comparison?.averageAttendanceChange),
    },
    {
      name: figures.peakAttendance,
      value: formatWhole(range?.peakAttendance),
      before: formatWhole(comparison?.previousPeakAttendance),
      change: formatChange(comparison?.peakAttendanceChange),
    },
    { name: figures.medianWeeklyPeak, value: formatTenths(range?.medianWeeklyPeak) },
    { name: figures.capacity, value: formatWhole(range?.capacity) },
    {
      name: figures.utilisation,
      value: formatPercent(range?.utilisation),
      before: formatPercent(comparison?.previousUtilisation),
    },
    { name: figures.peakUtilisation, value: formatPercent(range?.peakUtilisation) },
    {
      name: figures.noShowRate,
      value: formatPercent(range?.noShowRate),
      before: formatPercent(comparison?.previousNoShowRate),
    },
    {
      name: figures.walkInRate,
      value: formatPercent(range?.walkInRate),
      before: formatPercent(comparison?.previousWalkInRate),
    },
  ];
}

import { SimpleGrid, Stack, Text, Title } from '@mantine/core';
import type { UsageMetricsRow } from '@rollcall/sdk';
import { NumbersTable } from '../frame/charts/figure.tsx';
import { formatPercent, formatWhole } from '../frame/format.ts';
import { texts } from '../texts.ts';
import { Answers, useRows } from './answers.tsx';
import { type Question, usageQuery } from './question.ts';

const { filters, usage } = texts.attendance;
const SHOWN = 10;

/** The desks and zones that are used most and least. */
export function Usage({ question }: { question: Question }) {
  const query = usageQuery(question);
  const desks = useRows(['usage', query, 'place'], (analytics, signal) =>
    analytics.usageMetrics({ ...query, by: 'place' }, { signal }),
  );
  const zones = useRows(['usage', query, 'zone'], (analytics, signal) =>
    analytics.usageMetrics({ ...query, by: 'zone' }, { signal }),
  );
  return (
    <Answers answers={[zones, desks]}>
      {() => (
        <Stack>
          <Text size="sm" c="dimmed">
            {question.group && `${filters.groupUnused} `}
            {usage.note}
          </Text>
          <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="xl">
            <Ranking title={usage.mostDesks} rows={mostUsed(desks.data ?? [])} />
            <Ranking title={usage.leastDesks} rows={mostUsed(desks.data ?? []).toReversed()} />
            <Ranking title={usage.mostZones} rows={mostUsed(zones.data ?? [])} />
            <Ranking title={usage.leastZones} rows={mostUsed(zones.data ?? []).toReversed()} />
          </SimpleGrid>
        </Stack>
      )}
    </Answers>
  );
}

/** Desks and zones whose share is unknown are not ranked. */
function mostUsed(rows: readonly UsageMetricsRow[]): UsageMetricsRow[] {
  return rows
    .filter(({ usedShare }) => usedShare !== null)
    .toSorted((a, b) => (b.usedShare ?? 0) - (a.usedShare ?? 0) || b.attendance - a.attendance);
}

function Ranking({ title, rows }: { title: string; rows: readonly UsageMetricsRow[] }) {
  return (
    <Stack gap="xs" component="section" miw={0}>
      <Title order={2}>{title}</Title>
      <NumbersTable
        label={title}
        numbers={{
          columns: usage.columns,
          rows: rows.slice(0, SHOWN).map((row) => ({
            key: row.placeId ?? row.zoneId ?? row.levelId ?? '',
            cells: [
              nameOf(row),
              formatPercent(row.usedShare),
              formatPercent(row.bookedShare),
              formatWhole(row.unusedBookedDays),
              formatWhole(row.people),
            ],
          })),
        }}
      />
    </Stack>
  );
}

function nameOf({ placeName, zoneName, levelName, locationName }: UsageMetricsRow): string {
  return [placeName, zoneName, levelName, locationName].filter(Boolean).join(', ');
}

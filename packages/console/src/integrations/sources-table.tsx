import { Badge, Button, Group, Table, Text, Title } from '@mantine/core';
import { useId } from 'react';
import { formatInstant, formatWhole } from '../frame/format.ts';
import { ScrollTable } from '../frame/scroll-table.tsx';
import { useOrganisation } from '../frame/session.ts';
import { nameOf, type Source } from '../frame/sources.ts';
import { texts } from '../texts.ts';

const { sources } = texts;
const LAST_HOURS = 24;

interface SourceTableProps {
  items: readonly Source[];
  chosen: Source | undefined;
  /** Chooses a source, or all. */
  choose: (source: Source | undefined) => void;
}

/** A line for each source. */
export function SourceTable({ items, chosen, choose }: SourceTableProps) {
  const titleId = useId();
  const quiet = items.filter((source) => source.quiet).length;
  return (
    <section aria-labelledby={titleId}>
      <Group justify="space-between" mb="xs">
        <Title order={2} id={titleId}>
          {quiet > 0 ? `${sources.all} · ${sources.quietCount(formatWhole(quiet))}` : sources.all}
        </Title>
        {chosen && (
          <Button variant="subtle" size="compact-sm" onClick={() => choose(undefined)}>
            {sources.all}
          </Button>
        )}
      </Group>
      <ScrollTable
        label={sources.title}
        columns={Object.values(sources.columns)}
        minWidth={640}
        maxHeight={420}
      >
        {items.map((source) => (
          <Line
            key={`${source.endpoint} ${source.sourceId}`}
            source={source}
            isChosen={source === chosen}
            choose={choose}
          />
        ))}
      </ScrollTable>
      {quiet > 0 && (
        <Text size="sm" mt="xs">
          {sources.quietHint}
        </Text>
      )}
    </section>
  );
}

interface LineProps {
  source: Source;
  isChosen: boolean;
  choose: SourceTableProps['choose'];
}

function Line({ source, isChosen, choose }: LineProps) {
  const { timeZone } = useOrganisation();
  return (
    <Table.Tr data-source={source.sourceId}>
      <Table.Th scope="row">
        <Button
          variant={isChosen ? 'light' : 'subtle'}
          size="compact-sm"
          aria-pressed={isChosen}
          onClick={() => choose(isChosen ? undefined : source)}
        >
          {nameOf(source)}
        </Button>
      </Table.Th>
      <Table.Td>{source.endpoint}</Table.Td>
      <Table.Td>{formatInstant(source.lastEventAt, timeZone)}</Table.Td>
      <Table.Td>{formatWhole(lastDay(source.hours.accepted))}</Table.Td>
      <Table.Td>{formatWhole(lastDay(source.hours.refused))}</Table.Td>
      <Table.Td>
        {source.quiet ? (
          <Badge color="red.9" variant="filled">
            {sources.quiet}
          </Badge>
        ) : (
          sources.active
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function lastDay(byHour: readonly number[]): number {
  return byHour.slice(-LAST_HOURS).reduce((sum, count) => sum + count, 0);
}

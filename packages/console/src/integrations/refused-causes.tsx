import { Button, Group, Table, Title } from '@mantine/core';
import { useId } from 'react';
import { formatInstant, formatWhole } from '../frame/format.ts';
import { ScrollTable } from '../frame/scroll-table.tsx';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { type Cause, type CountedCause, explanationOf } from './refused-answers.ts';
import type { Retry } from './refused-retry.ts';

const { refused } = texts;

interface CausesProps {
  causes: readonly CountedCause[];
  chosen: Cause | undefined;
  /** Chooses a cause, or none. */
  choose: (cause: Cause | undefined) => void;
  /** The source whose events are counted; undefined for all. */
  source: string | undefined;
  retry: Retry;
}

/** How many events each cause has, and what to do about it. */
export function Causes({ causes, chosen, choose, source, retry }: CausesProps) {
  const titleId = useId();
  return (
    <section aria-labelledby={titleId}>
      <Group justify="space-between" mb="xs">
        <Title order={2} id={titleId}>
          {refused.byCause}
        </Title>
        {chosen !== undefined && (
          <Button variant="subtle" size="compact-sm" onClick={() => choose(undefined)}>
            {refused.allCauses}
          </Button>
        )}
      </Group>
      <ScrollTable label={refused.byCause} columns={Object.values(refused.columns)} minWidth={720}>
        {causes.map((each) => (
          <Line
            key={each.cause}
            counted={each}
            isChosen={each.cause !== null && each.cause === chosen}
            choose={choose}
            source={source}
            retry={retry}
          />
        ))}
      </ScrollTable>
    </section>
  );
}

interface LineProps {
  counted: CountedCause;
  isChosen: boolean;
  choose: CausesProps['choose'];
  source: CausesProps['source'];
  retry: Retry;
}

function Line({ counted, isChosen, choose, source, retry }: LineProps) {
  const { timeZone } = useOrganisation();
  const { cause, count, retriable, lastRefusedAt } = counted;
  const { name, advice } = explanationOf(cause);
  return (
    <Table.Tr data-cause={cause}>
      <Table.Th scope="row">
        {cause === null ? (
          name
        ) : (
          <Button
            variant={isChosen ? 'light' : 'subtle'}
            size="compact-sm"
            aria-pressed={isChosen}
            onClick={() => choose(isChosen ? undefined : cause)}
          >
            {name}
          </Button>
        )}
      </Table.Th>
      <Table.Td>{formatWhole(count)}</Table.Td>
      <Table.Td>{formatWhole(retriable)}</Table.Td>
      <Table.Td>{formatInstant(lastRefusedAt, timeZone)}</Table.Td>
      <Table.Td>{advice}</Table.Td>
      <Table.Td>
        {cause !== null && retriable > 0 && (
          <Button
            variant="default"
            size="compact-sm"
            disabled={retry.progress?.state === 'running'}
            aria-label={refused.retryAll(formatWhole(retriable), name)}
            onClick={() => retry.start(source === undefined ? { cause } : { cause, sourceId: source })}
          >
            {refused.retry}
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

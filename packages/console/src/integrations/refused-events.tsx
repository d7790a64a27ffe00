import { Button, Group, Table, Title } from '@mantine/core';
import { useId } from 'react';
import type { Parameters } from '../frame/address.ts';
import { Failure } from '../frame/failure.tsx';
import { formatInstant } from '../frame/format.ts';
import { ScrollTable } from '../frame/scroll-table.tsx';
import { useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { texts } from '../texts.ts';
import { explanationOf, type Question, type RefusedEvent, useEvents } from './refused-answers.ts';
import type { Retry } from './refused-retry.ts';

const { refused } = texts;

interface EventsProps {
  question: Question;
  change: (changes: Parameters) => void;
  retry: Retry;
}

/** A page of refused events of the chosen cause, or of all. */
export function Events({ question, change, retry }: EventsProps) {
  const titleId = useId();
  const { data, error, refetch } = useEvents(question);
  const isMended = question.state === 'mended';
  const { refused: refusedAt, mended, ...others } = refused.eventColumns;
  const columns = isMended
    ? [refusedAt, mended, ...Object.values(others)]
    : [refusedAt, ...Object.values(others), refused.columns.retry];
  return (
    <section aria-labelledby={titleId}>
      <Title order={2} id={titleId} mb="xs">
        {question.cause ? refused.eventsOf(explanationOf(question.cause).name) : refused.events}
      </Title>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data && (
        <>
          <ScrollTable label={refused.events} columns={columns} minWidth={820} maxHeight={560}>
            {data.items.map((event) => (
              <Line
                key={event.refusalId}
                event={event}
                open={() => change({ event: event.refusalId })}
                retry={retry}
              />
            ))}
          </ScrollTable>
          <Group mt="xs">
            {question.after && (
              <Button variant="default" size="compact-sm" onClick={() => change({ after: undefined })}>
                {refused.newest}
              </Button>
            )}
            {data.next && (
              <Button
                variant="default"
                size="compact-sm"
                onClick={() => change({ after: data.next ?? undefined })}
              >
                {refused.older}
              </Button>
            )}
          </Group>
        </>
      )}
    </section>
  );
}

function Line({ event, open, retry }: { event: RefusedEvent; open: () => void; retry: Retry }) {
  const { timeZone } = useOrganisation();
  const { refusalId, refusedAt, triedAt, endpoint, sourceId, eventId, reason, obstacle, mended } = event;
  const name = eventId ?? texts.none;
  return (
    <Table.Tr data-event={refusalId}>
      <Table.Td>{formatInstant(refusedAt, timeZone)}</Table.Td>
      {mended && <Table.Td>{triedAt === null ? texts.none : formatInstant(triedAt, timeZone)}</Table.Td>}
      <Table.Td>{endpoint}</Table.Td>
      <Table.Td className="any-text">{sourceId ?? texts.none}</Table.Td>
      <Table.Td className="any-text">
        <Button variant="subtle" size="compact-sm" aria-label={refused.details(name)} onClick={open}>
          {name}
        </Button>
      </Table.Td>
      <Table.Td className="any-text">{reason}</Table.Td>
      {!mended && (
        <Table.Td>
          {obstacle === null && (
            <Button
              variant="default"
              size="compact-sm"
              disabled={retry.progress?.state === 'running'}
              aria-label={refused.retryOne(name)}
              onClick={() => retry.start({ refusalId })}
            >
              {refused.retry}
            </Button>
          )}
        </Table.Td>
      )}
    </Table.Tr>
  );
}

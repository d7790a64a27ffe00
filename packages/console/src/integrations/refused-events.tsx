import { Button, Group, Table, Title } from '@mantine/core';
import { useId } from 'react';
import type { Parameters } from '../frame/address.ts';
import { Failure } from '../frame/failure.tsx';
import { formatInstant } from '../frame/format.ts';
import { useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { texts } from '../texts.ts';
import { explanationOf, type Question, type RefusedEvent, useEvents } from './refused-answers.ts';
import type { Retry } from './refused-retry.ts';

const { refused } = texts;
const { eventColumns } = refused;

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
  const columns = [
    'refused',
    ...(isMended ? ['mended' as const] : []),
    'endpoint',
    'source',
    'event',
    'reason',
  ];
  return (
    <section aria-labelledby={titleId}>
      <Title order={2} id={titleId} mb="xs">
        {question.cause ? refused.eventsOf(explanationOf(question.cause).name) : refused.events}
      </Title>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data && (
        <>
          <Table.ScrollContainer
            minWidth={820}
            maxHeight={560}
            scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'group', 'aria-labelledby': titleId } }}
          >
            <Table stickyHeader withTableBorder verticalSpacing={4}>
              <Table.Thead>
                <Table.Tr>
                  {columns.map((name) => (
                    <Table.Th key={name} scope="col">
                      {eventColumns[name as keyof typeof eventColumns]}
                    </Table.Th>
                  ))}
                  {!isMended && <Table.Th scope="col">{refused.columns.retry}</Table.Th>}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data.items.map((event) => (
                  <Line
                    key={event.refusalId}
                    event={event}
                    open={() => change({ event: event.refusalId })}
                    retry={retry}
                  />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
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

import { Button, Table, Title } from '@mantine/core';
import { useId } from 'react';
import type { Parameters } from '../frame/address.ts';
import { Failure } from '../frame/failure.tsx';
import { formatInstant } from '../frame/format.ts';
import { PageButtons } from '../frame/page-buttons.tsx';
import { ScrollTable } from '../frame/scroll-table.tsx';
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
  const title = question.cause ? refused.eventsOf(explanationOf(question.cause).name) : refused.events;
  const columns = [
    eventColumns.refused,
    ...(isMended ? [eventColumns.mended] : []),
    eventColumns.endpoint,
    eventColumns.source,
    eventColumns.event,
    eventColumns.reason,
    ...(isMended ? [] : [refused.columns.retry]),
  ];
  return (
    <section aria-labelledby={titleId}>
      <Title order={2} id={titleId} mb="xs">
        {title}
      </Title>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data && (
        <>
          <ScrollTable label={title} columns={columns} minWidth={820} maxHeight={560}>
            {data.items.map((event) => (
              <Line
                key={event.refusalId}
                event={event}
                open={() => change({ event: event.refusalId })}
                choose={
                  question.source === undefined ? (source) => change({ source, after: undefined }) : undefined
                }
                retry={retry}
              />
            ))}
          </ScrollTable>
          <PageButtons next={data.next} words={refused} />
        </>
      )}
    </section>
  );
}

interface LineProps {
  event: RefusedEvent;
  open: () => void;
  /** Chooses the source of the event; undefined if one is chosen. */
  choose: ((source: string) => void) | undefined;
  retry: Retry;
}

function Line({ event, open, choose, retry }: LineProps) {
  const { timeZone } = useOrganisation();
  const { refusalId, refusedAt, triedAt, endpoint, sourceId, eventId, reason, obstacle, mended } = event;
  const name = eventId ?? texts.none;
  return (
    <Table.Tr data-event={refusalId}>
      <Table.Td>{formatInstant(refusedAt, timeZone)}</Table.Td>
      {mended && <Table.Td>{triedAt === null ? texts.none : formatInstant(triedAt, timeZone)}</Table.Td>}
      <Table.Td>{endpoint}</Table.Td>
      <Table.Td className="any-text">
        {sourceId && choose ? (
          <Button
            variant="subtle"
            size="compact-sm"
            aria-label={refused.onlySource(sourceId)}
            onClick={() => choose(sourceId)}
          >
            {sourceId}
          </Button>
        ) : (
          (sourceId ?? texts.none)
        )}
      </Table.Td>
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

import { Button, Code, Group, Modal, Stack, Text } from '@mantine/core';
import { Failure } from '../frame/failure.tsx';
import { formatInstant } from '../frame/format.ts';
import { useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { ZoneNote } from '../frame/zone-note.tsx';
import { texts } from '../texts.ts';
import { explanationOf, type RefusedEvent, useEvent } from './refused-answers.ts';
import type { Retry } from './refused-retry.ts';

const { refused } = texts;
const { members } = refused;

interface EventDetailsProps {
  refusalId: string | undefined;
  close: () => void;
  retry: Retry;
}

/** An event as it was sent, why it was refused, and what to do. */
export function EventDetails({ refusalId, close, retry }: EventDetailsProps) {
  const { data, error, refetch } = useEvent(refusalId);
  return (
    <Modal
      opened={refusalId !== undefined}
      onClose={close}
      title={refused.detailsTitle}
      size="lg"
      closeButtonProps={{ 'aria-label': refused.close }}
    >
      {error && <Failure error={error} retry={() => void refetch()} />}
      {data === undefined && !error && <Waiting />}
      {data === null && <Text size="sm">{refused.gone}</Text>}
      {data && (
        <Details
          event={data}
          tryAgain={() => {
            close();
            retry.start({ refusalId: data.refusalId });
          }}
        />
      )}
    </Modal>
  );
}

function Details({ event, tryAgain }: { event: RefusedEvent; tryAgain: () => void }) {
  const { timeZone } = useOrganisation();
  const { name, advice } = explanationOf(event.cause);
  const lines: [string, string][] = [
    [members.cause, event.cause === null ? name : `${name} (${event.cause})`],
    [refused.eventColumns.refused, formatInstant(event.refusedAt, timeZone)],
    [members.key, event.apiKey],
    [members.code, event.resultCode === null ? texts.none : String(event.resultCode)],
  ];
  if (event.triedAt !== null) {
    const when = formatInstant(event.triedAt, timeZone);
    lines.push([
      event.mended ? refused.eventColumns.mended : members.tried,
      `${when} ${members.by} ${event.triedBy ?? texts.none}`,
    ]);
  }
  return (
    <Stack gap="sm">
      <Text size="sm">{event.reason}</Text>
      {!event.mended && <Text size="sm">{advice}</Text>}
      <dl className="members">
        {lines.map(([member, value]) => (
          <div key={member}>
            <dt>{member}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {event.event !== null && (
        <Code block tabIndex={0} role="group" aria-label={refused.eventColumns.event} className="json">
          {readable(event.event)}
        </Code>
      )}
      {event.obstacle === 'tooLong' && <Text size="sm">{refused.shortened}</Text>}
      {!event.mended && event.obstacle !== null && <Text size="sm">{refused.obstacles[event.obstacle]}</Text>}
      {!event.mended && event.obstacle === null && (
        <Group justify="flex-end">
          <Button onClick={tryAgain}>{refused.retry}</Button>
        </Group>
      )}
      <ZoneNote timeZone={timeZone} />
    </Stack>
  );
}

/** JSON with a line for each member; as it is if the text was cut. */
function readable(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), undefined, 2);
  } catch {
    return json;
  }
}

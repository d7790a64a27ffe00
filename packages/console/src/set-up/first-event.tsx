import { Alert, Anchor, Group, Loader, Stack, Text } from '@mantine/core';
import { Link } from 'wouter';
import { formatTime } from '../frame/format.ts';
import { useOrganisation } from '../frame/session.ts';
import { nameOf } from '../frame/sources.ts';
import { texts } from '../texts.ts';
import { type Progress, useLastRefusal } from './answers.ts';

const { event } = texts.setUp.steps;

/** Waits for the first event: it has arrived, or the server refused it, with the reason. */
export function FirstEvent({ progress: { keys, arrivedAt, arrivedFrom } }: { progress: Progress }) {
  const { organisation } = useOrganisation();
  const arrival = arrivedAt ? arrivalOf(arrivedAt) : arrivedFrom && event.arrivedFrom(nameOf(arrivedFrom));
  const refusal = useLastRefusal(keys > 0 && !arrival);
  if (keys === 0 && !arrival) return <Text size="sm">{event.needsKey}</Text>;
  return (
    <Stack gap="xs" role="status">
      {arrival ? (
        <Alert
          color="green"
          variant="outline"
          title={
            <Text span inherit c="bright">
              {arrival}
            </Text>
          }
        >
          <Anchor component={Link} href={`/${organisation}/today`} size="sm">
            {event.today}
          </Anchor>
        </Alert>
      ) : (
        <>
          <Group gap="xs">
            <Loader size="xs" aria-hidden />
            <Text size="sm">{event.waiting}</Text>
          </Group>
          <Text size="sm">{event.advice}</Text>
        </>
      )}
      {refusal && !arrival && (
        <Alert color="red" variant="outline" title={event.refused}>
          <Text size="sm">{refusal.reason}</Text>
          <Text size="sm">{event.refusedAdvice}</Text>
        </Alert>
      )}
    </Stack>
  );
}

function arrivalOf({ locationName, lastSeenAt, timeZone }: NonNullable<Progress['arrivedAt']>): string {
  return lastSeenAt
    ? event.arrived(locationName, formatTime(lastSeenAt, timeZone), timeZone)
    : event.arrivedVisitor(locationName);
}

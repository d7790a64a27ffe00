import { Alert, Progress, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { clientOf } from '../frame/client.ts';
import { formatWhole } from '../frame/format.ts';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';

const { redating: words } = texts.places;
const ASK_EVERY_MS = 2_000;

/** The progress of the job that follows a change of the office's time zone. Nothing while there is none to do. */
export function Redating({ locationId }: { locationId: string }) {
  const { organisation } = useOrganisation();
  const { data } = useQuery({
    queryKey: [organisation, 'node', locationId, 'redating'],
    queryFn: ({ signal }) => clientOf(organisation).manage.redating(locationId, { signal }),
    staleTime: 0,
    refetchInterval: ({ state }) => (isUnderWay(state.data?.redating) ? ASK_EVERY_MS : false),
  });
  const redating = data?.redating;
  if (!redating || !isUnderWay(redating)) return null;
  const { fromTimeZone, toTimeZone, startedAt, eventsDone, eventsTotal } = redating;
  return (
    <Alert role="status" variant="outline" color="gray" title={words.title}>
      <Text size="sm">
        {startedAt === null
          ? words.waiting(fromTimeZone, toTimeZone)
          : words.running(formatWhole(eventsDone), formatWhole(eventsTotal))}
      </Text>
      <Progress.Root mt="xs">
        <Progress.Section
          value={eventsTotal === 0 ? 0 : (100 * eventsDone) / eventsTotal}
          aria-label={words.label}
        />
      </Progress.Root>
    </Alert>
  );
}

function isUnderWay(redating: { finishedAt: string | null } | null | undefined): boolean {
  return redating?.finishedAt === null;
}

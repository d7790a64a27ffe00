import { Alert, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { clientOf } from '../frame/client.ts';
import { formatWhole, formatZonedInstant } from '../frame/format.ts';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';

const { eventQuota } = texts;
/** The count is a few seconds late in any case. */
const ASK_EVERY_MS = 30_000;

/** Warns if most or all of the daily event quota is used. Nothing else, and nothing for roles that may not read the quota. */
export function EventQuotaWarning() {
  const { organisation, role, timeZone } = useOrganisation();
  const { data } = useQuery({
    queryKey: [organisation, 'event quota'],
    queryFn: ({ signal }) => clientOf(organisation).manage.eventQuota({ signal }),
    refetchInterval: ASK_EVERY_MS,
    enabled: role === 'administrator' || role === 'integrations',
  });
  if (!data || data.quota === null || data.reachedPercent === 0) return null;
  const isUsedUp = data.reachedPercent === 100;
  return (
    <Alert
      variant="outline"
      color={isUsedUp ? 'red' : 'gray'}
      title={isUsedUp ? eventQuota.usedUp : eventQuota.near}
      role="status"
    >
      <Text size="sm">
        {eventQuota.use(formatWhole(data.stored), formatWhole(data.quota))}{' '}
        {eventQuota.until(formatZonedInstant(data.nextDayAt, timeZone))}
      </Text>
    </Alert>
  );
}

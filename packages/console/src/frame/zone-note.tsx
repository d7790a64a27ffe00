import { Text } from '@mantine/core';
import { texts } from '../texts.ts';
import { browserZone } from './format.ts';

/** Names the time zone of the times above; by default, the browser's. */
export function ZoneNote({ timeZone = browserZone() }: { timeZone?: string }) {
  return (
    <Text size="sm" c="dimmed">
      {texts.zone(timeZone)}
    </Text>
  );
}

import { Text } from '@mantine/core';
import { formatWhole } from '../frame/format.ts';
import { texts } from '../texts.ts';

/** How many placements of a plan nobody sees, and why. Nothing if there are none. */
export function Hidden({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <Text size="sm" data-hidden={count}>
      {texts.floor.hidden(formatWhole(count), count === 1)}
    </Text>
  );
}

import { Text } from '@mantine/core';
import { formatTime } from '../frame/format.ts';
import { texts } from '../texts.ts';

interface AsOfProps {
  asOf: string;
  timeZone: string;
  /** The last question for newer numbers failed. */
  isLate: boolean;
}

/** The moment of the numbers. Screen readers do not read it each second. */
export function AsOf({ asOf, timeZone, isLate }: AsOfProps) {
  return (
    <Text size="sm" c={isLate ? 'red' : 'dimmed'}>
      <time dateTime={asOf}>{texts.today.asOf(formatTime(asOf, timeZone, { seconds: true }), timeZone)}</time>
    </Text>
  );
}

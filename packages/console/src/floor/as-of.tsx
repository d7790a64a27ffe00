import { Text } from '@mantine/core';
import { formatTime } from '../frame/format.ts';
import { texts } from '../texts.ts';
import type { Floor } from './answers.ts';

const { day: words } = texts.floor;

interface AsOfProps {
  floor: Floor;
  /** The last question for newer states failed. */
  isLate: boolean;
}

/** The moment of the states. Screen readers do not read it each time. */
export function AsOf({ floor: { asOf, timeZone }, isLate }: AsOfProps) {
  return (
    <Text size="sm" c={isLate ? 'red' : 'dimmed'}>
      <time dateTime={asOf}>{words.asOf(formatTime(asOf, timeZone, { seconds: true }), timeZone)}</time>
      {isLate && ` ${words.late}`}
    </Text>
  );
}

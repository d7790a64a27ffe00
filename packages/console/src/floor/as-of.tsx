import { Text } from '@mantine/core';
import type { Day } from '../frame/days.ts';
import { formatTime, formatWeekdayAndDay } from '../frame/format.ts';
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

/** Says that the states are of another day than the chosen one, until its own are loaded. */
export function Awaited({ awaited, shown }: { awaited: Day; shown: Day }) {
  return (
    <Text size="sm" c="dimmed" role="status" data-awaited={awaited}>
      {words.awaited(formatWeekdayAndDay(awaited), formatWeekdayAndDay(shown))}
    </Text>
  );
}

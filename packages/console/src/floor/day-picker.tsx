import { ActionIcon, Button, Group, TextInput } from '@mantine/core';
import { useEffect, useId, useRef, useState } from 'react';
import { addDays, type Day, daysBetween, isDay } from '../frame/days.ts';
import { formatWeekdayAndDay } from '../frame/format.ts';
import { Icon } from '../frame/icon.tsx';
import { texts } from '../texts.ts';

const { day: words } = texts.floor;
/** The slider reaches so many days to both sides of today, and to the chosen day. */
const REACH = 14;
/** The slider waits so long for the next day before it asks for this one. */
const PAUSE_MS = 150;

interface DayPickerProps {
  day: Day;
  today: Day;
  /** Undefined chooses today, whichever day that is. */
  choose: (day: Day | undefined) => void;
}

/** Chooses a day: by a slider around today, from day to day, or by its date. */
export function DayPicker({ day, today, choose }: DayPickerProps) {
  const sliderId = useId();
  const [slid, setSlid] = useState<Day>();
  const [typed, setTyped] = useState<string>();
  const pick = (next: Day) => choose(next === today ? undefined : next);
  // After the pause, the address may have other parameters than at its beginning.
  const latestPick = useRef(pick);
  latestPick.current = pick;
  useEffect(() => {
    if (slid === undefined) return;
    const pause = setTimeout(() => {
      latestPick.current(slid);
      setSlid(undefined);
    }, PAUSE_MS);
    return () => clearTimeout(pause);
  }, [slid]);
  const shown = slid ?? day;
  const offset = offsetOf(today, shown);
  const chosen = offsetOf(today, day);
  const label =
    shown === today ? `${formatWeekdayAndDay(shown)}, ${words.isToday}` : formatWeekdayAndDay(shown);
  return (
    <Group gap="xs" align="flex-end" className="day-picker">
      <ActionIcon
        variant="default"
        size={36}
        aria-label={words.previous}
        onClick={() => pick(addDays(day, -1))}
      >
        <Icon name="left" />
      </ActionIcon>
      <div className="day-slider">
        <label htmlFor={sliderId}>{label}</label>
        <input
          id={sliderId}
          type="range"
          aria-label={words.slider}
          aria-valuetext={label}
          min={Math.min(-REACH, chosen)}
          max={Math.max(REACH, chosen)}
          step={1}
          value={offset}
          onChange={({ currentTarget }) => setSlid(addDays(today, currentTarget.valueAsNumber))}
        />
      </div>
      <ActionIcon variant="default" size={36} aria-label={words.next} onClick={() => pick(addDays(day, 1))}>
        <Icon name="right" />
      </ActionIcon>
      <TextInput
        type="date"
        aria-label={words.label}
        error={typed !== undefined && !isDay(typed) ? words.wrong : undefined}
        value={typed ?? shown}
        onBlur={() => setTyped(undefined)}
        onChange={({ currentTarget: { value } }) => {
          setTyped(value);
          if (isDay(value)) pick(value);
        }}
      />
      <Button variant="default" disabled={day === today} onClick={() => choose(undefined)}>
        {words.today}
      </Button>
    </Group>
  );
}

/** How many days after `today`. Negative before it. */
function offsetOf(today: Day, day: Day): number {
  return daysBetween(today, day) - 1;
}

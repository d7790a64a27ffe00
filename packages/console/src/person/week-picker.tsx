import { Button, Group, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { addDays, type Day, isDay, mondayOf } from '../frame/days.ts';
import { formatDay } from '../frame/format.ts';
import { texts } from '../texts.ts';

const { week } = texts.person;

interface WeekPickerProps {
  monday: Day;
  /** The Monday of the present week. */
  present: Day;
  choose: (monday: Day) => void;
}

/** Moves from week to week. */
export function WeekPicker({ monday, present, choose }: WeekPickerProps) {
  /** Another day of the week, while one types it. */
  const [typed, setTyped] = useState<Day>();
  return (
    <Group gap="sm" align="flex-end">
      <Button variant="default" onClick={() => choose(addDays(monday, -7))}>
        {week.previous}
      </Button>
      <Button variant="default" onClick={() => choose(addDays(monday, 7))}>
        {week.next}
      </Button>
      <TextInput
        type="date"
        label={week.starts}
        value={typed ?? monday}
        onBlur={() => setTyped(undefined)}
        onChange={({ currentTarget: { value } }) => {
          setTyped(value);
          if (isDay(value) && mondayOf(value) !== monday) choose(mondayOf(value));
        }}
      />
      {monday !== present && (
        <Button variant="subtle" onClick={() => choose(present)}>
          {week.this}
        </Button>
      )}
      <Title order={2} w="100%">
        {week.title(formatDay(monday), formatDay(addDays(monday, 6)))}
      </Title>
    </Group>
  );
}

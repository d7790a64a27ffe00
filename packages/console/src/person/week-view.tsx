import { Stack } from '@mantine/core';
import { useEffect } from 'react';
import { useParameters } from '../frame/address.ts';
import { type Day, isDay, mondayOf, todayIn } from '../frame/days.ts';
import { Failure } from '../frame/failure.tsx';
import { Waiting } from '../frame/shell.tsx';
import { type Profile, useWeek } from './answers.ts';
import { ChangeDays } from './change-days.tsx';
import { WeekPicker } from './week-picker.tsx';
import { WeekTable } from './week-table.tsx';

/** Between the days of the address. */
const SEPARATOR = ',';

/** A week of a person, and what changes its days. */
export function WeekView({ profile }: { profile: Profile }) {
  const { userId, today, timeZone } = profile;
  const [parameters, change] = useParameters();
  const asked = parameters.get('week') ?? '';
  const present = mondayOf(today ?? todayIn(timeZone));
  const monday = isDay(asked) ? mondayOf(asked) : present;
  useEffect(() => {
    // With its week, the address opens the same view next week.
    if (asked !== monday) change({ week: monday }, { replace: true });
  }, [asked, monday, change]);
  const { data, error, refetch } = useWeek(userId, monday);
  const canChange = (day: Day) => today !== null && day >= today;
  // A link may be old, or of another week: what cannot be changed is not selected.
  const days = new Set(
    (parameters.get('days') ?? '')
      .split(SEPARATOR)
      .filter((day) => isDay(day) && mondayOf(day) === monday && canChange(day)),
  );
  const select = (selected: ReadonlySet<Day>) =>
    change({ days: [...selected].sort().join(SEPARATOR) }, { replace: true });
  const toggle = (day: Day) => {
    const next = new Set(days);
    if (!next.delete(day)) next.add(day);
    select(next);
  };
  return (
    <Stack>
      <WeekPicker monday={monday} present={present} choose={(week) => change({ week, days: undefined })} />
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data && (
        <>
          <WeekTable week={data} profile={profile} selected={days} toggle={toggle} canChange={canChange} />
          <ChangeDays
            key={monday}
            profile={profile}
            days={data.filter(({ day }) => days.has(day))}
            canChange={data.some(({ day }) => canChange(day))}
            reload={() => refetch()}
            onDone={() => select(new Set())}
          />
        </>
      )}
    </Stack>
  );
}

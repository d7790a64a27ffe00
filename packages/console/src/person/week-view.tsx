import { Stack } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useParameters } from '../frame/address.ts';
import { type Day, isDay, mondayOf, todayIn } from '../frame/days.ts';
import { Failure } from '../frame/failure.tsx';
import { Waiting } from '../frame/shell.tsx';
import { type Profile, useWeek } from './answers.ts';
import { ChangeDays } from './change-days.tsx';
import { WeekPicker } from './week-picker.tsx';
import { WeekTable } from './week-table.tsx';

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
  const [selected, setSelected] = useState<{ monday: Day; days: ReadonlySet<Day> }>({
    monday,
    days: new Set(),
  });
  const days = selected.monday === monday ? selected.days : new Set<Day>();
  const toggle = (day: Day) => {
    const next = new Set(days);
    if (!next.delete(day)) next.add(day);
    setSelected({ monday, days: next });
  };
  const canChange = (day: Day) => today !== null && day >= today;
  return (
    <Stack>
      <WeekPicker monday={monday} present={present} choose={(week) => change({ week })} />
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
            onDone={() => setSelected({ monday, days: new Set() })}
          />
        </>
      )}
    </Stack>
  );
}

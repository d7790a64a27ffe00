import { Select } from '@mantine/core';
import type { Reply } from '@rollcall/sdk';
import { useQueries } from '@tanstack/react-query';
import { useState } from 'react';
import type { Day } from '../frame/days.ts';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { type PersonDay, useManage } from './answers.ts';

const { change } = texts.person;
type Availability = Reply<'GET /v1/manage/locations/{locationId}/availability'>;

/** The list shows so many seats at once. The search finds the others. */
const SHOWN = 100;
/** What is free changes often. */
const FRESH_MS = 10_000;

interface SeatSelectProps {
  office: string;
  days: readonly PersonDay[];
  seat: string;
  choose: (seat: string) => void;
}

/** Chooses a free desk or zone, the office itself, or that the server chooses. */
export function SeatSelect({ office, days, seat, choose }: SeatSelectProps) {
  const [isWanted, setIsWanted] = useState(seat !== '');
  const answers = useAvailability(
    office,
    days.map(({ day }) => day),
    isWanted,
  );
  const isLoading = isWanted && answers.length < days.length;
  const seats = seatsOf(answers);
  const data = [
    { value: '', label: change.serverChooses },
    { value: office, label: change.officeSeat },
    ...[...seats].map(([value, { label, free }]) => ({
      value,
      label: change.freeOn(label, free, days.length),
    })),
  ];
  return (
    <Select
      label={change.seat}
      description={change.seatHint}
      inputWrapperOrder={['label', 'input', 'description']}
      w={320}
      searchable
      allowDeselect={false}
      limit={SHOWN}
      nothingFoundMessage={isLoading ? change.loadingSeats : change.noSeat}
      value={seat}
      onDropdownOpen={() => setIsWanted(true)}
      onChange={(value) => choose(value ?? '')}
      data={data.some(({ value }) => value === seat) ? data : [...data, { value: seat, label: seat }]}
    />
  );
}

/** The answers that have arrived, one for each day. */
function useAvailability(office: string, days: readonly Day[], isWanted: boolean): Availability[] {
  const { organisation } = useOrganisation();
  const manage = useManage();
  return useQueries({
    queries: days.map((day) => ({
      queryKey: [organisation, 'free seats', office, day],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        manage.availability(office, { day, free: true }, { signal }),
      enabled: isWanted,
      staleTime: FRESH_MS,
    })),
    combine: (results) => results.flatMap(({ data }) => (data ? [data] : [])),
  });
}

interface Seat {
  label: string;
  /** The number of days on which it is free. */
  free: number;
}

/** Desks and zones with room on some of the days, those that are free on most days first. */
function seatsOf(answers: readonly Availability[]): Map<string, Seat> {
  const seats = new Map<string, Seat>();
  const add = (id: string, label: string) => {
    const seat = seats.get(id) ?? { label, free: 0 };
    seat.free++;
    seats.set(id, seat);
  };
  for (const { zones, desks } of answers) {
    for (const { deskId, deskName, zoneName, levelName } of desks) {
      add(deskId, change.deskOption(deskName, zoneName, levelName));
    }
    for (const { zoneId, zoneName, levelName, remaining } of zones) {
      if (remaining === null || remaining > 0) add(zoneId, change.zoneOption(zoneName, levelName));
    }
  }
  return new Map([...seats].toSorted(([, a], [, b]) => b.free - a.free));
}

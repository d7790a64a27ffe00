import { Anchor, Checkbox, Table, Text } from '@mantine/core';
import { Link, useLocation } from 'wouter';
import type { Day } from '../frame/days.ts';
import { formatTime, formatWeekdayAndDay } from '../frame/format.ts';
import { ScrollTable } from '../frame/scroll-table.tsx';
import { texts } from '../texts.ts';
import type { PersonDay, Profile } from './answers.ts';
import { bookingSource, bookingWords, planSource, planWords } from './day-words.ts';

const { week } = texts.person;

interface WeekTableProps {
  week: readonly PersonDay[];
  profile: Profile;
  selected: ReadonlySet<Day>;
  toggle: (day: Day) => void;
  canChange: (day: Day) => boolean;
}

/** The days of a week: plan, booking, presence and attendance. Days that can change can be selected. */
export function WeekTable({ week: days, profile, selected, toggle, canChange }: WeekTableProps) {
  return (
    <ScrollTable label={texts.person.views.week} columns={week.columns} withControls minWidth={760}>
      {days.map((each) => (
        <DayRow
          key={each.day}
          day={each}
          isToday={each.day === profile.today}
          isSelected={selected.has(each.day)}
          select={canChange(each.day) ? () => toggle(each.day) : undefined}
        />
      ))}
    </ScrollTable>
  );
}

interface DayRowProps {
  day: PersonDay;
  isToday: boolean;
  isSelected: boolean;
  /** Undefined for a day that cannot change. */
  select: (() => void) | undefined;
}

function DayRow({ day, isToday, isSelected, select }: DayRowProps) {
  const [path] = useLocation();
  const name = formatWeekdayAndDay(day.day);
  return (
    <Table.Tr data-day={day.day} {...(isToday ? { 'aria-current': 'date' } : {})}>
      <Table.Th scope="row" fw={isToday ? 700 : 500}>
        {select ? (
          <Checkbox label={name} aria-label={week.select(name)} checked={isSelected} onChange={select} />
        ) : (
          name
        )}
      </Table.Th>
      <Table.Td>
        {planWords(day)}
        <Source text={planSource(day)} />
      </Table.Td>
      <Table.Td>
        {bookingWords(day)}
        <Source text={bookingSource(day)} />
      </Table.Td>
      <Presence day={day} />
      <Table.Td>
        {day.attendance.length === 0
          ? texts.none
          : day.attendance.map(({ locationId, locationName, attendanceType }) => (
              <div key={locationId}>
                {week.attendance[attendanceType ?? 'open']}
                {day.attendance.length > 1 || locationId !== day.locationId ? ` (${locationName})` : ''}
              </div>
            ))}
      </Table.Td>
      <Table.Td>
        <Anchor
          component={Link}
          href={`${path}?${new URLSearchParams({ tab: 'log', day: day.day })}`}
          size="sm"
          aria-label={week.whyLabel(name)}
        >
          {week.why}
        </Anchor>
      </Table.Td>
    </Table.Tr>
  );
}

function Presence({ day: { attendance } }: { day: PersonDay }) {
  const seen = attendance.filter(({ presence }) => presence);
  return (
    <Table.Td>
      {seen.length === 0
        ? texts.none
        : seen.map(({ locationId, timeZone, presence }) => {
            if (!presence) return null;
            const { firstSeenAt, lastSeenAt, firstSourceId, lastSourceId } = presence;
            return (
              <div key={locationId}>
                {week.seen(formatTime(firstSeenAt, timeZone), formatTime(lastSeenAt, timeZone), timeZone)}
                <Source text={week.sources(firstSourceId, lastSourceId)} />
              </div>
            );
          })}
    </Table.Td>
  );
}

function Source({ text }: { text: string | undefined }) {
  if (!text) return null;
  return (
    <Text size="xs" c="dimmed">
      {text}
    </Text>
  );
}

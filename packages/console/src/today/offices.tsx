import { Button, Group, Table, Title } from '@mantine/core';
import { useId } from 'react';
import { dayOf } from '../frame/days.ts';
import { formatTime, formatWeekdayAndDay, formatWhole } from '../frame/format.ts';
import { ScrollTable } from '../frame/scroll-table.tsx';
import { texts } from '../texts.ts';
import type { Office } from './answers.ts';

const { today } = texts;
const { figures } = today;

interface OfficesProps {
  offices: readonly Office[];
  chosen: string | undefined;
  /** Chooses an office, or none. */
  choose: (locationId: string | undefined) => void;
}

const COLUMNS = ['present', 'expected', 'planned', 'booked', 'walkIn', 'visitors'] as const;
const HEADERS = [
  today.office,
  today.day,
  ...COLUMNS.map((name) => figures[name]),
  figures.spacesInUse,
  today.lastSeen,
];

/** The offices, with a line for each. */
export function Offices({ offices, chosen, choose }: OfficesProps) {
  const titleId = useId();
  return (
    <section aria-labelledby={titleId}>
      <Group justify="space-between" mb="xs">
        <Title order={2} id={titleId}>
          {today.offices}
        </Title>
        {chosen !== undefined && (
          <Button variant="subtle" size="compact-sm" onClick={() => choose(undefined)}>
            {today.allOffices}
          </Button>
        )}
      </Group>
      <ScrollTable label={today.offices} columns={HEADERS} maxHeight={420} className="numbers">
        {offices.map((office) => (
          <Line
            key={office.locationId}
            office={office}
            isChosen={office.locationId === chosen}
            choose={choose}
          />
        ))}
      </ScrollTable>
    </section>
  );
}

interface LineProps {
  office: Office;
  isChosen: boolean;
  choose: OfficesProps['choose'];
}

function Line({ office, isChosen, choose }: LineProps) {
  const { locationId, locationName, day, lastSeenAt, timeZone, spacesInUse, spacesReporting } = office;
  return (
    <Table.Tr data-office={locationId}>
      <Table.Th scope="row">
        <Button
          variant={isChosen ? 'light' : 'subtle'}
          size="compact-sm"
          aria-pressed={isChosen}
          onClick={() => choose(isChosen ? undefined : locationId)}
        >
          {locationName}
        </Button>
      </Table.Th>
      <Table.Td>{formatWeekdayAndDay(dayOf(day))}</Table.Td>
      {COLUMNS.map((name) => (
        <Table.Td key={name}>{formatWhole(office[name])}</Table.Td>
      ))}
      <Table.Td>
        {spacesReporting === 0
          ? texts.none
          : today.ofRooms(formatWhole(spacesInUse), formatWhole(spacesReporting))}
      </Table.Td>
      <Table.Td>
        {lastSeenAt === null ? texts.none : today.at(formatTime(lastSeenAt, timeZone), timeZone)}
      </Table.Td>
    </Table.Tr>
  );
}

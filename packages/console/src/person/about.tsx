import { Badge, Group, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core';
import { type ReactNode, useId } from 'react';
import { TableHead } from '../frame/scroll-table.tsx';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import type { Profile } from './answers.ts';
import { Erasure } from './erasure.tsx';
import { ExportButton } from './export.tsx';
import { LeaveList } from './leave.tsx';
import { WeekPlanForm } from './week-plan-form.tsx';

const { people, person } = texts;
const { about } = person;

/** What belongs to a person: week plan, groups, cards, desks and leave. Administrators save all that is held. */
export function About({ profile }: { profile: Profile }) {
  const { role } = useOrganisation();
  const { userName, email, primaryLocationName, groups, cards, assignedDesks } = profile;
  return (
    <Stack gap="lg">
      <SimpleGrid component="dl" cols={{ base: 1, xs: 3 }} m={0}>
        <Fact name={about.userName} value={userName} />
        <Fact name={about.email} value={email} />
        <Fact name={about.office} value={primaryLocationName} />
      </SimpleGrid>
      <WeekPlanForm profile={profile} />
      <Section title={about.groups} isEmpty={groups.length === 0}>
        <ul className="entries">
          {groups.map(({ groupId, groupName, groupType, primary }) => (
            <li key={groupId}>
              <Group gap="xs">
                <Text size="sm">{groupName}</Text>
                <Text size="xs" c="dimmed">
                  {groupType}
                </Text>
                {primary && <Badge variant="outline">{about.primary}</Badge>}
              </Group>
            </li>
          ))}
        </ul>
      </Section>
      <Section title={about.desks} isEmpty={assignedDesks.length === 0}>
        <ul className="entries">
          {assignedDesks.map(({ deskId, deskName, zoneName, levelName, locationName }) => (
            <li key={deskId}>
              <Text size="sm">
                {[person.week.desk(deskName, zoneName), levelName, locationName].join(', ')}
              </Text>
            </li>
          ))}
        </ul>
      </Section>
      <Section title={about.cards} isEmpty={cards.length === 0}>
        <Rows
          columns={about.cardColumns}
          rows={cards.map(({ cardNumber, facilityCode, credentialType, active }) => [
            cardNumber,
            facilityCode || texts.none,
            credentialType,
            people.statuses[active ? 'active' : 'inactive'],
          ])}
        />
      </Section>
      <Section title={about.leave.title}>
        <LeaveList profile={profile} />
      </Section>
      {role === 'administrator' && (
        <>
          <Section title={about.heldData.title}>
            <ExportButton profile={profile} />
          </Section>
          <Section title={about.erasure.title}>
            <Erasure profile={profile} />
          </Section>
        </>
      )}
    </Stack>
  );
}

function Fact({ name, value }: { name: string; value: string | null }) {
  return (
    <div>
      <Text component="dt" size="sm" c="dimmed">
        {name}
      </Text>
      <Text component="dd" m={0}>
        {value ?? texts.none}
      </Text>
    </div>
  );
}

function Section({
  title,
  isEmpty = false,
  children,
}: {
  title: string;
  isEmpty?: boolean;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <Title order={2} id={id} mb="xs">
        {title}
      </Title>
      {isEmpty ? <Text size="sm">{about.none}</Text> : children}
    </section>
  );
}

function Rows({ columns, rows }: { columns: readonly string[]; rows: readonly (readonly string[])[] }) {
  return (
    <Table withTableBorder verticalSpacing={4} maw={640}>
      <TableHead columns={columns} />
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={row.join(' ')}>
            {columns.map((column, index) => (
              <Table.Td key={column}>{row[index]}</Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

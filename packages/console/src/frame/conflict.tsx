import { Alert, Button, Group, Stack, Table, Text } from '@mantine/core';
import { texts } from '../texts.ts';
import { ScrollTable } from './scroll-table.tsx';
import { type Row, textOf } from './versions.ts';

const { conflict } = texts;

interface ConflictProps {
  title: string;
  /** The members that the form has. */
  members: readonly string[];
  labelOf: (member: string) => string;
  /** The words for a value; by default its text. */
  wordsFor?: (member: string, text: string) => string;
  /** The values that were stored when typing began. */
  before: Row;
  /** The values that are stored now. */
  now: Row;
  typed: Readonly<Record<string, string>>;
  onKeep: () => void;
  onTake: () => void;
}

/** Says what somebody else has stored meanwhile, beside what was typed. */
export function Conflict({
  title,
  members,
  labelOf,
  wordsFor = (_, text) => text,
  before,
  now,
  typed,
  onKeep,
  onTake,
}: ConflictProps) {
  const differing = members.filter((member) => textOf(before, member) !== textOf(now, member));
  const shown = members.filter((member) => differing.includes(member) || typed[member] !== undefined);
  const words = (member: string, text: string | undefined) => (text ? wordsFor(member, text) : texts.none);
  return (
    <Alert role="alert" color="red" variant="outline" title={title}>
      <Stack gap="xs">
        <Text size="sm">{conflict.advice}</Text>
        {shown.length > 0 && (
          <ScrollTable label={conflict.table} columns={conflict.columns} maxHeight={200}>
            {shown.map((member) => (
              <Table.Tr key={member}>
                <Table.Td>{labelOf(member)}</Table.Td>
                <Table.Td>{words(member, textOf(before, member))}</Table.Td>
                <Table.Td>{words(member, textOf(now, member))}</Table.Td>
                <Table.Td>{words(member, typed[member])}</Table.Td>
              </Table.Tr>
            ))}
          </ScrollTable>
        )}
        <Group>
          <Button size="xs" variant="default" onClick={onKeep}>
            {conflict.keepMine}
          </Button>
          <Button size="xs" variant="default" onClick={onTake}>
            {conflict.takeTheirs}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}

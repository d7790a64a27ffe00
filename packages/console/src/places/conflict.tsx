import { Alert, Button, Group, Stack, Table, Text } from '@mantine/core';
import { ScrollTable } from '../frame/scroll-table.tsx';
import { texts } from '../texts.ts';
import { type Field, fieldLabel, type Row, textOf } from './kinds.ts';

const { conflict } = texts.places;
const { states } = texts.places;

interface ConflictProps {
  fields: readonly Field[];
  /** The values that were stored when typing began. */
  before: Row;
  /** The values that are stored now. */
  now: Row;
  typed: Readonly<Record<string, string>>;
  onKeep: () => void;
  onTake: () => void;
}

/** Says what somebody else has stored meanwhile, beside what was typed. */
export function Conflict({ fields, before, now, typed, onKeep, onTake }: ConflictProps) {
  const members = [...fields.map(({ name }) => name), 'status'];
  const differing = members.filter((member) => textOf(before, member) !== textOf(now, member));
  const shown = members.filter((member) => differing.includes(member) || typed[member] !== undefined);
  const words = (member: string, text: string | undefined) =>
    (member === 'status' && text ? states[text as keyof typeof states] : text) || texts.none;
  return (
    <Alert role="alert" color="red" variant="outline" title={conflict.title}>
      <Stack gap="xs">
        <Text size="sm">{conflict.advice}</Text>
        {shown.length > 0 && (
          <ScrollTable label={conflict.table} columns={conflict.columns} maxHeight={200}>
            {shown.map((member) => (
              <Table.Tr key={member}>
                <Table.Td>{fieldLabel(member)}</Table.Td>
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

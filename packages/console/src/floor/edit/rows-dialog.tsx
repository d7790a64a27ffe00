import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { formatWhole } from '../../frame/format.ts';
import { texts } from '../../texts.ts';
import type { Grid } from './editor.ts';

const { rows: words } = texts.floor.editor;
const FIELDS = {
  perRow: { min: 1, max: 200, step: 1 },
  columnGap: { min: 0.5, max: 50, step: 0.5 },
  rowGap: { min: 0.5, max: 50, step: 0.5 },
} as const;
type Field = keyof typeof FIELDS;

interface RowsDialogProps {
  /** How many desks. */
  count: number;
  onClose: () => void;
  onSubmit: (grid: Grid) => void;
}

/** Asks how desks are put on the plan together. */
export default function RowsDialog({ count, onClose, onSubmit }: RowsDialogProps) {
  const [typed, setTyped] = useState<Record<Field, string>>({
    perRow: String(Math.max(1, Math.min(10, Math.ceil(Math.sqrt(count * 1.5))))),
    columnGap: '4',
    rowGap: '5',
  });
  const numberIn = (field: Field) => Number(typed[field]);
  const isWrong = (field: Field) => {
    const { min, max } = FIELDS[field];
    const value = numberIn(field);
    return typed[field] === '' || !(value >= min && value <= max);
  };
  const names = Object.keys(FIELDS) as Field[];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (names.some(isWrong)) return;
    onSubmit({
      perRow: Math.round(numberIn('perRow')),
      columnGap: numberIn('columnGap') / 100,
      rowGap: numberIn('rowGap') / 100,
    });
  };
  const perRow = isWrong('perRow') ? 1 : Math.round(numberIn('perRow'));
  return (
    <Modal opened onClose={onClose} title={words.title} closeButtonProps={{ 'aria-label': words.cancel }}>
      <form onSubmit={submit}>
        <Stack>
          {names.map((field) => (
            <TextInput
              key={field}
              type="number"
              label={words[field]}
              {...FIELDS[field]}
              value={typed[field]}
              error={isWrong(field) ? words.between(FIELDS[field].min, FIELDS[field].max) : undefined}
              onChange={({ currentTarget: { value } }) => setTyped({ ...typed, [field]: value })}
            />
          ))}
          <Text size="sm">{words.preview(formatWhole(Math.ceil(count / perRow)), formatWhole(count))}</Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {words.cancel}
            </Button>
            <Button type="submit">{words.submit}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

import { Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { useEffect, useId, useState } from 'react';
import { formatWhole } from '../../frame/format.ts';
import { texts } from '../../texts.ts';
import { isArea, type LevelNode, type Placement } from '../plan.ts';
import type { Editor } from './editor.ts';
import type { Commands } from './use-commands.ts';

const { selection: words } = texts.floor.editor;
const { kinds } = texts.floor;

interface SelectionFieldsProps {
  editor: Editor;
  places: ReadonlyMap<string, LevelNode>;
  commands: Commands;
}

/** What is selected. One place has its position as numbers, so it can be moved and resized without a drag. */
export function SelectionFields({ editor, places, commands }: SelectionFieldsProps) {
  const titleId = useId();
  const { selected, plan } = editor;
  const [only] = selected;
  const placement = selected.size === 1 ? plan.placements.find(({ nodeId }) => nodeId === only) : undefined;
  const place = placement && places.get(placement.nodeId);
  return (
    <section aria-labelledby={titleId} data-selection={selected.size}>
      <Title order={2} size="h4" id={titleId}>
        {words.title}
      </Title>
      {placement && place ? (
        <Stack gap="xs">
          <Text size="sm">
            {kinds[place.kind]} <b>{place.name}</b>
          </Text>
          <Fields key={placement.nodeId} placement={placement} place={place} commands={commands} />
        </Stack>
      ) : (
        <Text size="sm" c="dimmed">
          {selected.size === 0 ? words.none : words.many(formatWhole(selected.size))}
        </Text>
      )}
    </section>
  );
}

type Member = 'x' | 'y' | 'width' | 'height';

function Fields({
  placement,
  place,
  commands,
}: {
  placement: Placement;
  place: LevelNode;
  commands: Commands;
}) {
  const members: Member[] = isArea(place.kind) ? ['x', 'y', 'width', 'height'] : ['x', 'y'];
  return (
    <Group gap="xs" grow preventGrowOverflow={false} wrap="wrap">
      {members.map((member) => (
        <PercentField
          key={member}
          label={words[member]}
          value={partOf(placement, member)}
          onChange={(value) =>
            commands.put([changed(placement, member, value)], `field ${place.nodeId} ${member}`)
          }
        />
      ))}
    </Group>
  );
}

/** A fraction as a percentage. It follows what one drags, unless one types. */
function PercentField({
  label,
  value,
  onChange,
}: {
  label: string;
  value: number;
  onChange: (value: number) => void;
}) {
  const text = String(Math.round(value * 1000) / 10);
  const [typed, setTyped] = useState<string>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another value is shown in place of what was typed before.
  useEffect(() => {
    if (typed !== undefined && Number(typed) !== Number(text)) setTyped(undefined);
  }, [text]);
  return (
    <TextInput
      type="number"
      size="xs"
      miw={110}
      label={label}
      min={0}
      max={100}
      step={0.1}
      value={typed ?? text}
      onBlur={() => setTyped(undefined)}
      onChange={({ currentTarget: { value: next } }) => {
        setTyped(next);
        const number = Number(next);
        if (next !== '' && number >= 0 && number <= 100) onChange(number / 100);
      }}
    />
  );
}

/** For a room or zone, its left and upper edge; for a desk, its centre. */
function partOf({ x, y, width, height }: Placement, member: Member): number {
  if (member === 'x') return x - (width ?? 0) / 2;
  if (member === 'y') return y - (height ?? 0) / 2;
  return (member === 'width' ? width : height) ?? 0;
}

/** The upper left corner stays while the size changes. */
function changed(placement: Placement, member: Member, value: number): Placement {
  const { x, y, width, height } = placement;
  switch (member) {
    case 'x':
      return { ...placement, x: value + (width ?? 0) / 2 };
    case 'y':
      return { ...placement, y: value + (height ?? 0) / 2 };
    case 'width': {
      const size = Math.max(0.01, value);
      return { ...placement, width: size, x: x - (width ?? 0) / 2 + size / 2 };
    }
    case 'height': {
      const size = Math.max(0.01, value);
      return { ...placement, height: size, y: y - (height ?? 0) / 2 + size / 2 };
    }
  }
}

import { Button, Group, Stack, Text, TextInput, Title, UnstyledButton } from '@mantine/core';
import { useMemo } from 'react';
import { formatWhole } from '../frame/format.ts';
import { compareNames } from '../frame/nodes.ts';
import { VirtualList } from '../frame/virtual-list.tsx';
import { texts } from '../texts.ts';
import { PlaceIcon } from './glyph.tsx';
import type { ShownPlace } from './shown-places.ts';
import type { State } from './states.ts';

const { floor } = texts;
const { list: words } = floor;
const ROW_HEIGHT = 48;
const LIST_HEIGHT = 480;

interface PlaceListProps {
  places: readonly ShownPlace[];
  title: string;
  search: string;
  states: ReadonlySet<State>;
  /** Only desks that are not on the plan. */
  onlyOff: boolean;
  onSearch: (search: string) => void;
  onOnlyOff: (onlyOff: boolean) => void;
  onClear: () => void;
  /** The place at the pointer or the focus, here or on the plan. */
  marked: string | undefined;
  /** The list scrolls to this place when it becomes another one. */
  shown: string | undefined;
  onMark: (nodeId: string | undefined) => void;
  open: string | undefined;
  onOpen: (nodeId: string) => void;
}

/** The places of the level as text, with the same states as on the plan. */
export function PlaceList({
  places,
  title,
  search,
  states,
  onlyOff,
  onSearch,
  onOnlyOff,
  onClear,
  marked,
  shown: shownId,
  onMark,
  open,
  onOpen,
}: PlaceListProps) {
  const off = places.filter(isOff).length;
  const shown = useMemo(() => filtered(places, search, states, onlyOff), [places, search, states, onlyOff]);
  const isFiltered = search !== '' || states.size > 0 || onlyOff;
  return (
    <Stack gap="xs" component="section" aria-label={title}>
      <Group justify="space-between">
        <Title order={2} size="h4">
          {title}
        </Title>
        <Text size="sm" c="dimmed" role="status">
          {words.count(formatWhole(shown.length), shown.length === 1)}
        </Text>
      </Group>
      <TextInput
        type="search"
        aria-label={words.search}
        placeholder={words.searchHint}
        value={search}
        onChange={({ currentTarget }) => onSearch(currentTarget.value)}
      />
      {(off > 0 || onlyOff) && (
        <Group gap="xs">
          <Text size="sm">{words.off(formatWhole(off), off === 1)}</Text>
          {!onlyOff && (
            <Button variant="subtle" size="compact-sm" onClick={() => onOnlyOff(true)}>
              {words.onlyOff}
            </Button>
          )}
        </Group>
      )}
      {isFiltered && (
        <Group>
          <Button variant="default" size="compact-sm" onClick={onClear}>
            {words.clear}
          </Button>
        </Group>
      )}
      {shown.length === 0 ? (
        <Text size="sm">{words.none}</Text>
      ) : (
        <VirtualList
          label={title}
          count={shown.length}
          rowHeight={ROW_HEIGHT}
          height={LIST_HEIGHT}
          shown={shownId === undefined ? undefined : shown.findIndex(({ nodeId }) => nodeId === shownId)}
          row={(index) => {
            const place = shown[index];
            return (
              place && (
                <Row
                  place={place}
                  isMarked={place.nodeId === marked}
                  isOpen={place.nodeId === open}
                  onMark={onMark}
                  onOpen={onOpen}
                />
              )
            );
          }}
        />
      )}
    </Stack>
  );
}

interface RowProps {
  place: ShownPlace;
  isMarked: boolean;
  isOpen: boolean;
  onMark: (nodeId: string | undefined) => void;
  onOpen: (nodeId: string) => void;
}

function Row({ place, isMarked, isOpen, onMark, onOpen }: RowProps) {
  const { nodeId, kind, name, state, stateWord, people, isPlaced } = place;
  const about = [stateWord, people, ...(isPlaced ? [] : [words.notPlaced])];
  return (
    <UnstyledButton
      className="floor-place"
      data-place={nodeId}
      data-place-state={state}
      data-marked={isMarked || undefined}
      aria-pressed={isOpen}
      onClick={() => onOpen(nodeId)}
      onPointerEnter={() => onMark(nodeId)}
      onPointerLeave={() => onMark(undefined)}
      onFocus={() => onMark(nodeId)}
      onBlur={() => onMark(undefined)}
    >
      <PlaceIcon kind={kind} state={state} />
      <span className="floor-place-text">
        <span className="floor-place-name">
          {name}
          {kind !== 'place' && (
            <Text span size="xs" c="dimmed" ml={6}>
              {floor.kinds[kind]}
            </Text>
          )}
        </span>
        <span className="floor-place-note">{about.filter(Boolean).join(' · ')}</span>
      </span>
    </UnstyledButton>
  );
}

function isOff({ kind, isPlaced }: ShownPlace): boolean {
  return kind === 'place' && !isPlaced;
}

function filtered(
  places: readonly ShownPlace[],
  search: string,
  states: ReadonlySet<State>,
  onlyOff: boolean,
): ShownPlace[] {
  const needle = search.trim().toLowerCase();
  return places
    .filter(
      (place) =>
        (states.size === 0 || (place.state !== undefined && states.has(place.state))) &&
        (!onlyOff || isOff(place)) &&
        (needle === '' || `${place.name} ${place.people}`.toLowerCase().includes(needle)),
    )
    .sort((a, b) => compareNames(a.name, b.name));
}

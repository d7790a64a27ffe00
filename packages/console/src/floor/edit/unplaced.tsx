import { Button, Group, Select, Stack, Text, TextInput, Title } from '@mantine/core';
import { Suspense, useId, useMemo, useState } from 'react';
import { formatWhole } from '../../frame/format.ts';
import { compareNames } from '../../frame/nodes.ts';
import { VirtualList } from '../../frame/virtual-list.tsx';
import { texts } from '../../texts.ts';
import type { LevelNode, PlaceKind, Point } from '../plan.ts';
import { RowsDialog } from './dialogs.ts';
import type { Grid } from './editor.ts';
import { UnplacedRow } from './unplaced-row.tsx';
import { useCarry } from './use-carry.tsx';

const { unplaced: words } = texts.floor.editor;
const ROW_HEIGHT = 38;
const LIST_HEIGHT = 380;
const KINDS = ['all', 'place', 'space', 'zone'] as const;
/** The rows of desks that are dropped together. */
const DROPPED: Grid = { perRow: 10, columnGap: 0.04, rowGap: 0.05 };

interface UnplacedProps {
  places: readonly LevelNode[];
  /** Puts a place at a point of the sheet; without one, in the middle of what one sees. */
  onPlace: (place: LevelNode, at?: Point) => void;
  onRows: (places: readonly LevelNode[], grid: Grid, at?: Point) => void;
  /** The point of the sheet at a point of the screen, if the sheet is there. */
  sheetPoint: (client: Point) => Point | undefined;
}

/** The places of the level that are not on the plan, to drag onto it. */
export function Unplaced({ places, onPlace, onRows, sheetPoint }: UnplacedProps) {
  const titleId = useId();
  const [search, setSearch] = useState('');
  const [kind, setKind] = useState<PlaceKind | 'all'>('all');
  const [checked, setChecked] = useState<ReadonlySet<string>>(new Set());
  const [isAsking, setIsAsking] = useState(false);
  const shown = useMemo(() => filtered(places, kind, search), [places, kind, search]);
  const desks = shown.filter((place) => place.kind === 'place');
  const chosen = places
    .filter(({ nodeId }) => checked.has(nodeId))
    .sort((a, b) => compareNames(a.name, b.name));
  const { carry, ghost } = useCarry((place, client) => {
    const at = sheetPoint(client);
    if (!at) return;
    if (checked.has(place.nodeId) && chosen.length > 1) {
      onRows(chosen, DROPPED, at);
      setChecked(new Set());
    } else onPlace(place, at);
  });
  const check = (nodeId: string) => {
    const next = new Set(checked);
    if (!next.delete(nodeId)) next.add(nodeId);
    setChecked(next);
  };
  return (
    <Stack gap="xs" component="section" aria-labelledby={titleId}>
      <Title order={2} size="h4" id={titleId}>
        {words.title}{' '}
        <Text span c="dimmed">
          {formatWhole(places.length)}
        </Text>
      </Title>
      {places.length === 0 ? (
        <Text size="sm">{words.all}</Text>
      ) : (
        <>
          <Text size="xs" c="dimmed">
            {words.hint}
          </Text>
          <Select
            size="xs"
            allowDeselect={false}
            aria-label={words.filter}
            value={kind}
            onChange={(value) => setKind(value as typeof kind)}
            data={KINDS.map((value) => ({ value, label: words.kinds[value] }))}
          />
          <TextInput
            type="search"
            size="xs"
            aria-label={words.search}
            placeholder={words.search}
            value={search}
            onChange={({ currentTarget }) => setSearch(currentTarget.value)}
          />
          <Group gap="xs">
            {desks.length > 1 && (
              <Button
                size="compact-xs"
                variant="subtle"
                onClick={() => setChecked(new Set(desks.map(({ nodeId }) => nodeId)))}
              >
                {words.checkAll(formatWhole(desks.length))}
              </Button>
            )}
            {chosen.length > 0 && (
              <>
                <Button size="compact-xs" variant="subtle" onClick={() => setChecked(new Set())}>
                  {words.uncheck}
                </Button>
                <Button size="compact-xs" onClick={() => setIsAsking(true)}>
                  {words.rows(formatWhole(chosen.length))}
                </Button>
              </>
            )}
          </Group>
          {shown.length === 0 ? (
            <Text size="sm">{words.none}</Text>
          ) : (
            <VirtualList
              label={words.title}
              count={shown.length}
              rowHeight={ROW_HEIGHT}
              height={LIST_HEIGHT}
              row={(index) => {
                const place = shown[index];
                return (
                  place && (
                    <UnplacedRow
                      place={place}
                      isChecked={checked.has(place.nodeId)}
                      onCheck={() => check(place.nodeId)}
                      onPlace={() => onPlace(place)}
                      onCarry={(event) => carry(place, event)}
                    />
                  )
                );
              }}
            />
          )}
        </>
      )}
      {ghost}
      {isAsking && (
        <Suspense>
          <RowsDialog
            count={chosen.length}
            onClose={() => setIsAsking(false)}
            onSubmit={(grid) => {
              onRows(chosen, grid);
              setChecked(new Set());
              setIsAsking(false);
            }}
          />
        </Suspense>
      )}
    </Stack>
  );
}

function filtered(places: readonly LevelNode[], kind: PlaceKind | 'all', search: string): LevelNode[] {
  const needle = search.trim().toLowerCase();
  return places
    .filter((place) => (kind === 'all' || place.kind === kind) && place.name.toLowerCase().includes(needle))
    .sort((a, b) => compareNames(a.name, b.name));
}

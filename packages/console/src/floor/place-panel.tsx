import { ActionIcon, Anchor, Group, Paper, Stack, Text, Title, UnstyledButton } from '@mantine/core';
import { useEffect, useId, useRef } from 'react';
import { Link } from 'wouter';
import { formatTime, formatWhole } from '../frame/format.ts';
import { Icon } from '../frame/icon.tsx';
import { useOrganisation } from '../frame/session.ts';
import { ZoneNote } from '../frame/zone-note.tsx';
import { texts } from '../texts.ts';
import type { Floor, FloorItem, FloorPerson } from './answers.ts';
import { StateIcon } from './glyph.tsx';
import type { ShownPlace } from './shown-places.ts';

const { floor } = texts;
const { panel: words } = floor;

interface PlacePanelProps {
  /** Undefined if the level does not have the place that the address names. */
  place: ShownPlace | undefined;
  item: FloorItem | undefined;
  day: Floor | undefined;
  onOpen: (nodeId: string | undefined) => void;
}

/** What the open place has on the day: its state, its people, its owner. */
export function PlacePanel({ place, item, day, onOpen }: PlacePanelProps) {
  const titleId = useId();
  const { organisation } = useOrganisation();
  const heading = useRef<HTMLHeadingElement>(null);
  // A person who opened it by keyboard reads on here. The pointer does not move the focus.
  useEffect(() => {
    if (document.activeElement?.matches(':focus-visible')) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <Paper component="section" withBorder p="sm" aria-labelledby={titleId} data-panel={place?.nodeId}>
      <Stack gap="xs">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <div>
            <Text size="xs" c="dimmed">
              {place && floor.kinds[place.kind]}
            </Text>
            <Title order={2} size="h4" id={titleId} ref={heading} tabIndex={-1} className="page-title">
              {place?.name ?? words.gone}
            </Title>
          </div>
          <ActionIcon aria-label={words.close} onClick={() => onOpen(undefined)}>
            <Icon name="close" />
          </ActionIcon>
        </Group>
        {place && (
          <>
            {(place.state || place.stateWord) && (
              <Group gap={6}>
                {place.state && <StateIcon state={place.state} />}
                <Text size="sm" fw={600} data-panel-state>
                  {place.stateWord}
                </Text>
              </Group>
            )}
            {item && day && <DayOfPlace item={item} day={day} onOpen={onOpen} />}
            {!place.isPlaced && <Text size="sm">{words.notPlaced}</Text>}
            <Anchor component={Link} href={`/${organisation}/places?open=${place.nodeId}`} size="sm">
              {words.toPlaces}
            </Anchor>
          </>
        )}
      </Stack>
    </Paper>
  );
}

interface DayOfPlaceProps {
  item: FloorItem;
  day: Floor;
  onOpen: (nodeId: string) => void;
}

function DayOfPlace({ item, day, onOpen }: DayOfPlaceProps) {
  const { organisation } = useOrganisation();
  const { kind, people, owner, occupancy } = item;
  return (
    <>
      {kind === 'space' && <Occupancy occupancy={occupancy} timeZone={day.timeZone} />}
      {kind !== 'space' && people.length === 0 && <Text size="sm">{words.nobody}</Text>}
      {people.map((person) => (
        <Person key={person.userId} person={person} item={item} day={day} onOpen={onOpen} />
      ))}
      {owner && (
        <Text size="sm">
          {words.owner}{' '}
          <Anchor component={Link} href={`/${organisation}/people/${owner.userId}`} size="sm">
            {owner.name}
          </Anchor>
        </Text>
      )}
      {people.length > 0 && <ZoneNote timeZone={day.timeZone} />}
    </>
  );
}

function Person({ person, item, day, onOpen }: DayOfPlaceProps & { person: FloorPerson }) {
  const { organisation } = useOrganisation();
  const { userId, name, state, firstSeenAt, lastSeenAt } = person;
  const { date, timeZone } = day;
  const time = (instant: string) => <time dateTime={instant}>{formatTime(instant, timeZone)}</time>;
  return (
    <div className="floor-person" data-person={userId}>
      <Group gap={6}>
        <StateIcon state={state} />
        <Anchor component={Link} href={`/${organisation}/people/${userId}?week=${date}&day=${date}`} fw={600}>
          {name}
        </Anchor>
        <Text size="sm">{floor.states[state]}</Text>
      </Group>
      <dl>
        <dt>{words.bookedAt}</dt>
        <dd>
          <NodeLink
            nodeId={person.bookedNodeId}
            name={person.bookedName}
            none={words.noBooking}
            item={item}
            day={day}
            onOpen={onOpen}
          />
        </dd>
        <dt>{words.detectedAt}</dt>
        <dd>
          <NodeLink
            nodeId={person.detectedNodeId}
            name={person.detectedName}
            none={firstSeenAt === null ? words.notSeen : words.inOffice}
            item={item}
            day={day}
            onOpen={onOpen}
          />
        </dd>
        {firstSeenAt !== null && (
          <>
            <dt>{words.firstSeen}</dt>
            <dd>{time(firstSeenAt)}</dd>
          </>
        )}
        {lastSeenAt !== null && (
          <>
            <dt>{words.lastSeen}</dt>
            <dd>{time(lastSeenAt)}</dd>
          </>
        )}
      </dl>
    </div>
  );
}

interface NodeLinkProps extends DayOfPlaceProps {
  nodeId: string | null;
  name: string | null;
  /** Shown without a node. */
  none: string;
}

/** Where a person is booked or was detected. Another place than the open one leads there. */
function NodeLink({ nodeId, name, none, item, day, onOpen }: NodeLinkProps) {
  const { organisation } = useOrganisation();
  if (nodeId === null) return none;
  if (nodeId === day.locationId) return words.inOffice;
  const text = name ?? words.anotherPlace;
  if (nodeId === item.nodeId) return text;
  const other = day.items.find((each) => each.nodeId === nodeId);
  if (other) {
    return (
      <UnstyledButton className="floor-link" onClick={() => onOpen(nodeId)}>
        {other.kind === 'place' && item.kind === 'place' ? words.atOtherDesk(text) : text}
      </UnstyledButton>
    );
  }
  // It is on another level or in another office. The page Places leads on to its plan.
  return (
    <Anchor component={Link} size="sm" href={`/${organisation}/places?open=${nodeId}`}>
      {text}
    </Anchor>
  );
}

function Occupancy({ occupancy, timeZone }: { occupancy: FloorItem['occupancy']; timeZone: string }) {
  if (!occupancy) return <Text size="sm">{words.noOccupancy}</Text>;
  const { occupancy: people, observedAt } = occupancy;
  const parts = [
    ...(people === null ? [] : [words.headcount(formatWhole(people), people === 1)]),
    words.occupancyAt(formatTime(observedAt, timeZone)),
  ];
  return <Text size="sm">{parts.join(', ')}</Text>;
}

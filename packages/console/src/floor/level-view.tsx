import { Anchor, Group, Stack, Title } from '@mantine/core';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { Link } from 'wouter';
import { useParameters } from '../frame/address.ts';
import type { Day } from '../frame/days.ts';
import { Notice } from '../frame/notice.tsx';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import type { Floor, FloorPlan } from './answers.ts';
import { AsOf, Awaited } from './as-of.tsx';
import { Hidden } from './hidden.tsx';
import { Legend } from './legend.tsx';
import { PlaceList } from './place-list.tsx';
import { PlacePanel } from './place-panel.tsx';
import { PlanDrawing } from './plan-drawing.tsx';
import { type NamedPlacement, placesOfDay, placesOfPlan } from './shown-places.ts';
import { countsOf, STATES, type State } from './states.ts';

const { floor } = texts;
const NONE: readonly NamedPlacement[] = [];

interface LevelViewProps {
  plan: FloorPlan;
  levelName: string;
  /** Undefined for roles that do not see the states. */
  day: Floor | undefined;
  /** The last question for newer states failed. */
  isLate: boolean;
  /** The chosen day, while `day` is the one that was shown before. */
  awaited: Day | undefined;
}

/** A level: its plan, what the open place has, and all places as a list. */
export default function LevelView({ plan, levelName, day, isLate, awaited }: LevelViewProps) {
  const items = day?.items;
  const [parameters, change] = useParameters();
  const [marked, setMarked] = useState<string>();
  const open = parameters.get('desk') ?? undefined;
  // The list follows the plan. It does not scroll below a pointer that is on the list.
  const [inList, setInList] = useState(open);
  useEffect(() => setInList(open), [open]);
  const markOnPlan = useCallback((nodeId: string | undefined) => {
    setMarked(nodeId);
    if (nodeId !== undefined) setInList(nodeId);
  }, []);
  const states = statesOf(parameters.get('state'));
  const placements = plan.published?.placements ?? NONE;
  const byId = useMemo(() => new Map(placements.map((each) => [each.nodeId, each])), [placements]);
  const places = useMemo(
    () => (items ? placesOfDay(items, byId) : placesOfPlan(placements)),
    [items, byId, placements],
  );
  const counts = useMemo(() => countsOf(items ?? []), [items]);
  const setOpen = useCallback(
    (nodeId: string | undefined) => change({ desk: nodeId }, { replace: true }),
    [change],
  );
  const setStates = (next: ReadonlySet<State>) =>
    change({ state: [...next].join(',') || undefined }, { replace: true });
  if (places.length === 0) return plan.published || items ? <Notice {...floor.empty.noPlaces} /> : null;
  return (
    <div
      className="floor"
      data-with-plan={plan.published ? true : undefined}
      aria-busy={awaited !== undefined}
    >
      <Stack gap="xs" className="floor-main">
        {day && (
          <Group justify="space-between" gap="xs">
            <Legend counts={counts} chosen={states} toggle={(state) => setStates(toggled(states, state))} />
            {awaited === undefined ? (
              <AsOf floor={day} isLate={isLate} />
            ) : (
              <Awaited awaited={awaited} shown={day.date} />
            )}
          </Group>
        )}
        {plan.published && <Hidden count={plan.published.hidden} />}
        {plan.published && (
          <PlanDrawing
            levelName={levelName}
            plan={plan.published}
            places={places}
            marked={marked}
            onMark={markOnPlan}
            open={open}
            onOpen={setOpen}
          />
        )}
      </Stack>
      <Stack className="floor-side">
        {open !== undefined && (
          <PlacePanel
            key={open}
            place={places.find(({ nodeId }) => nodeId === open)}
            item={items?.find(({ nodeId }) => nodeId === open)}
            day={day}
            onOpen={setOpen}
          />
        )}
        <PlaceList
          places={places}
          title={items ? floor.list.title : floor.list.titlePlain}
          search={parameters.get('search') ?? ''}
          states={states}
          onlyOff={parameters.has('off')}
          onSearch={(search) => change({ search }, { replace: true })}
          onOnlyOff={(off) => change({ off: off ? '1' : undefined }, { replace: true })}
          onClear={() => change({ search: undefined, state: undefined, off: undefined }, { replace: true })}
          marked={marked}
          shown={inList}
          onMark={setMarked}
          open={open}
          onOpen={setOpen}
        />
        {day && day.others.length > 0 && <Others others={day.others} date={day.date} />}
      </Stack>
    </div>
  );
}

/** The states that the address names. */
function statesOf(text: string | null): ReadonlySet<State> {
  const named = text?.split(',') ?? [];
  return new Set(STATES.filter((state) => named.includes(state)));
}

function toggled(states: ReadonlySet<State>, state: State): ReadonlySet<State> {
  const next = new Set(states);
  if (!next.delete(state)) next.add(state);
  return next;
}

/** People of the level who are at none of its places. */
function Others({ others, date }: { others: Floor['others']; date: string }) {
  const { organisation } = useOrganisation();
  return (
    <section aria-label={floor.list.others}>
      <Title order={2} size="h4">
        {floor.list.others}
      </Title>
      <ul className="plain-list">
        {others.map(({ userId, name, state }) => (
          <li key={userId}>
            <Anchor
              component={Link}
              size="sm"
              href={`/${organisation}/people/${userId}?week=${date}&day=${date}`}
            >
              {name}
            </Anchor>{' '}
            {floor.states[state]}
          </li>
        ))}
      </ul>
    </section>
  );
}

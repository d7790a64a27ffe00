import { formatWhole } from '../frame/format.ts';
import { texts } from '../texts.ts';
import type { FloorItem } from './answers.ts';
import type { LevelNode, Placement } from './plan.ts';
import { type State, stateOf } from './states.ts';

const { floor } = texts;

/** A place as the plan and the list beside it show it. */
export interface ShownPlace extends LevelNode {
  state: State | undefined;
  /** The state in words, or the counts of a zone. */
  stateWord: string;
  /** The names of the people there, and of a desk's owner. */
  people: string;
  isPlaced: boolean;
  /** What a screen reader says for its mark. */
  label: string;
}

/** A placement as the server answers it: with the names of its place. */
export type NamedPlacement = Placement & LevelNode;

/** The places of a level with the states of a day, those that are not on the plan included. */
export function placesOfDay(
  items: readonly FloorItem[],
  placements: ReadonlyMap<string, Placement>,
): ShownPlace[] {
  return items.map((item) => {
    const { nodeId, kind, name, zoneId, people, owner } = item;
    const state = stateOf(item);
    return shown(
      { nodeId, kind, name, zoneId },
      {
        state,
        stateWord: state ? floor.states[state] : countsOfZone(item),
        people: [
          ...people.map((person) => person.name),
          ...(owner ? [floor.plan.assignedTo(owner.name)] : []),
        ].join(', '),
        isPlaced: placements.has(nodeId),
      },
    );
  });
}

/** The places on a plan, without states. */
export function placesOfPlan(placements: readonly NamedPlacement[]): ShownPlace[] {
  return placements.map(({ nodeId, kind, name, zoneId }) =>
    shown({ nodeId, kind, name, zoneId }, { state: undefined, stateWord: '', people: '', isPlaced: true }),
  );
}

function shown(place: LevelNode, about: Omit<ShownPlace, keyof LevelNode | 'label'>): ShownPlace {
  const { kind, name } = place;
  const label = [`${floor.kinds[kind]} ${name}`, about.stateWord, about.people].filter(Boolean).join(', ');
  return { ...place, ...about, label };
}

function countsOfZone({ here = 0, booked = 0 }: FloorItem): string {
  return floor.plan.zoneCounts(formatWhole(here), formatWhole(booked));
}

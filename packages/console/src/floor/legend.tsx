import { UnstyledButton } from '@mantine/core';
import { formatWhole } from '../frame/format.ts';
import { texts } from '../texts.ts';
import { StateIcon } from './glyph.tsx';
import type { State } from './states.ts';

const { floor } = texts;

interface LegendProps {
  counts: readonly (readonly [State, number])[];
  /** The states that the list shows. All of them if it is empty. */
  chosen: ReadonlySet<State>;
  toggle: (state: State) => void;
}

/** What the symbols mean, with their numbers. Each chooses whether the list shows the places of this state. */
export function Legend({ counts, chosen, toggle }: LegendProps) {
  return (
    <ul className="floor-legend" aria-label={floor.plan.legend}>
      {counts.map(([state, count]) => (
        <li key={state}>
          <UnstyledButton
            className="legend-state"
            aria-pressed={chosen.has(state)}
            data-legend={state}
            onClick={() => toggle(state)}
          >
            <StateIcon state={state} />
            {floor.states[state]} <b>{formatWhole(count)}</b>
          </UnstyledButton>
        </li>
      ))}
    </ul>
  );
}

import { texts } from '../texts.ts';
import type { FloorItem } from './answers.ts';

/** What a place is on a day. */
export type State = keyof typeof texts.floor.states;

/** The order of the legend. */
export const STATES = Object.keys(texts.floor.states) as State[];

/** How a state looks: an outline and a sign in it, both around 0, 0 within -10 to 10. */
export interface Glyph {
  outline: string;
  sign?: string;
  /** The outline is filled, and the sign has the colour of the paper. */
  isSolid?: true;
}

const CIRCLE = 'M-7.5 0a7.5 7.5 0 1 0 15 0a7.5 7.5 0 1 0-15 0z';
const SQUARE = 'M-7-7H7V7H-7z';

/** Each state has a shape of its own, so nobody needs the colour. */
export const GLYPHS: Readonly<Record<State, Glyph>> = {
  free: { outline: CIRCLE },
  booked: { outline: CIRCLE, sign: 'M-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0z' },
  here: { outline: CIRCLE, sign: 'M-3.8 .2l2.6 2.8L3.8-2.8', isSolid: true },
  noShow: { outline: SQUARE, sign: 'M-3.5-3.5L3.5 3.5M3.5-3.5L-3.5 3.5' },
  unconfirmed: { outline: 'M0-9.5L9.5 0L0 9.5L-9.5 0z', sign: 'M-3.5 0H3.5' },
  walkIn: { outline: 'M0-9L9 7.5H-9z', sign: 'M0-2.5V2M0 4.8v.01', isSolid: true },
  elsewhere: { outline: 'M-9-5.5H1V-9.5L10 0L1 9.5V5.5H-9z', isSolid: true },
  inUse: { outline: SQUARE, sign: 'M-3.5 0H3.5', isSolid: true },
  unknown: { outline: 'M-7 0H7' },
};

/** The places of each state, in the order of the legend. States that no place has are left out. */
export function countsOf(items: readonly FloorItem[]): [State, number][] {
  const countOf = (state: State) => items.filter((item) => stateOf(item) === state).length;
  return STATES.map((state): [State, number] => [state, countOf(state)]).filter(([, count]) => count > 0);
}

/** The state of a desk or room. Zones have none. */
export function stateOf({ kind, state }: FloorItem): State | undefined {
  return kind === 'zone' ? undefined : state;
}

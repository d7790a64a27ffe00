import type { Kind } from '../frame/nodes.ts';

/** Where a place is on a plan, as fractions of the plan's width and height. `x` and `y` are its centre. */
export interface Placement {
  nodeId: string;
  x: number;
  y: number;
  /** Null for a desk, which is a point. */
  width: number | null;
  height: number | null;
}

/** The drawing of a level with the places on it. */
export interface Plan {
  /** Null for a blank sheet. */
  imageId: string | null;
  /** Width divided by height. */
  aspectRatio: number;
  placements: readonly Placement[];
}

/** The kinds of nodes that can be on a plan. */
export type PlaceKind = Extract<Kind, 'place' | 'space' | 'zone'>;

/** A node of the level, on the plan or not. */
export interface LevelNode {
  nodeId: string;
  kind: PlaceKind;
  name: string;
  zoneId: string | null;
}

/** A point, or a size, in units of the sheet. */
export interface Point {
  x: number;
  y: number;
}

/** The width of every sheet in its own units. The height follows from the aspect ratio. */
export const SHEET_WIDTH = 1000;

export function sheetOf(aspectRatio: number): Point {
  return { x: SHEET_WIDTH, y: SHEET_WIDTH / aspectRatio };
}

/** The kinds of places that are rectangles on a plan. Desks are points. */
export type AreaKind = Exclude<PlaceKind, 'place'>;

/** Whether places of a kind are rectangles. */
export function isArea(kind: PlaceKind): kind is AreaKind {
  return kind !== 'place';
}

const LARGEST_DESK = 16;
const SMALLEST_DESK = 3;
/** The part of the distance to the next desk that a desk's symbol takes. */
const SHARE = 0.4;
/** Enough desks to learn how near they are to one another. */
const SAMPLE = 200;

/** The radius of the symbols of desks, in units of the sheet. Desks that are near to one another get small ones. */
export function deskRadius(placements: readonly Placement[], sheet: Point): number {
  const desks = placements.filter(({ width }) => width === null);
  const step = Math.max(1, Math.floor(desks.length / SAMPLE));
  const distances: number[] = [];
  for (let index = 0; index < desks.length; index += step) {
    const desk = desks[index] as Placement;
    let nearest = Number.POSITIVE_INFINITY;
    for (const other of desks) {
      if (other === desk) continue;
      const distance = Math.hypot((other.x - desk.x) * sheet.x, (other.y - desk.y) * sheet.y);
      // Desks that lie on one another say nothing about the others.
      if (distance > 1 && distance < nearest) nearest = distance;
    }
    distances.push(nearest);
  }
  const median = distances.sort((a, b) => a - b)[Math.floor(distances.length / 2)];
  return Math.max(SMALLEST_DESK, Math.min(LARGEST_DESK, SHARE * (median ?? Number.POSITIVE_INFINITY)));
}

export type Direction = 'left' | 'right' | 'up' | 'down';

/** The direction of an arrow key. */
export const DIRECTIONS: Readonly<Record<string, Direction>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
};

/** The unit vector of each direction. */
export const STEPS: Readonly<Record<Direction, Point>> = {
  left: { x: -1, y: 0 },
  right: { x: 1, y: 0 },
  up: { x: 0, y: -1 },
  down: { x: 0, y: 1 },
};

/** The place that one reaches from another one in a direction: the nearest, where going aside counts twice. */
export function neighbourOf(
  placements: readonly Placement[],
  nodeId: string,
  direction: Direction,
  sheet: Point,
): Placement | undefined {
  const from = placements.find((each) => each.nodeId === nodeId);
  if (!from) return undefined;
  const step = STEPS[direction];
  let best: Placement | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const each of placements) {
    const dx = (each.x - from.x) * sheet.x;
    const dy = (each.y - from.y) * sheet.y;
    const ahead = dx * step.x + dy * step.y;
    const aside = Math.abs(dx * step.y) + Math.abs(dy * step.x);
    if (each === from || ahead <= 0 || aside > 2 * ahead) continue;
    const cost = ahead + 2 * aside;
    if (cost < least) {
      least = cost;
      best = each;
    }
  }
  return best;
}

import { type AreaKind, isArea, type LevelNode, type Placement, type Plan, type Point } from '../plan.ts';

/** A plan that is being edited: as it is, as it was before each change, and what is selected. */
export interface Editor {
  readonly plan: Plan;
  readonly past: readonly Plan[];
  readonly future: readonly Plan[];
  readonly selected: ReadonlySet<string>;
  /** Changes with the same key, one after the other, are one step of the history. */
  readonly lastKey: string | undefined;
}

/** So many changes can be undone. */
const MOST_STEPS = 200;

const NOBODY: ReadonlySet<string> = new Set();

export function editorOf(plan: Plan): Editor {
  return { plan, past: [], future: [], selected: NOBODY, lastKey: undefined };
}

/** The editor after a change of the plan. The same one if the change changes nothing. */
export function change(editor: Editor, plan: Plan, key?: string): Editor {
  if (plan === editor.plan) return editor;
  const isNext = key === undefined || key !== editor.lastKey;
  return {
    plan,
    past: isNext ? [...editor.past.slice(1 - MOST_STEPS), editor.plan] : editor.past,
    future: [],
    selected: existing(editor.selected, plan),
    lastKey: key,
  };
}

export function undo(editor: Editor): Editor {
  const plan = editor.past.at(-1);
  if (!plan) return editor;
  return {
    plan,
    past: editor.past.slice(0, -1),
    future: [editor.plan, ...editor.future],
    selected: existing(editor.selected, plan),
    lastKey: undefined,
  };
}

export function redo(editor: Editor): Editor {
  const [plan, ...future] = editor.future;
  if (!plan) return editor;
  return {
    plan,
    past: [...editor.past, editor.plan],
    future,
    selected: existing(editor.selected, plan),
    lastKey: undefined,
  };
}

/** The editor after nodes have left the level. That is no step of the history: they cannot come back by an undo. */
export function without(editor: Editor, nodeIds: ReadonlySet<string>): Editor {
  const plan = takeOff(editor.plan, nodeIds);
  const rest = (plans: readonly Plan[]) => plans.map((each) => takeOff(each, nodeIds));
  return {
    plan,
    past: rest(editor.past),
    future: rest(editor.future),
    selected: existing(editor.selected, plan),
    lastKey: undefined,
  };
}

/** Adds the placements of nodes that are not on a plan. */
export function withOthers(plan: Plan, placements: readonly Placement[]): Plan {
  const placed = new Set(plan.placements.map(({ nodeId }) => nodeId));
  const others = placements.filter(({ nodeId }) => !placed.has(nodeId));
  return others.length === 0 ? plan : { ...plan, placements: [...plan.placements, ...others] };
}

/** The editor after nodes have come back to the level, where they were before. That is no step of the history. */
export function joined(editor: Editor, placements: readonly Placement[]): Editor {
  const all = (plans: readonly Plan[]) => plans.map((each) => withOthers(each, placements));
  return {
    ...editor,
    plan: withOthers(editor.plan, placements),
    past: all(editor.past),
    future: all(editor.future),
  };
}

/** Selects these places, and no others. Those that are not on the plan are left out. */
export function select(editor: Editor, nodeIds: Iterable<string>): Editor {
  return { ...editor, selected: existing(new Set(nodeIds), editor.plan), lastKey: undefined };
}

/** Adds a place to the selection, or takes it out. */
export function toggle(editor: Editor, nodeId: string): Editor {
  const next = new Set(editor.selected);
  if (!next.delete(nodeId)) next.add(nodeId);
  return select(editor, next);
}

function existing(selected: ReadonlySet<string>, { placements }: Plan): ReadonlySet<string> {
  if (selected.size === 0) return selected;
  const there = placements.filter(({ nodeId }) => selected.has(nodeId)).map(({ nodeId }) => nodeId);
  return there.length === selected.size ? selected : new Set(there);
}

/** Keeps a place on the sheet with all that it has. */
function within(placement: Placement): Placement {
  const width = placement.width === null ? null : Math.min(1, placement.width);
  const height = placement.height === null ? null : Math.min(1, placement.height);
  const clamp = (value: number, length: number) => Math.max(length / 2, Math.min(1 - length / 2, value));
  return {
    ...placement,
    width,
    height,
    x: clamp(placement.x, width ?? 0),
    y: clamp(placement.y, height ?? 0),
  };
}

/** Puts places on the plan, or changes where they are. */
export function put(plan: Plan, placements: readonly Placement[]): Plan {
  if (placements.length === 0) return plan;
  const next = new Map(plan.placements.map((each) => [each.nodeId, each]));
  for (const each of placements) next.set(each.nodeId, rounded(within(each)));
  return { ...plan, placements: [...next.values()] };
}

/** Finer than a pixel of any screen, and short in a request. */
const PRECISION = 1e5;
const round = (value: number) => Math.round(value * PRECISION) / PRECISION;

function rounded({ nodeId, x, y, width, height }: Placement): Placement {
  return {
    nodeId,
    x: round(x),
    y: round(y),
    width: width === null ? null : round(width),
    height: height === null ? null : round(height),
  };
}

/** How far places can move together without one of them leaving the sheet. */
export function possibleMove(placements: readonly Placement[], by: Point): Point {
  const limit = (delta: number, low: number, high: number) => Math.max(low, Math.min(high, delta));
  let { x, y } = by;
  for (const each of placements) {
    const halfWidth = (each.width ?? 0) / 2;
    const halfHeight = (each.height ?? 0) / 2;
    x = limit(x, Math.min(0, halfWidth - each.x), Math.max(0, 1 - halfWidth - each.x));
    y = limit(y, Math.min(0, halfHeight - each.y), Math.max(0, 1 - halfHeight - each.y));
  }
  return { x, y };
}

/** Moves places together, by fractions of the sheet. */
export function move(plan: Plan, nodeIds: ReadonlySet<string>, by: Point): Plan {
  const moved = plan.placements.filter(({ nodeId }) => nodeIds.has(nodeId));
  const { x, y } = possibleMove(moved, by);
  if (x === 0 && y === 0) return plan;
  return put(
    plan,
    moved.map((each) => ({ ...each, x: each.x + x, y: each.y + y })),
  );
}

export function takeOff(plan: Plan, nodeIds: ReadonlySet<string>): Plan {
  const placements = plan.placements.filter(({ nodeId }) => !nodeIds.has(nodeId));
  return placements.length === plan.placements.length ? plan : { ...plan, placements };
}

/** The size of a new room and of a new zone, as fractions of the sheet's width. */
const NEW_SIZE: Readonly<Record<AreaKind, Point>> = {
  space: { x: 0.1, y: 0.08 },
  zone: { x: 0.25, y: 0.18 },
};

/** Where a place is that is put at a point, with its usual size. */
export function newPlacement({ nodeId, kind }: LevelNode, at: Point, { aspectRatio }: Plan): Placement {
  if (!isArea(kind)) return { nodeId, ...at, width: null, height: null };
  const { x, y } = NEW_SIZE[kind];
  return { nodeId, ...at, width: x, height: Math.min(1, y * aspectRatio) };
}

/** The smallest width and height of a room or zone. */
const LEAST_SIZE = 0.01;

/** The edges that a handle moves: -1 the left or upper one, 1 the right or lower one, 0 none. */
export interface Handle {
  x: -1 | 0 | 1;
  y: -1 | 0 | 1;
}

/** A room or zone after one of its handles moved by fractions of the sheet. The other edges stay where they are. */
export function resized(placement: Placement, handle: Handle, by: Point): Placement {
  const along = (centre: number, size: number, side: number, delta: number) => {
    if (side === 0) return { centre, size };
    const fixed = centre - (side * size) / 2;
    const edge = Math.max(0, Math.min(1, centre + (side * size) / 2 + delta));
    const length = Math.max(LEAST_SIZE, (edge - fixed) * side);
    return { centre: fixed + (side * length) / 2, size: length };
  };
  const horizontal = along(placement.x, placement.width ?? 0, handle.x, by.x);
  const vertical = along(placement.y, placement.height ?? 0, handle.y, by.y);
  return {
    ...placement,
    x: horizontal.centre,
    width: horizontal.size,
    y: vertical.centre,
    height: vertical.size,
  };
}

/** How desks are put on a plan together. */
export interface Grid {
  perRow: number;
  /** The distances of columns and of rows, as fractions of the sheet's width. */
  columnGap: number;
  rowGap: number;
}

/** Desks in rows, in their order, around a point. A grid that is too large for the sheet is made smaller. */
export function gridOf(
  nodeIds: readonly string[],
  { perRow, columnGap, rowGap }: Grid,
  around: Point,
  { aspectRatio }: Plan,
): Placement[] {
  const columns = Math.max(1, Math.min(perRow, nodeIds.length));
  const rows = Math.ceil(nodeIds.length / columns);
  const gapOf = (gap: number, count: number) => (count < 2 ? 0 : Math.min(gap, 1 / (count - 1)));
  const gap = { x: gapOf(columnGap, columns), y: gapOf(rowGap * aspectRatio, rows) };
  const startOf = (centre: number, length: number) => Math.max(0, Math.min(1 - length, centre - length / 2));
  const left = startOf(around.x, gap.x * (columns - 1));
  const top = startOf(around.y, gap.y * (rows - 1));
  return nodeIds.map((nodeId, index) => ({
    nodeId,
    x: left + gap.x * (index % columns),
    y: top + gap.y * Math.floor(index / columns),
    width: null,
    height: null,
  }));
}

/** The places that lie within a rectangle, given by two of its corners, as fractions of the sheet. */
export function placedWithin(plan: Plan, from: Point, to: Point): string[] {
  const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
  const [top, bottom] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
  return plan.placements
    .filter(({ x, y, width, height }) => {
      const halfWidth = (width ?? 0) / 2;
      const halfHeight = (height ?? 0) / 2;
      return (
        x - halfWidth >= left && x + halfWidth <= right && y - halfHeight >= top && y + halfHeight <= bottom
      );
    })
    .map(({ nodeId }) => nodeId);
}

import type { Placement, Plan, Point } from '../plan.ts';
import * as editing from './editor.ts';
import { type Snap, snapped } from './snap.ts';

/** What a press that moves does. Points are fractions of the sheet. */
export type Drag =
  | { kind: 'move'; lead: Placement; nodeIds: ReadonlySet<string>; snap: Snap }
  | { kind: 'resize'; placement: Placement; handle: editing.Handle; by: Point }
  | { kind: 'band'; from: Point; to: Point; kept: ReadonlySet<string> };

const STILL: Snap = { by: { x: 0, y: 0 }, vertical: undefined, horizontal: undefined };

export function moveOf(lead: Placement, nodeIds: ReadonlySet<string>): Drag {
  return { kind: 'move', lead, nodeIds, snap: STILL };
}

export function resizeOf(placement: Placement, handle: editing.Handle): Drag {
  return { kind: 'resize', placement, handle, by: { x: 0, y: 0 } };
}

export function bandOf(at: Point, kept: ReadonlySet<string>): Drag {
  return { kind: 'band', from: at, to: at, kept };
}

/** How near a line must be for a place to meet it, as fractions of the sheet. Undefined if places do not snap. */
export type Near = Point | undefined;

/** The drag after the pointer has moved from `from` to `to`. */
export function dragged(drag: Drag, plan: Plan, from: Point, to: Point, near: Near): Drag {
  const by = { x: to.x - from.x, y: to.y - from.y };
  switch (drag.kind) {
    case 'move':
      return { ...drag, snap: near ? snapOf(drag, plan, by, near) : { ...STILL, by } };
    case 'resize':
      return { ...drag, by };
    case 'band':
      return { ...drag, to };
  }
}

function snapOf(drag: Drag & { kind: 'move' }, plan: Plan, by: Point, near: Point): Snap {
  const { lead, nodeIds } = drag;
  const isDesk = lead.width === null;
  const others = plan.placements.filter(
    ({ nodeId, width }) => !nodeIds.has(nodeId) && (width === null) === isDesk,
  );
  return snapped(lead, by, others, near, plan.aspectRatio);
}

/** The plan as it is when the drag ends here. */
export function planAfter(plan: Plan, drag: Drag | undefined): Plan {
  if (drag?.kind === 'move') return editing.move(plan, drag.nodeIds, drag.snap.by);
  if (drag?.kind === 'resize')
    return editing.put(plan, [editing.resized(drag.placement, drag.handle, drag.by)]);
  return plan;
}

/** What is selected when the drag ends here. */
export function selectedAfter(plan: Plan, drag: Drag & { kind: 'band' }): ReadonlySet<string> {
  return new Set([...drag.kept, ...editing.placedWithin(plan, drag.from, drag.to)]);
}

import { type PointerEvent as ReactPointerEvent, useEffect, useRef, useState } from 'react';
import { DRAG_PX } from '../gesture.ts';
import type { Point } from '../plan.ts';
import { nodeOf } from '../sheet.tsx';
import type { Viewport } from '../use-viewport.ts';
import { bandOf, type Drag, dragged, moveOf, planAfter, resizeOf, selectedAfter } from './drag.ts';
import type { Editor, Handle } from './editor.ts';
import type { Commands } from './use-commands.ts';

/** How near a line counts, in pixels. */
const NEAR_PX = 6;

interface DragOptions {
  viewport: Viewport;
  editor: Editor;
  sheet: Point;
  isSnapping: boolean;
  /** Whether a press moves the sheet instead. */
  isPanning: () => boolean;
  commands: Commands;
}

/** Drags on the sheet: of places, of the edges of rooms and zones, and around several places. */
export function useDrag(options: DragOptions) {
  const latest = useRef(options);
  latest.current = options;
  const [drag, setDrag] = useState<Drag>();
  const cancel = useRef<() => void>(undefined);
  useEffect(() => () => cancel.current?.(), []);

  const begin = (event: ReactPointerEvent<HTMLDivElement>, first: Drag, isBand: boolean) => {
    const box = event.currentTarget;
    const { pointerId } = event;
    const start = { x: event.clientX, y: event.clientY };
    const from = toFraction(latest.current, start);
    let current: Drag | undefined;
    const ended = new AbortController();
    const listen = { signal: ended.signal };
    const end = () => {
      ended.abort();
      cancel.current = undefined;
      setDrag(undefined);
    };
    const move = (next: PointerEvent) => {
      if (next.pointerId !== pointerId) return;
      // The button was released where this window does not hear of it.
      if (next.type === 'pointermove' && next.buttons === 0) {
        end();
        return;
      }
      const distance = Math.hypot(next.clientX - start.x, next.clientY - start.y);
      if (!current && distance < DRAG_PX) return;
      if (!current) box.setPointerCapture(pointerId);
      const { editor, isSnapping } = latest.current;
      const to = toFraction(latest.current, { x: next.clientX, y: next.clientY });
      const near = isSnapping && !next.altKey ? nearOf(latest.current) : undefined;
      current = dragged(first, editor.plan, from, to, near);
      setDrag(current);
    };
    const drop = (last: PointerEvent) => {
      if (last.pointerId !== pointerId) return;
      move(last);
      end();
      if (current) finish(latest.current, current);
      else if (isBand && !last.shiftKey) latest.current.commands.select([]);
    };
    cancel.current?.();
    cancel.current = end;
    box.addEventListener('pointermove', move, listen);
    box.addEventListener('pointerup', drop, listen);
    box.addEventListener('pointercancel', end, listen);
  };

  const onPointerDown = (event: ReactPointerEvent<HTMLDivElement>) => {
    if (event.button !== 0 || latest.current.isPanning()) return;
    const { editor, commands } = latest.current;
    const { plan, selected } = editor;
    const handle = handleOf(event.target);
    const nodeId = nodeOf(event.target);
    const placementOf = (id: string | undefined) => plan.placements.find((each) => each.nodeId === id);
    const [only] = selected;
    const held = handle && placementOf(only);
    const lead = placementOf(nodeId);
    if (handle && held) {
      // The sheet keeps its focus, and so the place that is selected.
      event.preventDefault();
      begin(event, resizeOf(held, handle), false);
    } else if (nodeId !== undefined && lead) {
      if (event.shiftKey) return;
      if (!selected.has(nodeId)) commands.select([nodeId]);
      begin(event, moveOf(lead, selected.has(nodeId) ? selected : new Set([nodeId])), false);
    } else if (event.pointerType !== 'touch') {
      const kept = event.shiftKey ? selected : new Set<string>();
      begin(event, bandOf(toFraction(latest.current, { x: event.clientX, y: event.clientY }), kept), true);
    }
  };
  return { drag, onPointerDown, cancel: () => cancel.current?.() };
}

function finish({ editor, commands }: DragOptions, drag: Drag): void {
  const { plan } = editor;
  if (drag.kind === 'band') {
    commands.select(selectedAfter(plan, drag));
    return;
  }
  const ids = drag.kind === 'move' ? drag.nodeIds : new Set([drag.placement.nodeId]);
  commands.put(planAfter(plan, drag).placements.filter(({ nodeId }) => ids.has(nodeId)));
}

function toFraction({ viewport, sheet }: DragOptions, client: Point): Point {
  const at = viewport.toSheet(client);
  return { x: at.x / sheet.x, y: at.y / sheet.y };
}

function nearOf({ viewport, sheet }: DragOptions): Point {
  const units = NEAR_PX / viewport.scale();
  return { x: units / sheet.x, y: units / sheet.y };
}

/** The handle that an element is: its edges, as a text. */
export function handleName({ x, y }: Handle): string {
  return `${x} ${y}`;
}

function handleOf(target: EventTarget): Handle | undefined {
  const name = (target as Element).closest<SVGElement>('[data-handle]')?.dataset.handle;
  if (name === undefined) return undefined;
  const [x, y] = name.split(' ').map(Number);
  return { x, y } as Handle;
}

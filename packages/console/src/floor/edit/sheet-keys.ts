import type { KeyboardEvent } from 'react';
import { compareNames } from '../../frame/nodes.ts';
import { DIRECTIONS, type LevelNode, type Placement, type Point, STEPS } from '../plan.ts';
import { focusPlace } from '../sheet.tsx';
import type { Viewport } from '../use-viewport.ts';
import type { Editor } from './editor.ts';
import type { Commands } from './use-commands.ts';

/** How far an arrow key moves a place, in units of the sheet; with Shift, the second one. */
const STEP = 5;
const FINE_STEP = 0.5;

interface KeyContext {
  editor: Editor;
  commands: Commands;
  places: ReadonlyMap<string, LevelNode>;
  known: readonly Placement[];
  sheet: Point;
  viewport: Viewport;
}

/** Keys on the sheet, and on the place that has the focus. Returns whether it used the key. */
export function pressKey(event: KeyboardEvent, nodeId: string | undefined, context: KeyContext): boolean {
  const { known, editor, sheet, commands, viewport, places } = context;
  const { selected } = editor;
  const withControl = event.ctrlKey || event.metaKey;
  if (withControl && event.key.toLowerCase() === 'a') {
    commands.select(known.map((each) => each.nodeId));
    return true;
  }
  if (withControl || event.altKey) return false;
  const direction = DIRECTIONS[event.key];
  const meant = nodeId === undefined || selected.has(nodeId) ? selected : new Set([nodeId]);
  if (direction && meant.size > 0) {
    if (nodeId !== undefined && !selected.has(nodeId)) commands.select([nodeId]);
    const units = event.shiftKey ? FINE_STEP : STEP;
    const { x, y } = STEPS[direction];
    const key = `keys ${[...meant].join(' ')}`;
    commands.move(meant, { x: (x * units) / sheet.x, y: (y * units) / sheet.y }, key);
    return true;
  }
  switch (event.key) {
    case 'Delete':
    case 'Backspace': {
      if (meant.size === 0) return false;
      // What has the focus goes away with it.
      viewport.box.current?.focus();
      commands.takeOff(meant);
      return true;
    }
    case 'Escape':
      commands.select([]);
      return true;
    case ' ':
      if (nodeId !== undefined) commands.toggle(nodeId);
      return nodeId !== undefined;
    case 'PageDown':
    case 'PageUp': {
      const inOrder = known.toSorted((a, b) =>
        compareNames(places.get(a.nodeId)?.name ?? '', places.get(b.nodeId)?.name ?? ''),
      );
      const index = inOrder.findIndex((each) => each.nodeId === nodeId);
      const step = event.key === 'PageDown' ? 1 : -1;
      const next = inOrder.at(index < 0 ? 0 : (index + step) % inOrder.length);
      if (next) focusPlace(viewport, next.nodeId);
      return true;
    }
    default:
      return false;
  }
}

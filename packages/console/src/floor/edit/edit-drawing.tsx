import { type KeyboardEvent, useCallback, useMemo, useRef, useState } from 'react';
import { texts } from '../../texts.ts';
import { useImage } from '../answers.ts';
import { DeskLabels } from '../desk-labels.tsx';
import { boxOf, Mark, Ring } from '../marks.tsx';
import {
  DIRECTIONS,
  deskRadius,
  isArea,
  type Place,
  type Placement,
  type Plan,
  type Point,
  STEPS,
  sheetOf,
} from '../plan.ts';
import { focusPlace, nodeOf, Sheet } from '../sheet.tsx';
import { useScale, useViewport, type Viewport } from '../use-viewport.ts';
import { type Drag, planAfter, selectedAfter } from './drag.ts';
import type { Editor, Handle } from './editor.ts';
import type { Commands } from './use-commands.ts';
import { handleName, useDrag } from './use-drag.ts';

const { floor } = texts;
const LAYERS = ['zone', 'space', 'place'] as const;
/** How far an arrow key moves a place, in units of the sheet; with Shift, the second one. */
const STEP = 5;
const FINE_STEP = 0.5;

interface EditDrawingProps {
  levelName: string;
  editor: Editor;
  /** The places of the level, by id. */
  places: ReadonlyMap<string, Place>;
  commands: Commands;
  isSnapping: boolean;
  marked: string | undefined;
  onMark: (nodeId: string | undefined) => void;
  /** Gives the view of the sheet to what puts places on it. */
  onViewport: (viewport: Viewport) => void;
}

/** A draft, on which one moves and resizes places. */
export function EditDrawing({
  levelName,
  editor,
  places,
  commands,
  isSnapping,
  marked,
  onMark,
  onViewport,
}: EditDrawingProps) {
  const { plan, selected } = editor;
  const sheet = useMemo(() => sheetOf(plan.aspectRatio), [plan.aspectRatio]);
  const known = useMemo(
    () => plan.placements.filter(({ nodeId }) => places.has(nodeId)),
    [plan.placements, places],
  );
  const radius = useMemo(() => deskRadius(known, sheet), [known, sheet]);
  const nameOf = useCallback((nodeId: string) => places.get(nodeId)?.name, [places]);
  const isSpaceHeld = useRef(false);
  const [isPanning, setIsPanning] = useState(false);
  const viewport = useViewport({
    sheet,
    mayPan: ({ button, pointerType, target }) =>
      button === 1 || isSpaceHeld.current || (pointerType === 'touch' && target !== null && !nodeOf(target)),
  });
  onViewport(viewport);
  const image = useImage(plan.imageId);
  const { drag, onPointerDown, cancel } = useDrag({
    viewport,
    editor,
    sheet,
    isSnapping,
    isPanning: () => isSpaceHeld.current,
    commands,
  });
  const shown = planAfter(plan, drag);
  const chosen = drag?.kind === 'band' ? selectedAfter(plan, drag) : selected;
  const held = heldOf(shown, chosen, places);
  const atMark = shown.placements.find(({ nodeId }) => nodeId === marked);
  const holdSpace = (isHeld: boolean) => {
    isSpaceHeld.current = isHeld;
    setIsPanning(isHeld);
  };
  const press = (event: KeyboardEvent, nodeId: string | undefined): boolean => {
    if (event.key === ' ' && nodeId === undefined) {
      holdSpace(true);
      return true;
    }
    if (event.key === 'Escape' && drag) {
      cancel();
      return true;
    }
    return pressKey(event, nodeId, { known, editor, sheet, commands, viewport, places });
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it hears that Space is let go; the sheet takes the keys.
    <div onKeyUp={({ key }) => key === ' ' && holdSpace(false)} onBlur={() => holdSpace(false)}>
      <Sheet
        viewport={viewport}
        label={floor.editor.sheet(levelName)}
        keys={floor.editor.keys}
        sheet={sheet}
        image={image}
        placements={known}
        onMark={onMark}
        onOpen={(nodeId, { shiftKey }) => (shiftKey ? commands.toggle(nodeId) : commands.select([nodeId]))}
        onKey={press}
        onPointerDown={onPointerDown}
        className={isPanning ? 'editing panning' : 'editing'}
      >
        <EditMarks
          placements={shown.placements}
          places={places}
          radius={radius}
          sheetHeight={sheet.y}
          selected={chosen}
        />
        <DeskLabels
          viewport={viewport}
          placements={shown.placements}
          nameOf={nameOf}
          radius={radius}
          sheet={sheet}
        />
        {atMark && !chosen.has(atMark.nodeId) && (
          <Ring placement={atMark} radius={radius} sheet={sheet} className="marked" />
        )}
        {held && <Handles placement={held} sheet={sheet} viewport={viewport} />}
        {drag && <DragSigns drag={drag} sheet={sheet} />}
      </Sheet>
    </div>
  );
}

interface KeyContext extends Pick<EditDrawingProps, 'editor' | 'commands' | 'places'> {
  known: readonly Placement[];
  sheet: Point;
  viewport: Viewport;
}

/** Keys on the sheet, and on the place that has the focus. Returns whether it used the key. */
function pressKey(event: KeyboardEvent, nodeId: string | undefined, context: KeyContext): boolean {
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
        (places.get(a.nodeId)?.name ?? '').localeCompare(places.get(b.nodeId)?.name ?? '', undefined, {
          numeric: true,
        }),
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

/** The room or zone that is selected alone, which can be resized. */
function heldOf(
  { placements }: Plan,
  selected: ReadonlySet<string>,
  places: ReadonlyMap<string, Place>,
): Placement | undefined {
  const [only] = selected;
  if (selected.size !== 1 || only === undefined) return undefined;
  const kind = places.get(only)?.kind;
  return kind && isArea(kind) ? placements.find(({ nodeId }) => nodeId === only) : undefined;
}

interface EditMarksProps {
  placements: readonly Placement[];
  places: ReadonlyMap<string, Place>;
  radius: number;
  sheetHeight: number;
  selected: ReadonlySet<string>;
}

function EditMarks({ placements, places, radius, sheetHeight, selected }: EditMarksProps) {
  return useMemo(
    () =>
      LAYERS.map((kind) => (
        <g key={kind}>
          {placements.map((placement) => {
            const place = places.get(placement.nodeId);
            if (place?.kind !== kind) return null;
            return (
              <Mark
                key={placement.nodeId}
                placement={placement}
                kind={kind}
                name={place.name}
                label={`${floor.kinds[kind]} ${place.name}`}
                radius={radius}
                sheetHeight={sheetHeight}
                isSelected={selected.has(placement.nodeId)}
              />
            );
          })}
        </g>
      )),
    [placements, places, radius, sheetHeight, selected],
  );
}

const SIDES = [-1, 0, 1] as const;
const HANDLES: readonly Handle[] = SIDES.flatMap((y) => SIDES.map((x) => ({ x, y }))).filter(
  ({ x, y }) => x !== 0 || y !== 0,
);
/** In pixels; what one presses is larger than what one sees. */
const HANDLE_PX = 9;
const PRESSED_PX = 22;

/** The corners and edges that one drags. By keyboard, fields beside the plan do the same. */
function Handles({ placement, sheet, viewport }: { placement: Placement; sheet: Point; viewport: Viewport }) {
  const scale = useScale(viewport);
  const { x, y, width, height } = boxOf(placement, sheet.y);
  return (
    <g>
      {HANDLES.map((handle) => {
        const at = { x: x + (width * (handle.x + 1)) / 2, y: y + (height * (handle.y + 1)) / 2 };
        const square = (px: number) => {
          const size = px / scale;
          return { x: at.x - size / 2, y: at.y - size / 2, width: size, height: size };
        };
        const name = handleName(handle);
        return (
          <g key={name} data-handle={name} className={`handle ${cursorOf(handle)}`}>
            <rect className="handle-press" {...square(PRESSED_PX)} />
            <rect className="handle-box" {...square(HANDLE_PX)} />
          </g>
        );
      })}
    </g>
  );
}

function cursorOf({ x, y }: Handle): string {
  if (x === 0) return 'up-down';
  if (y === 0) return 'left-right';
  return x === y ? 'falling' : 'rising';
}

/** The lines that a drag meets, and the rectangle around several places. */
function DragSigns({ drag, sheet }: { drag: Drag; sheet: Point }) {
  if (drag.kind === 'move') {
    const { vertical, horizontal } = drag.snap;
    return (
      <g>
        {vertical !== undefined && (
          <line className="guide" x1={vertical * sheet.x} x2={vertical * sheet.x} y1={0} y2={sheet.y} />
        )}
        {horizontal !== undefined && (
          <line className="guide" y1={horizontal * sheet.y} y2={horizontal * sheet.y} x1={0} x2={sheet.x} />
        )}
      </g>
    );
  }
  if (drag.kind !== 'band') return null;
  const { from, to } = drag;
  return (
    <rect
      className="rubber-band"
      x={Math.min(from.x, to.x) * sheet.x}
      y={Math.min(from.y, to.y) * sheet.y}
      width={Math.abs(to.x - from.x) * sheet.x}
      height={Math.abs(to.y - from.y) * sheet.y}
    />
  );
}

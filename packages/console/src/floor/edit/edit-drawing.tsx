import { type KeyboardEvent, useCallback, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { texts } from '../../texts.ts';
import { useImage } from '../answers.ts';
import { DeskLabels } from '../desk-labels.tsx';
import { Ring } from '../marks.tsx';
import { deskRadius, isArea, type LevelNode, type Placement, type Plan, sheetOf } from '../plan.ts';
import { nodeOf, Sheet } from '../sheet.tsx';
import { useViewport, type Viewport } from '../use-viewport.ts';
import { planAfter, selectedAfter } from './drag.ts';
import { DragSigns, EditMarks, Handles } from './edit-marks.tsx';
import type { Editor } from './editor.ts';
import { pressKey } from './sheet-keys.ts';
import type { Commands } from './use-commands.ts';
import { useDrag } from './use-drag.ts';

const { floor } = texts;

interface EditDrawingProps {
  levelName: string;
  editor: Editor;
  /** The places of the level, by id. */
  places: ReadonlyMap<string, LevelNode>;
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
  useLayoutEffect(() => onViewport(viewport), [onViewport, viewport]);
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

/** The room or zone that is selected alone, which can be resized. */
function heldOf(
  { placements }: Plan,
  selected: ReadonlySet<string>,
  places: ReadonlyMap<string, LevelNode>,
): Placement | undefined {
  const [only] = selected;
  if (selected.size !== 1 || only === undefined) return undefined;
  const kind = places.get(only)?.kind;
  return kind && isArea(kind) ? placements.find(({ nodeId }) => nodeId === only) : undefined;
}

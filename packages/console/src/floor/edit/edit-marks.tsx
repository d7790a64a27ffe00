import { useMemo } from 'react';
import { texts } from '../../texts.ts';
import { boxOf, MarkLayers } from '../marks.tsx';
import type { LevelNode, Placement, Point } from '../plan.ts';
import { useScale, type Viewport } from '../use-viewport.ts';
import type { Drag } from './drag.ts';
import type { Handle } from './editor.ts';
import { handleName } from './use-drag.ts';

const { floor } = texts;

interface EditMarksProps {
  placements: readonly Placement[];
  places: ReadonlyMap<string, LevelNode>;
  radius: number;
  sheetHeight: number;
  selected: ReadonlySet<string>;
}

/** The places of a draft. */
export function EditMarks({ placements, places, radius, sheetHeight, selected }: EditMarksProps) {
  return useMemo(
    () => (
      <MarkLayers
        placements={placements}
        radius={radius}
        sheetHeight={sheetHeight}
        markOf={(nodeId) => {
          const place = places.get(nodeId);
          if (!place) return undefined;
          const { kind, name } = place;
          return { kind, name, label: `${floor.kinds[kind]} ${name}`, isSelected: selected.has(nodeId) };
        }}
      />
    ),
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
export function Handles({
  placement,
  sheet,
  viewport,
}: {
  placement: Placement;
  sheet: Point;
  viewport: Viewport;
}) {
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
export function DragSigns({ drag, sheet }: { drag: Drag; sheet: Point }) {
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

import { useMemo } from 'react';
import { type Placement, type Point, SHEET_WIDTH } from './plan.ts';
import { useDrawnView, type Viewport } from './use-viewport.ts';

/** Desks are labelled when their symbols have a radius of so many pixels. */
const LABELLED_PX = 11;
/** Below a desk, in radii: the base line of its label, and the size of the text. */
const BASE_LINE = 1.85;
const TEXT_SIZE = 0.8;

interface DeskLabelsProps {
  viewport: Viewport;
  placements: readonly Placement[];
  nameOf: (nodeId: string) => string | undefined;
  radius: number;
  sheet: Point;
}

/** The names of the visible desks, if they are large enough. Thousands of texts at once would be slow. */
export function DeskLabels({ viewport, placements, nameOf, radius, sheet }: DeskLabelsProps) {
  const { view, size } = useDrawnView(viewport);
  const isLarge = view.scale * radius >= LABELLED_PX;
  const labels = useMemo(() => {
    if (!isLarge) return [];
    const isVisible = ({ x, y }: Point) => {
      const at = { x: x * sheet.x * view.scale + view.x, y: y * sheet.y * view.scale + view.y };
      const margin = 3 * radius * view.scale;
      return at.x > -margin && at.x < size.x + margin && at.y > -margin && at.y < size.y + margin;
    };
    return placements.filter((each) => each.width === null && isVisible(each));
  }, [isLarge, placements, radius, sheet, view, size]);
  return (
    <g className="desk-labels" fontSize={radius * TEXT_SIZE}>
      {labels.map(({ nodeId, x, y }) => (
        <text key={nodeId} className="desk-label" x={x * SHEET_WIDTH} y={y * sheet.y + radius * BASE_LINE}>
          {nameOf(nodeId)}
        </text>
      ))}
    </g>
  );
}

import { memo } from 'react';
import { Glyph } from './glyph.tsx';
import { type PlaceKind, type Placement, type Point, SHEET_WIDTH } from './plan.ts';
import type { State } from './states.ts';

interface MarkProps {
  placement: Placement;
  kind: PlaceKind;
  name: string;
  /** The state of a desk or room. Undefined if the page does not show states. */
  state?: State | undefined;
  /** A second line of a zone. */
  note?: string | undefined;
  /** What screen readers say. */
  label: string;
  /** The radius of desks, in units of the sheet. */
  radius: number;
  sheetHeight: number;
  isSelected: boolean;
}

/** A place on the plan. It is drawn again only if something of it has changed. */
const Mark = memo(function Mark(props: MarkProps) {
  const { placement, kind, label, isSelected, state } = props;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a drawing has no elements of HTML.
    <g
      role="button"
      tabIndex={-1}
      aria-label={label}
      aria-pressed={isSelected}
      data-node={placement.nodeId}
      data-state={state}
      className={`mark ${kind}`}
    >
      {kind === 'place' ? <Desk {...props} /> : <Area {...props} />}
    </g>
  );
});

/** Zones lie below rooms, and rooms below desks. */
const LAYERS = ['zone', 'space', 'place'] as const;

interface MarkLayersProps extends Pick<MarkProps, 'radius' | 'sheetHeight'> {
  placements: readonly Placement[];
  /** What the mark of a node shows; undefined for a node without a mark. */
  markOf: (nodeId: string) => Omit<MarkProps, 'placement' | 'radius' | 'sheetHeight'> | undefined;
}

/** The places of a plan. */
export function MarkLayers({ placements, markOf, radius, sheetHeight }: MarkLayersProps) {
  const marks = placements.map((placement) => ({ placement, mark: markOf(placement.nodeId) }));
  return LAYERS.map((layer) => (
    <g key={layer}>
      {marks.map(
        ({ placement, mark }) =>
          mark?.kind === layer && (
            <Mark
              key={placement.nodeId}
              {...mark}
              placement={placement}
              radius={radius}
              sheetHeight={sheetHeight}
            />
          ),
      )}
    </g>
  ));
}

/** The size of a glyph's box, from its centre. */
const GLYPH = 10;

function Desk({ placement, state, radius, sheetHeight }: MarkProps) {
  return (
    <g
      transform={`translate(${placement.x * SHEET_WIDTH} ${placement.y * sheetHeight}) scale(${radius / GLYPH})`}
    >
      <circle className="hit" r="11" />
      <Glyph state={state} />
    </g>
  );
}

const LARGEST_TEXT = 16;
/** The width of a letter, as a part of the size of the text. */
const LETTER = 0.62;

function Area(props: MarkProps) {
  const { placement, kind, state, sheetHeight } = props;
  const box = boxOf(placement, sheetHeight);
  return (
    <>
      <rect className={`area ${state ?? ''}`} {...box} />
      {kind === 'zone' ? <ZoneLabel {...props} box={box} /> : <RoomLabel {...props} box={box} />}
    </>
  );
}

type Box = ReturnType<typeof boxOf>;

/** Its text lies on the upper edge, because the desks of the zone are below it. */
function ZoneLabel({ name, note, box }: MarkProps & { box: Box }) {
  const letters = name.length + (note ? note.length + 2 : 0);
  const size = Math.min(LARGEST_TEXT, box.height / 3, (box.width * 0.92) / (letters * LETTER));
  return (
    <text className="area-label" fontSize={size} x={box.x + size * 0.6} y={box.y + size * 0.35}>
      {name}
      {note && (
        <tspan className="area-note" dx="0.5em">
          {' '}
          {note}
        </tspan>
      )}
    </text>
  );
}

function RoomLabel({ name, state, box }: MarkProps & { box: Box }) {
  const size = Math.min(
    LARGEST_TEXT,
    box.height / 4,
    (box.width * 0.9) / (Math.max(name.length, 4) * LETTER),
  );
  const centre = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  return (
    <>
      {state && (
        <g transform={`translate(${centre.x} ${centre.y - size * 0.9}) scale(${(size * 0.75) / GLYPH})`}>
          <Glyph state={state} />
        </g>
      )}
      <text
        className="area-label"
        fontSize={size}
        x={centre.x}
        y={centre.y + size * (state ? 0.9 : 0.35)}
        textAnchor="middle"
      >
        {name}
      </text>
    </>
  );
}

/** The rectangle of a room or zone, in units of the sheet. */
export function boxOf({ x, y, width, height }: Placement, sheetHeight: number) {
  const size = { width: (width ?? 0) * SHEET_WIDTH, height: (height ?? 0) * sheetHeight };
  return { x: x * SHEET_WIDTH - size.width / 2, y: y * sheetHeight - size.height / 2, ...size };
}

/** A ring around a place that the list or the pointer names. */
export function Ring({
  placement,
  radius,
  sheet,
  className,
}: {
  placement: Placement;
  radius: number;
  sheet: Point;
  className: string;
}) {
  const { x, y, width } = placement;
  if (width === null)
    return <circle className={`ring ${className}`} cx={x * sheet.x} cy={y * sheet.y} r={radius * 1.4} />;
  return <rect className={`ring ${className}`} {...boxOf(placement, sheet.y)} />;
}

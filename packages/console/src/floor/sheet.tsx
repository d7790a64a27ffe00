import { ActionIcon, Group, Text } from '@mantine/core';
import { type KeyboardEvent, type PointerEvent, type ReactNode, useId, useLayoutEffect } from 'react';
import { formatPercent } from '../frame/format.ts';
import { Icon } from '../frame/icon.tsx';
import { texts } from '../texts.ts';
import { DIRECTIONS, type Direction, neighbourOf, type Placement, type Point, STEPS } from './plan.ts';
import { useScale, type Viewport } from './use-viewport.ts';

const { plan: words } = texts.floor;
/** A press of a key or button. */
const ZOOM_STEP = 1.4;
const PAN_PX = 60;

interface SheetProps {
  viewport: Viewport;
  label: string;
  /** How it works without a mouse. */
  keys: string;
  sheet: Point;
  image: { address: string | undefined; isError: boolean };
  placements: readonly Placement[];
  /** The pointer or the focus is at this place, or at none. */
  onMark: (nodeId: string | undefined) => void;
  /** Enter, or a click. */
  onOpen: (nodeId: string, event: { shiftKey: boolean }) => void;
  /** Gets a key before the sheet does. Returns whether it used it. `nodeId` is the place that has the focus. */
  onKey?: (event: KeyboardEvent, nodeId: string | undefined) => boolean;
  onPointerDown?: (event: PointerEvent<HTMLDivElement>) => void;
  className?: string;
  /** Marks, and what lies over them. */
  children: ReactNode;
}

/** A sheet with its image and places, in a window that one zooms and moves. */
export function Sheet({
  viewport,
  label,
  keys,
  sheet,
  image,
  placements,
  onMark,
  onOpen,
  onKey,
  onPointerDown,
  className = '',
  children,
}: SheetProps) {
  const hintId = useId();
  useOneTabStop(viewport, placements);
  const press = (event: KeyboardEvent<HTMLDivElement>) => {
    const nodeId = nodeOf(event.target);
    if (onKey?.(event, nodeId)) {
      event.preventDefault();
      return;
    }
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const direction = DIRECTIONS[event.key];
    if (direction && nodeId !== undefined) focusNeighbour(viewport, placements, sheet, nodeId, direction);
    else if (direction) viewport.panBy({ x: -PAN_PX * STEPS[direction].x, y: -PAN_PX * STEPS[direction].y });
    else if (event.key === '+' || event.key === '=') viewport.zoomBy(ZOOM_STEP);
    else if (event.key === '-' || event.key === '−') viewport.zoomBy(1 / ZOOM_STEP);
    else if (event.key === '0') viewport.showWhole();
    else if (nodeId !== undefined && (event.key === 'Enter' || event.key === ' ')) onOpen(nodeId, event);
    else return;
    event.preventDefault();
  };
  return (
    <div className={`sheet ${className}`}>
      <div
        ref={viewport.box}
        className="sheet-window"
        style={{ aspectRatio: sheet.x / sheet.y }}
        role="application"
        aria-roledescription={words.role}
        aria-label={label}
        aria-describedby={hintId}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the sheet.
        tabIndex={0}
        onKeyDown={press}
        onClick={(event) => {
          const nodeId = nodeOf(event.target);
          if (nodeId !== undefined) onOpen(nodeId, event);
        }}
        onPointerDown={onPointerDown}
        onPointerOver={({ target }) => onMark(nodeOf(target))}
        onPointerLeave={() => onMark(undefined)}
        onFocus={({ target }) => {
          const nodeId = nodeOf(target);
          onMark(nodeId);
          const placement = placements.find((each) => each.nodeId === nodeId);
          if (placement) viewport.reveal({ x: placement.x * sheet.x, y: placement.y * sheet.y });
          if (nodeId !== undefined) makeTabStop(viewport, target);
        }}
        onBlur={() => onMark(undefined)}
      >
        <div ref={viewport.drawing} className="sheet-drawing">
          {/* biome-ignore lint/a11y/noSvgWithoutTitle: the window around it has the name, and each place one of its own. */}
          <svg className="sheet-svg" focusable="false">
            <g ref={viewport.layer}>
              <rect className="paper" width={sheet.x} height={sheet.y} />
              {image.address && (
                <image
                  className="plan-image"
                  href={image.address}
                  width={sheet.x}
                  height={sheet.y}
                  preserveAspectRatio="none"
                />
              )}
              {children}
            </g>
          </svg>
        </div>
      </div>
      <Controls viewport={viewport} />
      <Text size="xs" c="dimmed" id={hintId} className="sheet-keys">
        {keys}
      </Text>
      {image.isError && (
        <Text size="sm" role="alert">
          {words.imageFailed}
        </Text>
      )}
    </div>
  );
}

function Controls({ viewport }: { viewport: Viewport }) {
  const percent = formatPercent(Math.round(useScale(viewport) * 100) / 100);
  return (
    <Group className="sheet-controls" gap={2} wrap="nowrap">
      <ActionIcon variant="default" aria-label={words.zoomOut} onClick={() => viewport.zoomBy(1 / ZOOM_STEP)}>
        <Icon name="minus" />
      </ActionIcon>
      <ActionIcon variant="default" aria-label={words.zoomIn} onClick={() => viewport.zoomBy(ZOOM_STEP)}>
        <Icon name="plus" />
      </ActionIcon>
      <ActionIcon
        variant="default"
        aria-label={`${words.whole}. ${words.zoomed(percent)}`}
        onClick={viewport.showWhole}
      >
        <Icon name="whole" />
      </ActionIcon>
    </Group>
  );
}

/** The place that an element belongs to. */
export function nodeOf(target: EventTarget): string | undefined {
  return (target as Element).closest<SVGElement>('[data-node]')?.dataset.node;
}

/** The mark of a place. */
export function markOf(viewport: Viewport, nodeId: string): SVGElement | null | undefined {
  return viewport.box.current?.querySelector<SVGElement>(`[data-node="${CSS.escape(nodeId)}"]`);
}

/** Gives a place the focus. */
export function focusPlace(viewport: Viewport, nodeId: string): void {
  markOf(viewport, nodeId)?.focus({ preventScroll: true });
}

function focusNeighbour(
  viewport: Viewport,
  placements: readonly Placement[],
  sheet: Point,
  nodeId: string,
  direction: Direction,
): void {
  const next = neighbourOf(placements, nodeId, direction, sheet);
  if (next) focusPlace(viewport, next.nodeId);
}

/** The marks are one stop of the Tab key, without drawing all of them again. */
function makeTabStop(viewport: Viewport, mark: Element): void {
  for (const each of viewport.box.current?.querySelectorAll('[data-node][tabindex="0"]') ?? [])
    each.setAttribute('tabindex', '-1');
  mark.closest('[data-node]')?.setAttribute('tabindex', '0');
}

function useOneTabStop(viewport: Viewport, placements: readonly Placement[]): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: other places may have lost the stop.
  useLayoutEffect(() => {
    const box = viewport.box.current;
    if (!box || box.querySelector('[data-node][tabindex="0"]')) return;
    box.querySelector('[data-node]')?.setAttribute('tabindex', '0');
  }, [viewport, placements]);
}

import { useCallback, useEffect, useMemo } from 'react';
import { texts } from '../texts.ts';
import { useImage } from './answers.ts';
import { DeskLabels } from './desk-labels.tsx';
import { MarkLayers, Ring } from './marks.tsx';
import { deskRadius, isArea, type Plan, sheetOf } from './plan.ts';
import { Sheet } from './sheet.tsx';
import type { NamedPlacement, ShownPlace } from './shown-places.ts';
import { useViewport, type Viewport } from './use-viewport.ts';

const { plan: words } = texts.floor;

interface PlanDrawingProps {
  levelName: string;
  plan: Plan & { placements: readonly NamedPlacement[] };
  places: readonly ShownPlace[];
  marked: string | undefined;
  onMark: (nodeId: string | undefined) => void;
  open: string | undefined;
  onOpen: (nodeId: string) => void;
}

/** A published plan with the states of a day. */
export function PlanDrawing({ levelName, plan, places, marked, onMark, open, onOpen }: PlanDrawingProps) {
  const { placements, aspectRatio } = plan;
  const sheet = useMemo(() => sheetOf(aspectRatio), [aspectRatio]);
  const radius = useMemo(() => deskRadius(placements, sheet), [placements, sheet]);
  const viewport = useViewport({ sheet, mayPan });
  const image = useImage(plan.imageId);
  useOpenInSight(viewport, placements, open, sheet);
  const names = useMemo(() => new Map(places.map(({ nodeId, name }) => [nodeId, name])), [places]);
  const nameOf = useCallback((nodeId: string) => names.get(nodeId), [names]);
  const placementOf = (nodeId: string | undefined) => placements.find((each) => each.nodeId === nodeId);
  const [atMark, atOpen] = [placementOf(marked), placementOf(open)];
  const shown = places.find(({ nodeId }) => nodeId === marked);
  return (
    <div>
      <Sheet
        viewport={viewport}
        label={words.label(levelName)}
        keys={words.keys}
        sheet={sheet}
        image={image}
        placements={placements}
        onMark={onMark}
        onOpen={onOpen}
      >
        <Marks placements={placements} places={places} radius={radius} sheetHeight={sheet.y} open={open} />
        <DeskLabels
          viewport={viewport}
          placements={placements}
          nameOf={nameOf}
          radius={radius}
          sheet={sheet}
        />
        {atOpen && <Ring placement={atOpen} radius={radius} sheet={sheet} className="open" />}
        {atMark && <Ring placement={atMark} radius={radius} sheet={sheet} className="marked" />}
      </Sheet>
      <p className="floor-readout" data-readout>
        {shown?.label}
      </p>
    </div>
  );
}

function mayPan({ button }: PointerEvent): boolean {
  return button === 0 || button === 1;
}

interface MarksProps {
  placements: readonly NamedPlacement[];
  places: readonly ShownPlace[];
  radius: number;
  sheetHeight: number;
  open: string | undefined;
}

/** The marks change only with what they show, and not with the pointer. */
function Marks({ placements, places, radius, sheetHeight, open }: MarksProps) {
  return useMemo(() => {
    const byId = new Map(places.map((each) => [each.nodeId, each]));
    return (
      <MarkLayers
        placements={placements}
        radius={radius}
        sheetHeight={sheetHeight}
        markOf={(nodeId) => {
          const place = byId.get(nodeId);
          if (!place) return undefined;
          const { kind, name, label, state, stateWord } = place;
          const note = isArea(kind) && state === undefined ? stateWord : undefined;
          return { kind, name, label, state, note, isSelected: nodeId === open };
        }}
      />
    );
  }, [placements, places, radius, sheetHeight, open]);
}

/** Moves the plan to the open place when the address names another one. */
function useOpenInSight(
  viewport: Viewport,
  placements: readonly NamedPlacement[],
  open: string | undefined,
  sheet: { x: number; y: number },
): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the plan stays where it is until another place is open.
  useEffect(() => {
    const placement = placements.find(({ nodeId }) => nodeId === open);
    if (placement) viewport.reveal({ x: placement.x * sheet.x, y: placement.y * sheet.y });
  }, [open]);
}

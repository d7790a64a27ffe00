import { useCallback, useMemo, useState } from 'react';
import { formatPercent, formatWhole } from '../../frame/format.ts';
import { texts } from '../../texts.ts';
import { isArea, type LevelNode, type Placement, type Plan, type Point, sheetOf } from '../plan.ts';
import type { DraftSession } from './draft-session.ts';
import * as editing from './editor.ts';

const { said } = texts.floor.editor;
/** New places at one point would hide one another. */
const BESIDE = 0.02;

/** What one can do with a draft. Each says what it did, for screen readers. */
export interface Commands {
  move(nodeIds: ReadonlySet<string>, by: Point, key?: string): void;
  put(placements: readonly Placement[], key?: string): void;
  /** Puts a place on the plan at a point of the sheet, or near it if another place is there. */
  place(place: LevelNode, at: Point): void;
  placeRows(places: readonly LevelNode[], grid: editing.Grid, at: Point): void;
  takeOff(nodeIds: ReadonlySet<string>): void;
  setSheet(change: Partial<Pick<Plan, 'imageId' | 'aspectRatio'>>): void;
  undo(): void;
  redo(): void;
  select(nodeIds: Iterable<string>): void;
  toggle(nodeId: string): void;
}

/** The commands, and what the last one did, in words. */
export function useCommands(
  session: DraftSession,
  places: ReadonlyMap<string, LevelNode>,
): [Commands, string] {
  const [message, setMessage] = useState('');
  const nameOf = useCallback((nodeId: string) => places.get(nodeId)?.name ?? '', [places]);
  const commands = useMemo((): Commands => {
    const plan = () => session.state().editor.plan;
    const change = (next: Plan, key?: string) =>
      session.update((editor) => editing.change(editor, next, key));
    const sayWhere = (nodeIds: ReadonlySet<string>) => {
      const [nodeId = ''] = nodeIds;
      const at = plan().placements.find((each) => each.nodeId === nodeId);
      if (nodeIds.size > 1) setMessage(said.moved(formatWhole(nodeIds.size)));
      else if (at) setMessage(said.at(nameOf(nodeId), formatPercent(at.x), formatPercent(at.y)));
    };
    const select = (nodeIds: Iterable<string>) => {
      session.update((editor) => editing.select(editor, nodeIds));
      const { size } = session.state().editor.selected;
      if (size > 1) setMessage(said.selected(formatWhole(size)));
    };
    return {
      move: (nodeIds, by, key) => {
        change(editing.move(plan(), nodeIds, by), key);
        sayWhere(nodeIds);
      },
      put: (placements, key) => {
        change(editing.put(plan(), placements), key);
        sayWhere(new Set(placements.map(({ nodeId }) => nodeId)));
      },
      place: (place, at) => {
        const point = fractionOf(plan(), at);
        const free = isArea(place.kind) ? point : freePoint(plan(), point);
        change(editing.put(plan(), [editing.newPlacement(place, free, plan())]));
        select([place.nodeId]);
        setMessage(said.placed(place.name));
      },
      placeRows: (chosen, grid, at) => {
        const nodeIds = chosen.map(({ nodeId }) => nodeId);
        change(editing.put(plan(), editing.gridOf(nodeIds, grid, fractionOf(plan(), at), plan())));
        select(nodeIds);
        setMessage(said.placedMany(formatWhole(nodeIds.length)));
      },
      takeOff: (nodeIds) => {
        change(editing.takeOff(plan(), nodeIds));
        setMessage(said.removed(formatWhole(nodeIds.size), nodeIds.size === 1));
      },
      setSheet: (sheet) => change({ ...plan(), ...sheet }),
      undo: () => {
        session.update(editing.undo);
        setMessage(said.undone);
      },
      redo: () => {
        session.update(editing.redo);
        setMessage(said.redone);
      },
      select,
      toggle: (nodeId) => {
        session.update((editor) => editing.toggle(editor, nodeId));
        setMessage(said.selected(formatWhole(session.state().editor.selected.size)));
      },
    };
  }, [session, nameOf]);
  return [commands, message];
}

/** A point of the sheet as fractions of it. */
function fractionOf({ aspectRatio }: Plan, at: Point): Point {
  const sheet = sheetOf(aspectRatio);
  const within = (value: number) => Math.max(0, Math.min(1, value));
  return { x: within(at.x / sheet.x), y: within(at.y / sheet.y) };
}

/** A point at which no desk is yet, to the right of this one or on it. */
function freePoint({ placements, aspectRatio }: Plan, from: Point): Point {
  const isTaken = ({ x, y }: Point) =>
    placements.some(
      (each) => Math.abs(each.x - x) < BESIDE / 2 && Math.abs(each.y - y) < (BESIDE / 2) * aspectRatio,
    );
  const at = { ...from };
  for (let row = 0; row < 1 / BESIDE; row++) {
    for (at.x = from.x; at.x <= 1; at.x += BESIDE) if (!isTaken(at)) return at;
    at.y = Math.min(1, at.y + BESIDE * aspectRatio);
  }
  return from;
}

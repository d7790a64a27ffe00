import { UnstyledButton } from '@mantine/core';
import type { PointerEvent } from 'react';
import { texts } from '../../texts.ts';
import type { LevelNode } from '../plan.ts';

const { unplaced: words } = texts.floor.editor;

interface UnplacedRowProps {
  place: LevelNode;
  isChecked: boolean;
  onCheck: () => void;
  onPlace: () => void;
  /** A press that may become a drag onto the plan. */
  onCarry: (event: PointerEvent<HTMLElement>) => void;
}

/** A place that is not on the plan. Only desks are put in rows. */
export function UnplacedRow({ place, isChecked, onCheck, onPlace, onCarry }: UnplacedRowProps) {
  const { nodeId, kind, name } = place;
  return (
    <div className="unplaced-row" data-unplaced={nodeId}>
      <UnstyledButton
        className="unplaced-name"
        aria-label={words.place(name, texts.floor.kinds[kind])}
        onPointerDown={onCarry}
        // A click with a pointer may be a drag that did not move. Enter and Space come without one.
        onClick={({ detail }) => detail === 0 && onPlace()}
        onDoubleClick={onPlace}
      >
        <span className="unplaced-grip" aria-hidden="true">
          ⠿
        </span>
        <span className="unplaced-text">{name}</span>{' '}
        <span className="unplaced-kind">{texts.floor.kinds[kind]}</span>
      </UnstyledButton>
      {kind === 'place' && (
        <input type="checkbox" aria-label={words.check(name)} checked={isChecked} onChange={onCheck} />
      )}
    </div>
  );
}

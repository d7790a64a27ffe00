import { Portal } from '@mantine/core';
import { type ReactNode, type PointerEvent as ReactPointerEvent, useEffect, useRef, useState } from 'react';
import { DRAG_PX } from '../gesture.ts';
import type { LevelNode, Point } from '../plan.ts';

/** Carries a place from a list to where the pointer lets it go. `ghost` is what one sees at the pointer. */
export function useCarry(onDrop: (place: LevelNode, client: Point) => void): {
  carry: (place: LevelNode, event: ReactPointerEvent<HTMLElement>) => void;
  ghost: ReactNode;
} {
  const [carried, setCarried] = useState<{ place: LevelNode; at: Point }>();
  const drop = useRef(onDrop);
  drop.current = onDrop;
  const end = useRef<() => void>(undefined);
  useEffect(() => () => end.current?.(), []);
  const carry = (place: LevelNode, event: ReactPointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    const { pointerId, clientX, clientY } = event;
    let isDrag = false;
    const ended = new AbortController();
    const listen = { signal: ended.signal };
    const stop = () => {
      ended.abort();
      end.current = undefined;
      setCarried(undefined);
    };
    end.current?.();
    end.current = stop;
    const isIt = (next: PointerEvent) => next.pointerId === pointerId;
    window.addEventListener(
      'pointermove',
      (next) => {
        if (!isIt(next)) return;
        // The button was released where this window does not hear of it.
        if (next.buttons === 0) {
          stop();
          return;
        }
        isDrag ||= Math.hypot(next.clientX - clientX, next.clientY - clientY) >= DRAG_PX;
        if (isDrag) setCarried({ place, at: { x: next.clientX, y: next.clientY } });
      },
      listen,
    );
    window.addEventListener(
      'pointerup',
      (next) => {
        if (!isIt(next)) return;
        stop();
        if (isDrag) drop.current(place, { x: next.clientX, y: next.clientY });
      },
      listen,
    );
    window.addEventListener('pointercancel', (next) => isIt(next) && stop(), listen);
    window.addEventListener('keydown', ({ key }) => key === 'Escape' && stop(), listen);
  };
  const ghost = carried && (
    <Portal>
      <div className="carried" style={{ left: carried.at.x, top: carried.at.y }}>
        {carried.place.name}
      </div>
    </Portal>
  );
  return { carry, ghost };
}

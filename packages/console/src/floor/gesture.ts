import type { Point } from './plan.ts';
import type { Viewport } from './use-viewport.ts';

/** A touch or click that moves less is no drag, in pixels. */
export const DRAG_PX = 4;

/** A drag with one pointer, or a pinch with two. */
export class Gesture {
  readonly #viewport: Pick<Viewport, 'panBy' | 'zoomBy'>;
  readonly #box: HTMLElement;
  readonly #pointers = new Map<number, Point>();
  #start: Point | undefined;
  #isDrag = false;

  constructor(viewport: Pick<Viewport, 'panBy' | 'zoomBy'>, box: HTMLElement) {
    this.#viewport = viewport;
    this.#box = box;
  }

  begin(event: PointerEvent, mayPan: (event: PointerEvent) => boolean): void {
    if (this.#pointers.size === 0) {
      if (!mayPan(event)) return;
      this.#isDrag = false;
      this.#start = { x: event.clientX, y: event.clientY };
    }
    // The middle button would scroll the page.
    if (event.button === 1) event.preventDefault();
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  }

  move(event: PointerEvent): void {
    const before = this.#pointers.get(event.pointerId);
    if (!before || !this.#start) return;
    // The button was released where this window does not hear of it.
    if (event.buttons === 0) {
      this.end(event);
      return;
    }
    const now = { x: event.clientX, y: event.clientY };
    if (!this.#isDrag) {
      if (Math.hypot(now.x - this.#start.x, now.y - this.#start.y) < DRAG_PX) return;
      this.#isDrag = true;
      for (const id of this.#pointers.keys()) this.#box.setPointerCapture(id);
    }
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.#pointers.set(event.pointerId, now);
    if (!other) {
      this.#viewport.panBy({ x: now.x - before.x, y: now.y - before.y });
      return;
    }
    const distance = (a: Point) => Math.hypot(a.x - other.x, a.y - other.y);
    this.#viewport.panBy({ x: (now.x - before.x) / 2, y: (now.y - before.y) / 2 });
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    this.#viewport.zoomBy(distance(now) / Math.max(1, distance(before)), middle);
  }

  end(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId);
  }

  /** A drag that ends on a place does not open it. */
  click(event: MouseEvent): void {
    if (!this.#isDrag) return;
    this.#isDrag = false;
    event.stopPropagation();
    event.preventDefault();
  }
}

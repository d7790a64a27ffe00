import { type RefObject, useLayoutEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import type { Point } from './plan.ts';
import type { View } from './viewport.ts';
import * as views from './viewport.ts';

/** The window through which one sees a sheet. Its view changes without React, so that large plans stay fluent. */
export interface Viewport {
  /** The window. */
  box: RefObject<HTMLDivElement | null>;
  /** What is drawn on the sheet, in units of the sheet. */
  layer: RefObject<SVGGElement | null>;
  /** Zooms around a point of the screen; by default around the centre of the window. */
  zoomBy(factor: number, around?: Point): void;
  panBy(by: Point): void;
  /** Shows all of the sheet. */
  showWhole(): void;
  /** Moves the sheet if a point of it is not visible. */
  reveal(point: Point): void;
  /** The point of the sheet at a point of the screen. */
  toSheet(client: Point): Point;
  /** The point of the sheet in the centre of the window. */
  centre(): Point;
  /** Pixels for a unit of the sheet. */
  scale(): number;
  /** Calls back after each change of the scale. Returns what ends that. */
  onScale(changed: () => void): () => void;
}

/** Labels of desks are shown when their symbols have so many pixels. */
const LABEL_PX = 11;
/** A touch or click that moves less is no drag, in pixels. */
export const DRAG_PX = 4;

interface ViewportOptions {
  sheet: Point;
  /** The radius of the desks, in units of the sheet. */
  radius: number;
  /** Whether a press begins to move the sheet. */
  mayPan: (event: PointerEvent) => boolean;
}

/** Shows a sheet in a window: moved by drag, zoomed by wheel and by two fingers. */
export function useViewport({ sheet, radius, mayPan }: ViewportOptions): Viewport {
  const box = useRef<HTMLDivElement>(null);
  const layer = useRef<SVGGElement>(null);
  const options = useRef({ sheet, radius, mayPan });
  options.current = { sheet, radius, mayPan };
  const control = useMemo(() => new Control(box, layer, options), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another sheet or other desks need another view.
  useLayoutEffect(() => control.refresh(), [control, sheet.x, sheet.y, radius]);
  useLayoutEffect(() => control.listen(), [control]);
  return control;
}

/** Pixels for a unit of the sheet. The component is drawn again when they change. */
export function useScale(viewport: Viewport): number {
  return useSyncExternalStore(viewport.onScale, viewport.scale);
}

class Control implements Viewport {
  readonly box: RefObject<HTMLDivElement | null>;
  readonly layer: RefObject<SVGGElement | null>;
  readonly #options: RefObject<ViewportOptions>;
  readonly #listeners = new Set<() => void>();
  #view: View = { scale: 1, x: 0, y: 0 };
  #size: Point = { x: 0, y: 0 };
  #isWhole = true;
  #isDrawing = false;
  #drawnScale = 0;

  constructor(
    box: RefObject<HTMLDivElement | null>,
    layer: RefObject<SVGGElement | null>,
    options: RefObject<ViewportOptions>,
  ) {
    this.box = box;
    this.layer = layer;
    this.#options = options;
  }

  get #sheet(): Point {
    return this.#options.current.sheet;
  }

  zoomBy = (factor: number, around?: Point): void => {
    const at = around ? this.#toBox(around) : { x: this.#size.x / 2, y: this.#size.y / 2 };
    this.#show(views.zoom(this.#view, factor, at, this.#size, this.#sheet));
  };

  panBy = (by: Point): void => this.#show(views.pan(this.#view, by, this.#size, this.#sheet));

  showWhole = (): void => {
    this.#isWhole = true;
    this.#set(views.fit(this.#size, this.#sheet));
  };

  reveal = (point: Point): void => {
    const view = views.reveal(this.#view, point, this.#size, this.#sheet);
    if (view !== this.#view) this.#show(view);
  };

  toSheet = (client: Point): Point => views.sheetPoint(this.#view, this.#toBox(client));

  centre = (): Point => views.sheetPoint(this.#view, { x: this.#size.x / 2, y: this.#size.y / 2 });

  scale = (): number => this.#view.scale;

  onScale = (changed: () => void): (() => void) => {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  };

  /** Draws the view again after a change of the window or the sheet. */
  refresh = (): void => {
    if (this.#size.x === 0) return;
    this.#drawnScale = 0;
    this.#set(this.#isWhole ? views.fit(this.#size, this.#sheet) : this.#view);
  };

  #toBox({ x, y }: Point): Point {
    const { left = 0, top = 0 } = this.box.current?.getBoundingClientRect() ?? {};
    return { x: x - left, y: y - top };
  }

  #show(view: View): void {
    this.#isWhole = false;
    this.#set(view);
  }

  #set(view: View): void {
    this.#view = view;
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => {
      this.#isDrawing = false;
      this.#draw();
    });
  }

  #draw(): void {
    const { scale, x, y } = this.#view;
    this.layer.current?.setAttribute('transform', `translate(${x} ${y}) scale(${scale})`);
    if (scale === this.#drawnScale) return;
    this.#drawnScale = scale;
    this.box.current?.toggleAttribute('data-labels', scale * this.#options.current.radius >= LABEL_PX);
    for (const changed of this.#listeners) changed();
  }

  /** Follows the window's size, and the pointers. Returns what ends that. */
  listen = (): (() => void) | undefined => {
    const box = this.box.current;
    if (!box) return undefined;
    const sizes = new ResizeObserver(() => {
      this.#size = { x: box.clientWidth, y: box.clientHeight };
      this.refresh();
    });
    sizes.observe(box);
    const ended = new AbortController();
    const { signal } = ended;
    box.addEventListener('wheel', (event) => this.#wheel(event), { signal, passive: false });
    const gesture = new Gesture(this, box);
    box.addEventListener('pointerdown', (event) => gesture.begin(event, this.#options.current.mayPan), {
      signal,
    });
    box.addEventListener('pointermove', (event) => gesture.move(event), { signal });
    for (const type of ['pointerup', 'pointercancel', 'lostpointercapture'] as const)
      box.addEventListener(type, (event) => gesture.end(event), { signal });
    box.addEventListener('click', (event) => gesture.click(event), { signal, capture: true });
    return () => {
      sizes.disconnect();
      ended.abort();
    };
  };

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    if (event.shiftKey && !event.ctrlKey) {
      this.panBy({ x: -(event.deltaX || event.deltaY) * unit, y: 0 });
      return;
    }
    // A pinch on a touchpad arrives as a wheel with Ctrl, in smaller steps.
    const speed = event.ctrlKey ? 0.01 : 0.002;
    this.zoomBy(Math.exp(-event.deltaY * unit * speed), { x: event.clientX, y: event.clientY });
  }
}

/** A drag with one pointer, or a pinch with two. */
class Gesture {
  readonly #viewport: Viewport;
  readonly #box: HTMLElement;
  readonly #pointers = new Map<number, Point>();
  #start: Point | undefined;
  #isDrag = false;

  constructor(viewport: Viewport, box: HTMLElement) {
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

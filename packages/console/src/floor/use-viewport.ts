import { type RefObject, useLayoutEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import { Gesture } from './gesture.ts';
import type { Point } from './plan.ts';
import type { View } from './viewport.ts';
import * as views from './viewport.ts';

/** The window through which one sees a sheet. Its view changes without React, so that large plans stay fluent. */
export interface Viewport {
  /** The window. */
  box: RefObject<HTMLDivElement | null>;
  /** Holds the drawing, and fills the window. A transform of the drawing itself would lay out all of it again. */
  drawing: RefObject<HTMLDivElement | null>;
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
  /** Pixels for a unit of the sheet, as it is drawn. */
  scale(): number;
  /** The view as it is drawn. Another object stands for another view. */
  drawn(): DrawnView;
  /** Calls back after the view is drawn anew. Returns what ends that. */
  onDrawn(changed: () => void): () => void;
}

/** A view, and the size of its window in pixels. */
export interface DrawnView {
  view: View;
  size: Point;
}

/** A view that stays for so long is drawn anew. */
const SETTLED_MS = 200;

interface ViewportOptions {
  sheet: Point;
  /** Whether a press begins to move the sheet. */
  mayPan: (event: PointerEvent) => boolean;
}

/** Shows a sheet in a window: moved by drag, zoomed by wheel and by two fingers. */
export function useViewport({ sheet, mayPan }: ViewportOptions): Viewport {
  const box = useRef<HTMLDivElement>(null);
  const drawing = useRef<HTMLDivElement>(null);
  const layer = useRef<SVGGElement>(null);
  const options = useRef({ sheet, mayPan });
  options.current = { sheet, mayPan };
  const control = useMemo(() => new Control({ box, drawing, layer }, options), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another sheet needs another view.
  useLayoutEffect(() => control.refresh(), [control, sheet.x, sheet.y]);
  useLayoutEffect(() => control.listen(), [control]);
  return control;
}

/** Pixels for a unit of the sheet. The component is drawn again when they change. */
export function useScale(viewport: Viewport): number {
  return useSyncExternalStore(viewport.onDrawn, viewport.scale);
}

/** The view as it is drawn. The component is drawn again when it changes. */
export function useDrawnView(viewport: Viewport): DrawnView {
  return useSyncExternalStore(viewport.onDrawn, viewport.drawn);
}

/**
 * While the view moves, the browser moves and scales the picture that it has. The drawing itself is drawn anew when the view
 * has settled, because thousands of places take longer than a frame.
 */
class Control implements Viewport {
  readonly box: Viewport['box'];
  readonly drawing: Viewport['drawing'];
  readonly layer: Viewport['layer'];
  readonly #options: RefObject<ViewportOptions>;
  readonly #listeners = new Set<() => void>();
  #view: View = { scale: 1, x: 0, y: 0 };
  #size: Point = { x: 0, y: 0 };
  #isWhole = true;
  #isMoving = false;
  #settling: ReturnType<typeof setTimeout> | undefined;
  #drawn: DrawnView = { view: this.#view, size: this.#size };

  constructor(
    { box, drawing, layer }: Pick<Viewport, 'box' | 'drawing' | 'layer'>,
    options: RefObject<ViewportOptions>,
  ) {
    this.box = box;
    this.drawing = drawing;
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
    // A window that is not laid out yet will show the whole sheet.
    if (this.#size.x === 0) return;
    const view = views.reveal(this.#view, point, this.#size, this.#sheet);
    if (view !== this.#view) this.#show(view);
  };

  toSheet = (client: Point): Point => views.sheetPoint(this.#view, this.#toBox(client));

  centre = (): Point => views.sheetPoint(this.#view, { x: this.#size.x / 2, y: this.#size.y / 2 });

  scale = (): number => this.#drawn.view.scale;

  drawn = (): DrawnView => this.#drawn;

  onDrawn = (changed: () => void): (() => void) => {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  };

  /** Draws the view again after a change of the window or the sheet. */
  refresh = (): void => {
    if (this.#size.x === 0) return;
    if (this.#isWhole) this.#view = views.fit(this.#size, this.#sheet);
    this.#draw();
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
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#draw(), SETTLED_MS);
    if (this.#isMoving) return;
    this.#isMoving = true;
    requestAnimationFrame(() => {
      this.#isMoving = false;
      this.#move();
    });
  }

  /** Shows the view with the picture that is there. */
  #move(): void {
    const drawing = this.drawing.current;
    const { view } = this.#drawn;
    if (!drawing || view === this.#view) return;
    const ratio = this.#view.scale / view.scale;
    drawing.style.willChange = 'transform';
    drawing.style.transform = `translate(${this.#view.x - view.x * ratio}px, ${this.#view.y - view.y * ratio}px) scale(${ratio})`;
  }

  #draw(): void {
    clearTimeout(this.#settling);
    const { scale, x, y } = this.#view;
    this.layer.current?.setAttribute('transform', `translate(${x} ${y}) scale(${scale})`);
    if (this.drawing.current) {
      this.drawing.current.style.transform = '';
      this.drawing.current.style.willChange = '';
    }
    this.#drawn = { view: this.#view, size: this.#size };
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
    for (const type of ['pointerup', 'pointercancel'] as const)
      box.addEventListener(type, (event) => gesture.end(event), { signal });
    box.addEventListener('click', (event) => gesture.click(event), { signal, capture: true });
    return () => {
      clearTimeout(this.#settling);
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

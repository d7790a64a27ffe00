import type { Point } from './plan.ts';

/** Which part of the sheet is visible: a point of the window is a point of the sheet, times `scale`, plus `x` and `y`. */
export interface View extends Point {
  scale: number;
}

/** How much larger than the whole sheet in the window. */
const MOST_ZOOM = 40;
const LEAST_ZOOM = 0.5;
/** The space around the sheet when all of it is visible, in pixels. */
const MARGIN = 12;
/** So much of the sheet always stays in the window, in pixels. */
const KEPT = 60;

/** The view of the whole sheet. */
export function fit(size: Point, sheet: Point): View {
  const scale = Math.max(0.01, Math.min((size.x - 2 * MARGIN) / sheet.x, (size.y - 2 * MARGIN) / sheet.y));
  return { scale, x: (size.x - scale * sheet.x) / 2, y: (size.y - scale * sheet.y) / 2 };
}

/** Keeps a part of the sheet in the window. */
function kept({ scale, x, y }: View, size: Point, sheet: Point): View {
  const within = (value: number, window: number, length: number) =>
    Math.max(KEPT - length * scale, Math.min(window - KEPT, value));
  return { scale, x: within(x, size.x, sheet.x), y: within(y, size.y, sheet.y) };
}

/** Zooms by a factor around a point of the window, which stays where it is. */
export function zoom(view: View, factor: number, around: Point, size: Point, sheet: Point): View {
  const whole = fit(size, sheet).scale;
  const scale = Math.max(whole * LEAST_ZOOM, Math.min(whole * MOST_ZOOM, view.scale * factor));
  const ratio = scale / view.scale;
  return kept(
    { scale, x: around.x - (around.x - view.x) * ratio, y: around.y - (around.y - view.y) * ratio },
    size,
    sheet,
  );
}

/** Moves the sheet by pixels. */
export function pan(view: View, by: Point, size: Point, sheet: Point): View {
  return kept({ ...view, x: view.x + by.x, y: view.y + by.y }, size, sheet);
}

/** Moves the sheet so that a point of it is well within the window. The same view if it is there already. */
export function reveal(view: View, point: Point, size: Point, sheet: Point): View {
  const at = { x: point.x * view.scale + view.x, y: point.y * view.scale + view.y };
  const isIn = (value: number, length: number) => value >= KEPT / 2 && value <= length - KEPT / 2;
  if (isIn(at.x, size.x) && isIn(at.y, size.y)) return view;
  return kept({ ...view, x: view.x + size.x / 2 - at.x, y: view.y + size.y / 2 - at.y }, size, sheet);
}

/** The point of the sheet at a point of the window. */
export function sheetPoint(view: View, at: Point): Point {
  return { x: (at.x - view.x) / view.scale, y: (at.y - view.y) / view.scale };
}

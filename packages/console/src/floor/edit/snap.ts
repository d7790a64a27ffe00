import type { Placement, Point } from '../plan.ts';

/** A correction of a move, and the lines that it makes places meet, as fractions of the sheet. */
export interface Snap {
  by: Point;
  /** The line x = … that is met. */
  vertical: number | undefined;
  horizontal: number | undefined;
}

/** Places that lie on no line of another place lie on lines that are so far apart, as a fraction of the sheet's width. */
const GRID = 1 / 200;

/**
 * The move that is nearest to `by` after which `lead` is in line with another place, else on the grid.
 *
 * @param near how near a line must be to count, as fractions of the sheet
 */
export function snapped(
  lead: Placement,
  by: Point,
  others: readonly Placement[],
  near: Point,
  aspectRatio: number,
): Snap {
  const x = nearest(
    lead.x + by.x,
    others.map((each) => each.x),
    near.x,
    GRID,
  );
  const y = nearest(
    lead.y + by.y,
    others.map((each) => each.y),
    near.y,
    GRID * aspectRatio,
  );
  return {
    by: { x: x.value - lead.x, y: y.value - lead.y },
    vertical: x.line,
    horizontal: y.line,
  };
}

function nearest(value: number, lines: readonly number[], near: number, grid: number) {
  let line: number | undefined;
  let least = near;
  for (const each of lines) {
    const distance = Math.abs(each - value);
    if (distance <= least) {
      least = distance;
      line = each;
    }
  }
  return { value: line ?? Math.round(value / grid) * grid, line };
}

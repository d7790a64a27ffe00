import type { Placement, Plan } from '../plan.ts';

/** What somebody sees differently after a plan takes the place of another one. */
export interface PlanChanges {
  placed: number;
  moved: number;
  removed: number;
  hasOtherImage: boolean;
}

export function changesOf(before: Plan | undefined, after: Plan): PlanChanges {
  const old = new Map((before?.placements ?? []).map((each) => [each.nodeId, each]));
  let placed = 0;
  let moved = 0;
  let stayed = 0;
  for (const each of after.placements) {
    const was = old.get(each.nodeId);
    if (!was) placed++;
    else if (isSame(was, each)) stayed++;
    else moved++;
  }
  return {
    placed,
    moved,
    removed: old.size - moved - stayed,
    hasOtherImage: (before?.imageId ?? null) !== after.imageId,
  };
}

function isSame(a: Placement, b: Placement): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;
}

import type { Tx } from '../store/connections/db.ts';
import { listPlacements, type PlacementRow } from '../store/floor/placements.ts';
import { findPlan, type PlanRow } from '../store/floor/plans.ts';
import type { Draft, PublishedPlan } from './schemas.ts';

/** A plan with its placements. */
export interface StoredPlan extends PlanRow {
  /** In the order of the ids of their nodes. */
  all: PlacementRow[];
  /** Those of nodes that are on the level now. */
  shown: PlacementRow[];
  /** Those of nodes that are retired or have left the level. */
  hidden: PlacementRow[];
}

/** Reads the draft or the published plan of a level. */
export async function readPlan(
  tx: Tx,
  tenantId: string,
  levelId: string,
  which: { isDraft: boolean },
): Promise<StoredPlan | undefined> {
  const plan = await findPlan(tx, tenantId, levelId, which);
  if (!plan) return undefined;
  const all = await listPlacements(tx, tenantId, plan.planId);
  const isShown = (placement: PlacementRow) => placement.inUse && placement.levelId === levelId;
  return {
    ...plan,
    all,
    shown: all.filter(isShown),
    hidden: all.filter((placement) => !isShown(placement)),
  };
}

export function publishedView(plan: StoredPlan): PublishedPlan {
  return {
    ...planView(plan),
    version: plan.version ?? 0,
    publishedAt: plan.changedAt.toISOString(),
    publishedBy: plan.changedBy,
  };
}

export function draftView(plan: StoredPlan): Draft {
  return {
    levelId: plan.levelId,
    basedOn: plan.basedOn ?? 0,
    changedAt: plan.changedAt.toISOString(),
    changedBy: plan.changedBy,
    ...planView(plan),
  };
}

function planView({ imageId, aspectRatio, shown, hidden }: StoredPlan) {
  const placements = shown.map(({ levelId: _, inUse: __, ...placement }) => placement);
  return { imageId, aspectRatio, placements, hidden: hidden.length } as Pick<
    PublishedPlan,
    'imageId' | 'aspectRatio' | 'placements' | 'hidden'
  >;
}

import { etagOf } from '../http/etag.ts';
import type { Tx } from '../store/connections/db.ts';
import { listPlacements, type PlacementRow } from '../store/floor/placements.ts';
import { findPlan, type PlanRow } from '../store/floor/plans.ts';
import type { Draft, PublishedPlan } from './schemas.ts';

/** A plan with its placements. */
export interface StoredPlan extends PlanRow {
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
  const placements = await listPlacements(tx, tenantId, plan.planId);
  const isShown = (placement: PlacementRow) => placement.inUse && placement.levelId === levelId;
  return {
    ...plan,
    shown: placements.filter(isShown),
    hidden: placements.filter((placement) => !isShown(placement)),
  };
}

/** The entity tag of a plan. Other names of its nodes are no change of it. */
export function versionOf(plan: StoredPlan): string {
  const { planId, isDraft, version, basedOn, imageId, aspectRatio, changedAt } = plan;
  const placements = plan.shown.map(({ nodeId, x, y, width, height }) => [nodeId, x, y, width, height]);
  return etagOf([planId, isDraft, version, basedOn, imageId, aspectRatio, changedAt, placements]);
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
    basedOn: plan.basedOn,
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

import { type FieldError, HttpProblem } from '../http/errors.ts';
import { quote } from '../http/text.ts';
import type { Tx } from '../store/connections/db.ts';
import { deleteUnnamedImages, endUploads, findImage } from '../store/floor/images.ts';
import {
  deleteOtherPlacements,
  listPlaceableNodes,
  type PlaceableNode,
  type Placement,
  upsertPlacements,
} from '../store/floor/placements.ts';
import { deletePlan, insertPlan, type PlanRow, updatePlan } from '../store/floor/plans.ts';
import { parseGuid } from '../store/values/guid.ts';
import { uuidV7 } from '../store/values/uuid-v7.ts';
import { readPlan, type StoredPlan } from './plan-views.ts';
import type { PlacementItem, PlanItem } from './schemas.ts';

/** Who changes a plan, and when. */
export interface PlanAuthor {
  name: string;
  at: Date;
}

/** A request with thousands of wrong placements gets the first ones back. */
const MOST_FAULTS = 20;
/** How much the ratio of an image and that of its plan may differ: the numbers of a client are rounded. */
const RATIO_TOLERANCE = 0.01;

/**
 * Stores the draft of a level as sent, in place of an earlier one. Placements that readers do not see stay as they are.
 * Throws a 400 that names each member that cannot be stored.
 */
export async function storeDraft(
  tx: Tx,
  tenantId: string,
  {
    levelId,
    draft,
    item,
    author,
  }: { levelId: string; draft: StoredPlan | undefined; item: PlanItem; author: PlanAuthor },
): Promise<void> {
  const published = await readPlan(tx, tenantId, levelId, { isDraft: false });
  const placements = await readPlacements(tx, tenantId, levelId, item.placements);
  const imageId = item.imageId ?? null;
  await checkImage(tx, tenantId, imageId, item.aspectRatio);
  const version = published?.version ?? null;
  if (item.basedOn != null && item.basedOn !== draft?.basedOn && item.basedOn > (version ?? 0))
    throw malformed([{ path: '/basedOn', message: 'is later than the published version' }]);
  const plan: PlanRow = {
    planId: draft?.planId ?? uuidV7(author.at.getTime()),
    levelId,
    isDraft: true,
    version: null,
    basedOn: item.basedOn ?? (draft ? draft.basedOn : version),
    imageId,
    aspectRatio: item.aspectRatio,
    changedAt: author.at,
    changedBy: author.name,
  };
  await (draft ? updatePlan : insertPlan)(tx, tenantId, plan);
  const given = new Set(placements.map(({ nodeId }) => nodeId));
  const hidden = (draft ?? published)?.hidden.filter(({ nodeId }) => !given.has(nodeId)) ?? [];
  const all: Placement[] = [...placements, ...hidden];
  await deleteOtherPlacements(
    tx,
    tenantId,
    plan.planId,
    all.map(({ nodeId }) => nodeId),
  );
  await upsertPlacements(tx, tenantId, plan.planId, all);
  if (imageId !== null) await endUploads(tx, tenantId, { levelId, imageId });
  await deleteUnnamedImages(tx, tenantId);
}

/** Deletes a plan. Images that nothing else names go with it. */
export async function discardPlan(tx: Tx, tenantId: string, plan: PlanRow): Promise<void> {
  await deletePlan(tx, tenantId, plan.planId);
  if (plan.isDraft) await endUploads(tx, tenantId, { levelId: plan.levelId });
  await deleteUnnamedImages(tx, tenantId);
}

/**
 * Makes the draft of a level its published plan. Throws a 409 if another plan was published since the draft began,
 * unless `force` is set.
 */
export async function publishDraft(
  tx: Tx,
  tenantId: string,
  draft: StoredPlan,
  { force, author }: { force: boolean; author: PlanAuthor },
): Promise<void> {
  const { levelId } = draft;
  const published = await readPlan(tx, tenantId, levelId, { isDraft: false });
  if (!force && (published?.version ?? null) !== draft.basedOn) {
    throw new HttpProblem(
      409,
      published
        ? `Nothing was published: ${published.changedBy} has published version ${published.version} since the draft ` +
            'was begun. To replace it, publish with force=true.'
        : 'Nothing was published: the plan on which the draft is based was removed. Publish with force=true.',
    );
  }
  if (published) await deletePlan(tx, tenantId, published.planId);
  await updatePlan(tx, tenantId, {
    ...draft,
    isDraft: false,
    version: Math.max(published?.version ?? 0, draft.basedOn ?? 0) + 1,
    basedOn: null,
    changedAt: author.at,
    changedBy: author.name,
  });
  await endUploads(tx, tenantId, { levelId });
  await deleteUnnamedImages(tx, tenantId);
}

async function checkImage(
  tx: Tx,
  tenantId: string,
  imageId: string | null,
  aspectRatio: number,
): Promise<void> {
  if (imageId === null) return;
  const image = /^[0-9a-f]{64}$/.test(imageId) ? await findImage(tx, tenantId, imageId) : undefined;
  if (!image) throw malformed([{ path: '/imageId', message: 'names no image; send the image again' }]);
  const ratio = image.width / image.height;
  if (Math.abs(aspectRatio / ratio - 1) > RATIO_TOLERANCE)
    throw malformed([{ path: '/aspectRatio', message: `must be that of the image: ${ratio.toFixed(4)}` }]);
}

/** The placements of a request. Throws a 400. */
async function readPlacements(
  tx: Tx,
  tenantId: string,
  levelId: string,
  items: readonly PlacementItem[],
): Promise<Placement[]> {
  const ids = items.map(({ nodeId }) => parseGuid(nodeId));
  const known = new Map(
    (
      await listPlaceableNodes(
        tx,
        tenantId,
        ids.filter((id) => id !== undefined),
      )
    ).map((node) => [node.nodeId, node]),
  );
  const seen = new Set<string>();
  const faults: FieldError[] = [];
  const placements = items.map((item, index): Placement => {
    const node = known.get(ids[index] ?? '');
    const fault = node && seen.has(node.nodeId) ? 'is there twice' : placementFault(item, node, levelId);
    if (fault !== undefined && faults.length < MOST_FAULTS)
      faults.push({ path: `/placements/${index}`, message: `${nameOf(node, item)} ${fault}` });
    seen.add(node?.nodeId ?? '');
    return {
      nodeId: ids[index] ?? '',
      x: item.x,
      y: item.y,
      width: item.width ?? null,
      height: item.height ?? null,
    };
  });
  if (faults.length > 0) throw malformed(faults);
  return placements;
}

function nameOf(node: PlaceableNode | undefined, { nodeId }: PlacementItem): string {
  return quote(node?.name ?? nodeId);
}

/** Why a node cannot be placed on a level in this way; undefined if it can. */
export function placementFault(
  { width, height }: { width?: number | null; height?: number | null },
  node: PlaceableNode | undefined,
  levelId: string,
): string | undefined {
  if (!node) return 'is no id of a node';
  if (node.kind === 'location' || node.kind === 'level')
    return `is a ${node.kind}; desks, spaces and zones can be placed`;
  if (node.levelId !== levelId) return 'is not on this level';
  const sizes = [width, height].filter((size) => size != null).length;
  if (node.kind === 'place') return sizes === 0 ? undefined : 'is a desk, which has no width and height';
  return sizes === 2 ? undefined : `is a ${node.kind}, which needs a width and a height`;
}

function malformed(errors: FieldError[]): HttpProblem {
  const [first] = errors;
  return new HttpProblem(400, `The request is malformed: ${first?.path} ${first?.message}.`, { errors });
}

import { type FieldError, HttpProblem } from '../http/errors.ts';
import { quote } from '../http/text.ts';
import type { Tx } from '../store/connections/db.ts';
import { findImage, noteUpload } from '../store/floor/images.ts';
import {
  deleteOtherPlacements,
  listPlaceableNodes,
  type PlaceableNode,
  type Placement,
  upsertPlacements,
} from '../store/floor/placements.ts';
import {
  deletePlan,
  findLastVersion,
  insertPlan,
  type PlanRow,
  takeNextVersion,
  updatePlan,
} from '../store/floor/plans.ts';
import { parseGuid } from '../store/values/guid.ts';
import { uuidV7 } from '../store/values/uuid-v7.ts';
import { isRatioOf, removeForgottenImages } from './images.ts';
import { readPlan, type StoredPlan } from './plan-views.ts';
import { MOST_PLACEMENTS, type PlacementItem, type PlanItem } from './schemas.ts';

/** Who changes a plan, and when. */
export interface PlanAuthor {
  name: string;
  at: Date;
}

/** A request with thousands of wrong placements gets the first ones back. */
const MOST_FAULTS = 20;

/** A draft as somebody sends it. */
export interface SentDraft {
  levelId: string;
  /** The draft that it replaces. */
  draft: StoredPlan | undefined;
  /** The nodes whose placements in that draft the sender did not see. */
  unseen?: ReadonlySet<string>;
  item: PlanItem;
  author: PlanAuthor;
}

/**
 * Stores the draft of a level as sent, in place of an earlier one. Placements that readers do not see, or that the sender did not
 * see, stay as they are. Throws a 400 that names each member that cannot be stored, or a 412.
 */
export async function storeDraft(tx: Tx, tenantId: string, sent: SentDraft): Promise<void> {
  const { levelId, draft, unseen, item, author } = sent;
  const published = await readPlan(tx, tenantId, levelId, { isDraft: false });
  if (!draft) requireAllHidden(item, published);
  const placements = await readPlacements(tx, tenantId, levelId, item.placements);
  const all = withUnseen(placements, draft ?? published, unseen);
  const imageId = item.imageId ?? null;
  await checkImage(tx, tenantId, imageId, item.aspectRatio);
  const plan: PlanRow = {
    planId: draft?.planId ?? uuidV7(author.at.getTime()),
    levelId,
    isDraft: true,
    version: null,
    basedOn: await readBasedOn(tx, tenantId, sent, published),
    imageId,
    aspectRatio: item.aspectRatio,
    changedAt: author.at,
    changedBy: author.name,
  };
  await (draft ? updatePlan : insertPlan)(tx, tenantId, plan);
  await deleteOtherPlacements(
    tx,
    tenantId,
    plan.planId,
    all.map(({ nodeId }) => nodeId),
  );
  await upsertPlacements(tx, tenantId, plan.planId, all);
  if (draft && draft.imageId !== imageId) await letGo(tx, tenantId, draft, author.at);
  await removeForgottenImages(tx, tenantId, author.at);
}

/** Deletes a plan. The image of a draft stays for a day. */
export async function discardPlan(tx: Tx, tenantId: string, plan: PlanRow, at: Date): Promise<void> {
  await deletePlan(tx, tenantId, plan.planId);
  if (plan.isDraft) await letGo(tx, tenantId, plan, at);
  await removeForgottenImages(tx, tenantId, at);
}

/** Keeps the image of a draft for a day, so that its author, or another one, can undo the change. */
async function letGo(tx: Tx, tenantId: string, { levelId, imageId }: PlanRow, at: Date): Promise<void> {
  if (imageId !== null) await noteUpload(tx, tenantId, { levelId, imageId, at });
}

/** Throws a 412 if a node came back since the sender of a first draft read the published plan: the draft would lose it. */
function requireAllHidden({ hidden }: PlanItem, published: StoredPlan | undefined): void {
  if (hidden == null || (published?.hidden.length ?? 0) >= hidden) return;
  throw new HttpProblem(
    412,
    'A desk, room or zone that the plan hides came back meanwhile. Nothing was stored; read the published plan again.',
  );
}

/** The placements, and those of the stored plan that readers, or the sender, do not see. Throws a 400 if they are too many. */
function withUnseen(
  placements: Placement[],
  stored: StoredPlan | undefined,
  unseen: ReadonlySet<string> = new Set(),
): Placement[] {
  const given = new Set(placements.map(({ nodeId }) => nodeId));
  const shownIds = new Set(stored?.shown.map(({ nodeId }) => nodeId));
  const kept = (stored?.all ?? []).filter(
    ({ nodeId }) => !given.has(nodeId) && (unseen.has(nodeId) || !shownIds.has(nodeId)),
  );
  const count = placements.length + kept.length;
  if (count <= MOST_PLACEMENTS) return [...placements, ...kept];
  const message = `are ${count} with those that are hidden, and a plan can have ${MOST_PLACEMENTS}`;
  throw malformed([{ path: '/placements', message }]);
}

/** The published version with which a draft began. Throws a 400 if there never was this version. */
async function readBasedOn(
  tx: Tx,
  tenantId: string,
  { levelId, draft, item }: SentDraft,
  published: StoredPlan | undefined,
): Promise<number> {
  if (item.basedOn === undefined) return (draft ? draft.basedOn : published?.version) ?? 0;
  const basedOn = item.basedOn ?? 0;
  if (basedOn > (await findLastVersion(tx, tenantId, levelId)))
    throw malformed([{ path: '/basedOn', message: 'is later than the published version' }]);
  return basedOn;
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
  if (!force && (published?.version ?? 0) !== draft.basedOn) {
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
    version: await takeNextVersion(tx, tenantId, levelId),
    basedOn: null,
    changedAt: author.at,
    changedBy: author.name,
  });
  await removeForgottenImages(tx, tenantId, author.at);
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
  if (!isRatioOf(image, aspectRatio)) {
    const ratio = (image.width / image.height).toFixed(4);
    throw malformed([{ path: '/aspectRatio', message: `must be that of the image: ${ratio}` }]);
  }
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
  if (!node.inUse) return 'is retired, or its level is';
  const sizes = [width, height].filter((size) => size != null).length;
  if (node.kind === 'place') return sizes === 0 ? undefined : 'is a desk, which has no width and height';
  return sizes === 2 ? undefined : `is a ${node.kind}, which needs a width and a height`;
}

function malformed(errors: FieldError[]): HttpProblem {
  const [first] = errors;
  return new HttpProblem(400, `The request is malformed: ${first?.path} ${first?.message}.`, { errors });
}

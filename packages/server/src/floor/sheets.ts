import type { Tx } from '../store/connections/db.ts';
import { findPlan, insertPlan, type PlanRow, takeNextVersion, updatePlan } from '../store/floor/plans.ts';
import { uuidV7 } from '../store/values/uuid-v7.ts';
import type { PlanAuthor } from './drafts.ts';

/** What lies under the places of a plan: an image, or a blank sheet. */
export type Sheet = Pick<PlanRow, 'levelId' | 'imageId' | 'aspectRatio'>;

/** Publishes a sheet for a level. The places of an earlier plan stay on it. */
export async function publishSheet(
  tx: Tx,
  tenantId: string,
  sheet: Sheet,
  author: PlanAuthor,
): Promise<'created' | 'updated' | 'unchanged'> {
  const earlier = await findPlan(tx, tenantId, sheet.levelId, { isDraft: false });
  if (earlier?.imageId === sheet.imageId && earlier.aspectRatio === sheet.aspectRatio) return 'unchanged';
  await storePublished(tx, tenantId, { earlier, sheet, author });
  return earlier ? 'updated' : 'created';
}

/** Stores a published plan under the next number. It takes the id and the places of an earlier one. Returns its id. */
export async function storePublished(
  tx: Tx,
  tenantId: string,
  { earlier, sheet, author }: { earlier: PlanRow | undefined; sheet: Sheet; author: PlanAuthor },
): Promise<string> {
  const plan: PlanRow = {
    ...sheet,
    planId: earlier?.planId ?? uuidV7(author.at.getTime()),
    isDraft: false,
    version: await takeNextVersion(tx, tenantId, sheet.levelId),
    basedOn: null,
    changedAt: author.at,
    changedBy: author.name,
  };
  await (earlier ? updatePlan : insertPlan)(tx, tenantId, plan);
  return plan.planId;
}

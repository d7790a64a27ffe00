import { publishDraft, storeDraft } from '../floor/drafts.ts';
import { judgeImage, storeImage } from '../floor/images.ts';
import { readPlan } from '../floor/plan-views.ts';
import type { Database } from '../store/connections/db.ts';
import { lockDirectory } from '../store/connections/directory-lock.ts';
import { makeFloorPlans } from './floor-plan.ts';
import type { DemoOffice } from './offices.ts';

/** Publishes a floor plan of each level of the demo, in the name of a caller. A repeat changes nothing. */
export async function storeDemoFloorPlans(
  offices: DemoOffice[],
  { database, tenantId, at, name }: { database: Database; tenantId: string; at: Date; name: string },
): Promise<void> {
  const author = { name, at };
  for (const plan of offices.flatMap(makeFloorPlans)) {
    const { levelId, svg, aspectRatio, placements } = plan;
    const image = await judgeImage(Buffer.from(svg));
    await database.inTenant(tenantId, async (tx) => {
      await lockDirectory(tx, tenantId);
      if (await readPlan(tx, tenantId, levelId, { isDraft: false })) return;
      await storeImage(tx, tenantId, { levelId, image, at });
      const item = { imageId: image.imageId, aspectRatio, placements };
      await storeDraft(tx, tenantId, { levelId, draft: undefined, item, author });
      const draft = await readPlan(tx, tenantId, levelId, { isDraft: true });
      if (draft) await publishDraft(tx, tenantId, draft, { force: false, author });
    });
  }
}

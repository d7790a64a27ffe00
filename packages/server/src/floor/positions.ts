import type { Tx } from '../store/connections/db.ts';
import { type Placement, upsertPlacements } from '../store/floor/placements.ts';
import { addTo } from '../store/values/group-by.ts';
import type { PlanAuthor } from './drafts.ts';
import { readPlan, type StoredPlan } from './plan-views.ts';
import { MOST_PLACEMENTS } from './schemas.ts';
import { storePublished } from './sheets.ts';

/** The ratio of a sheet that somebody makes by naming places only. */
const BLANK_RATIO = 1.5;

/** Changes the published plans of levels place by place. A level without a plan gets a blank sheet. */
export class PublishedPlaces {
  readonly #tx: Tx;
  readonly #tenantId: string;
  readonly #plans = new Map<string, { plan: StoredPlan | undefined; places: Map<string, Placement> }>();
  readonly #changed = new Map<string, Placement[]>();

  private constructor(tx: Tx, tenantId: string) {
    this.#tx = tx;
    this.#tenantId = tenantId;
  }

  static async load(tx: Tx, tenantId: string, levelIds: Iterable<string>): Promise<PublishedPlaces> {
    const loaded = new PublishedPlaces(tx, tenantId);
    for (const levelId of levelIds) {
      const plan = await readPlan(tx, tenantId, levelId, { isDraft: false });
      const places = new Map<string, Placement>(plan?.all.map((each) => [each.nodeId, each]));
      loaded.#plans.set(levelId, { plan, places });
    }
    return loaded;
  }

  /** Places a node. Returns undefined if the plan has no room for it. */
  place(levelId: string, placement: Placement): 'created' | 'updated' | 'unchanged' | undefined {
    const places = this.#plans.get(levelId)?.places ?? new Map<string, Placement>();
    const before = places.get(placement.nodeId);
    if (before && isSame(before, placement)) return 'unchanged';
    if (!before && places.size >= MOST_PLACEMENTS) return undefined;
    places.set(placement.nodeId, placement);
    addTo(this.#changed, levelId, placement);
    return before ? 'updated' : 'created';
  }

  /** Stores what `place` has changed. Each changed plan gets a new version. */
  async save(author: PlanAuthor): Promise<void> {
    for (const [levelId, placements] of this.#changed) {
      const earlier = this.#plans.get(levelId)?.plan;
      const { imageId = null, aspectRatio = BLANK_RATIO } = earlier ?? {};
      const sheet = { levelId, imageId, aspectRatio };
      const planId = await storePublished(this.#tx, this.#tenantId, { earlier, sheet, author });
      await upsertPlacements(this.#tx, this.#tenantId, planId, placements);
    }
  }
}

function isSame(a: Placement, b: Placement): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;
}

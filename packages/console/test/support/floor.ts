import type { Locator, Page } from 'playwright-core';
import type { FloorPlans } from '../../../sdk/src/manage-floor-plans.ts';
import type { AccountRole } from '../../../server/src/store/auth/account-roles.ts';
import { NODES } from '../../../server/test/support/small-organisation.ts';
import type { Placement } from '../../src/floor/plan.ts';
import type { Pages } from './console.ts';

export const desk = (nodeId: string, x: number, y: number): Placement => ({
  nodeId,
  x,
  y,
  width: null,
  height: null,
});

const { desk1, desk2, room, quiet } = NODES;
/** Places of each kind of the first level of the small organisation. One desk is left. */
export const PLACES: Placement[] = [
  desk(desk1, 0.2, 0.3),
  desk(desk2, 0.4, 0.3),
  { nodeId: room, x: 0.7, y: 0.3, width: 0.2, height: 0.2 },
  { nodeId: quiet, x: 0.7, y: 0.7, width: 0.3, height: 0.3 },
];

/** A plan on a blank sheet. */
export const planWith = (placements: Placement[]) => ({ imageId: null, aspectRatio: 2, placements });

export const sheet = (page: Page) => page.getByRole('application');
export const mark = (page: Page, nodeId: string) => sheet(page).locator(`[data-node="${nodeId}"]`);
export const unplaced = (page: Page, nodeId: string) => page.locator(`[data-unplaced="${nodeId}"]`);
/** Waits until the server has the draft of the editor. */
export const stored = (page: Page) => page.locator('[data-store=stored]').waitFor();

export async function centreOf(locator: Locator): Promise<{ x: number; y: number }> {
  const { x, y, width, height } = (await locator.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  return { x: x + width / 2, y: y + height / 2 };
}

/** Drags by mouse from the centre of one thing to a point. */
export async function drag(page: Page, from: Locator, to: { x: number; y: number }): Promise<void> {
  const start = await centreOf(from);
  await page.mouse.move(start.x, start.y);
  await page.mouse.down();
  await page.mouse.move((start.x + to.x) / 2, (start.y + to.y) / 2, { steps: 4 });
  await page.mouse.move(to.x, to.y, { steps: 4 });
  await page.mouse.up();
}

/** Releases the button of the mouse without an event for the page, as outside of its window. */
export async function releaseUnseen(page: Page): Promise<void> {
  await page.evaluate(() =>
    window.addEventListener('pointerup', (event) => event.stopImmediatePropagation(), {
      capture: true,
      once: true,
    }),
  );
  await page.mouse.up();
}

/** Publishes a plan of a level with these places, and begins a draft with the same ones. */
export async function drawPlan(plans: FloorPlans, levelId: string, placements: Placement[]): Promise<void> {
  await plans.saveDraft(levelId, planWith(placements));
  await plans.publish(levelId, { force: true });
  await plans.saveDraft(levelId, planWith(placements));
}

/** The floors of a site: their pages, and their plans as the API has them. */
export function floorsOf(pages: Pages) {
  const plans = () => pages.site.api.manage.floorPlans;
  const address = (query = '') => `/console/${pages.site.organisation}/floor${query && `?${query}`}`;
  const openFloor = async (role: AccountRole, query: string) => {
    const page = await pages.openAs(role);
    await page.goto(address(query));
    return page;
  };
  const openEditor = async (levelId: string) => {
    const page = await openFloor('administrator', `level=${levelId}&edit=1`);
    await sheet(page).waitFor();
    return page;
  };
  const draftOf = async (levelId: string) => {
    const draft = await plans().readDraft(levelId);
    if (!draft) throw new Error('The level has no draft.');
    return draft.row;
  };
  /** The placements of the draft, by node. */
  const placed = async (levelId: string) =>
    new Map((await draftOf(levelId)).placements.map((each) => [each.nodeId, each]));
  const store = (levelId: string, placements: Placement[]) =>
    plans().saveDraft(levelId, planWith(placements));
  /** Makes this the draft, through the API. */
  const begin = async (levelId: string, placements: Placement[]) => {
    await plans()
      .discardDraft(levelId)
      .catch(() => undefined);
    await store(levelId, placements);
  };
  /** Puts this plan in use, through the API. No draft is left. */
  const publish = async (levelId: string, placements: Placement[]) => {
    await begin(levelId, placements);
    await plans().publish(levelId, { force: true });
  };
  const removeAll = async (levelId: string) => {
    await plans()
      .discardDraft(levelId)
      .catch(() => undefined);
    await plans()
      .remove(levelId)
      .catch(() => undefined);
  };
  return { plans, address, openFloor, openEditor, draftOf, placed, store, begin, publish, removeAll };
}

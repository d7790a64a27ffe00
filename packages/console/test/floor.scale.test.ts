import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Rollcall } from '../../sdk/src/index.ts';
import type { AccountRole } from '../../server/src/store/auth/account-roles.ts';
import { NODES } from '../../server/test/support/small-organisation.ts';
import { ALL_LOOKS, expectAccessible, WIDE } from './support/accessibility.ts';
import { hasBrowser } from './support/browser.ts';
import { heading, usePages } from './support/console.ts';
import { counts, upload } from './support/csv-import.ts';
import { callsOf } from './support/pages.ts';

/** A drawing that is twice as wide as high, and tries to run a script. */
const DRAWING = `<svg xmlns="http://www.w3.org/2000/svg" width="800" height="400" viewBox="0 0 800 400">
  <script>document.title = 'taken over'</script>
  <rect x="5" y="5" width="790" height="390" fill="none" stroke="#222" stroke-width="6"/>
  <path d="M400 5V180M400 240V395" stroke="#222" stroke-width="4"/>
</svg>`;
const { first, second, window: windowZone, quiet, room, desk1, desk2, desk3 } = NODES;
const desk = (nodeId: string, x: number, y: number) => ({ nodeId, x, y, width: null, height: null });

describe.skipIf(!hasBrowser)('the page Floor', () => {
  const pages = usePages();
  let api: Rollcall;
  beforeAll(() => {
    api = pages.site.api;
  });
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
  const sheet = (page: Page) => page.getByRole('application');
  const mark = (page: Page, nodeId: string) => sheet(page).locator(`[data-node="${nodeId}"]`);
  const rowOf = (page: Page, nodeId: string) => page.locator(`[data-place="${nodeId}"]`);
  const unplaced = (page: Page, nodeId: string) => page.locator(`[data-unplaced="${nodeId}"]`);
  const panel = (page: Page, nodeId: string) => page.locator(`[data-panel="${nodeId}"]`);
  const stored = (page: Page) => page.locator('[data-store=stored]').waitFor();
  const plans = () => api.manage.floorPlans;
  const draftOf = async (levelId: string) => (await plans().readDraft(levelId)).row;
  const placed = async (levelId: string) =>
    new Map((await draftOf(levelId)).placements.map((each) => [each.nodeId, each]));
  /** Puts a plan in use through the API. */
  const publish = async (levelId: string, placements: Parameters<typeof desk>[]) => {
    const { version } = await plans().saveDraft(levelId, {
      imageId: null,
      aspectRatio: 2,
      placements: placements.map((each) => desk(...each)),
    });
    await plans().publish(levelId, { ifVersion: version, force: true });
  };
  const removeAll = async (levelId: string) => {
    await plans()
      .discardDraft(levelId)
      .catch(() => undefined);
    await plans()
      .remove(levelId)
      .catch(() => undefined);
  };
  const centreOf = async (locator: Locator) => {
    const { x, y, width, height } = (await locator.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    return { x: x + width / 2, y: y + height / 2 };
  };
  /** Drags by mouse from the centre of one thing to a point. */
  const drag = async (page: Page, from: Locator, to: { x: number; y: number }) => {
    const start = await centreOf(from);
    await page.mouse.move(start.x, start.y);
    await page.mouse.down();
    await page.mouse.move((start.x + to.x) / 2, (start.y + to.y) / 2, { steps: 4 });
    await page.mouse.move(to.x, to.y, { steps: 4 });
    await page.mouse.up();
  };

  test('a plan is drawn from nothing, by mouse and by keyboard, and published; a planner sees it with the states that the API answers', async () => {
    const page = await openFloor('administrator', `level=${first}`);
    await page.getByText('This level has no plan yet').waitFor();
    await page.getByRole('button', { name: 'Draw a plan' }).click();
    await page.getByRole('button', { name: 'Start with a blank sheet' }).click();
    await sheet(page).waitFor();
    await page.locator('input[type=file]').setInputFiles({
      name: 'level.svg',
      mimeType: 'image/svg+xml',
      buffer: Buffer.from(DRAWING),
    });
    await page.getByText('For safety, the server took this out of the drawing:').waitFor();
    await page.getByText('The image has 800 × 400 pixels.').waitFor();
    await stored(page);
    const { imageId, aspectRatio } = await draftOf(first);
    expect([imageId, aspectRatio]).toEqual([expect.any(String), 2]);
    await sheet(page).locator('image').waitFor();

    const middle = await centreOf(sheet(page));
    await drag(page, unplaced(page, desk1).locator('.unplaced-name'), { x: middle.x - 120, y: middle.y });
    await mark(page, desk1).waitFor();
    await drag(page, unplaced(page, windowZone).locator('.unplaced-name'), {
      x: middle.x - 120,
      y: middle.y,
    });
    await mark(page, windowZone).waitFor();
    await unplaced(page, desk2).locator('.unplaced-name').focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => mark(page, desk2).evaluate((each) => each === document.activeElement)).toBe(true);
    await stored(page);
    const before = (await placed(first)).get(desk2);
    for (const key of ['ArrowRight', 'ArrowRight', 'Shift+ArrowDown']) await page.keyboard.press(key);
    await page.getByText(/desk2 is at .* from the left and .* from the top/).waitFor();
    await stored(page);
    const after = await placed(first);
    expect((after.get(desk2)?.x ?? 0) - (before?.x ?? 0)).toBeCloseTo(0.01);
    expect((after.get(desk2)?.y ?? 0) - (before?.y ?? 0)).toBeCloseTo(0.001);
    expect(after.get(windowZone)?.width).toBeCloseTo(0.25);
    expect((await plans().read(first)).row.published).toBeNull();

    await page.getByRole('button', { name: 'Publish' }).click();
    const dialog = page.getByRole('dialog', { name: 'Publish the plan of first?' });
    await dialog.getByText('3 places are new on the plan').waitFor();
    await dialog.getByRole('button', { name: 'Publish' }).click();
    await page.getByRole('button', { name: 'Edit the plan' }).waitFor();
    const { published } = (await plans().read(first)).row;
    expect(new Map(published?.placements.map(({ nodeId, x, y }) => [nodeId, [x, y]]))).toEqual(
      new Map([...after].map(([nodeId, { x, y }]) => [nodeId, [x, y]])),
    );

    for (const day of ['2026-03-02', '2026-03-03', '2026-03-04', '2026-03-06', '2026-03-12']) {
      const planner = await openFloor('planner', `level=${first}&day=${day}`);
      await mark(planner, desk1).waitFor();
      const { items } = await plans().floor(first, { date: day });
      const shown = async (selector: string, id: string, state: string) =>
        new Map(
          await planner
            .locator(selector)
            .evaluateAll(
              (all, names) => all.map((each) => [each.getAttribute(names[0]), each.getAttribute(names[1])]),
              [id, state] as const,
            ),
        );
      const states = new Map(
        items.filter(({ kind }) => kind !== 'zone').map((each) => [each.nodeId, each.state]),
      );
      const listed = await shown('[data-place]', 'data-place', 'data-place-state');
      expect(listed.size).toBe(items.length);
      for (const [nodeId, state] of states)
        expect([day, nodeId, listed.get(nodeId)]).toEqual([day, nodeId, state ?? 'unknown']);
      const drawn = await shown('[data-node]', 'data-node', 'data-state');
      expect([...drawn.keys()].toSorted()).toEqual([desk1, desk2, windowZone].toSorted());
      for (const nodeId of [desk1, desk2])
        expect([day, nodeId, drawn.get(nodeId)]).toEqual([day, nodeId, states.get(nodeId)]);
      await planner.getByText('1 desk is not on the plan').waitFor();
      await planner.close();
    }
  });
});

import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Rollcall } from '../../sdk/src/index.ts';
import type { AccountRole } from '../../server/src/store/auth/account-roles.ts';
import { NODES, PEOPLE } from '../../server/test/support/small-organisation.ts';
import { storeDays } from '../../server/test/support/workday.ts';
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
const MANY = 2000;
/** Ann booked desk 1 of this day, and was detected at desk 2. */
const ELSEWHERE = { day: '2026-03-10', booked: desk1, seen: desk2 };

interface Placement {
  nodeId: string;
  x: number;
  y: number;
  width: number | null;
  height: number | null;
}
const desk = (nodeId: string, x: number, y: number): Placement => ({
  nodeId,
  x,
  y,
  width: null,
  height: null,
});
const planWith = (placements: Placement[]) => ({ imageId: null, aspectRatio: 2, placements });

describe.skipIf(!hasBrowser)('the page Floor', () => {
  const pages = usePages();
  let api: Rollcall;
  beforeAll(async () => {
    const { server, tenantId, api: client } = pages.site;
    api = client;
    await storeDays(server.db.owner, tenantId, [
      {
        userId: PEOPLE.ann,
        day: ELSEWHERE.day,
        plan: 'o',
        locationId: NODES.hq,
        booking: { nodeId: desk1, kind: 'place', zoneId: windowZone },
      },
    ]);
    await detect(ELSEWHERE.day, desk2, PEOPLE.ann);
  });
  const detect = (day: string, deskId: string, userId: string) =>
    api.presence.submit('badges', [
      {
        timestamp: `${day}T09:00:00Z`,
        locationId: deskId,
        locationType: 'place',
        eventId: `${day} ${deskId}`,
        userId,
      },
    ]);
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
  const draftOf = async (levelId: string) => {
    const draft = await plans().readDraft(levelId);
    if (!draft) throw new Error('The level has no draft.');
    return draft.row;
  };
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
      const { items } = await plans().day(first, { date: day });
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

  test('two people edit one draft: the second one is told who was first, and loses nothing before choosing', async () => {
    for (const choice of ['Keep mine', 'Take theirs'] as const) {
      await begin(first, [desk(desk1, 0.2, 0.2)]);
      const page = await openEditor(first);
      await stored(page);
      await store(first, [desk(desk1, 0.9, 0.9)]);
      await mark(page, desk1).focus();
      await page.keyboard.press('ArrowRight');
      const alert = page.getByRole('alert').filter({ hasText: 'Somebody else has changed this draft' });
      await alert.getByText(/stored it on 13 Mar 2026/).waitFor();
      expect((await placed(first)).get(desk1)?.x).toBe(0.9);
      expect(await page.getByRole('button', { name: 'Publish' }).isDisabled()).toBe(true);
      await alert.getByRole('button', { name: choice }).click();
      await stored(page);
      const x = (await placed(first)).get(desk1)?.x;
      if (choice === 'Keep mine') {
        expect(x).toBeCloseTo(0.205);
      } else {
        expect(x).toBe(0.9);
        await page.getByRole('button', { name: 'Undo' }).click();
        await expect.poll(async () => (await placed(first)).get(desk1)?.x).toBeCloseTo(0.205);
      }
      await page.close();
    }
  });

  test('a draft that cannot be stored says so, loses nothing, warns before one leaves, and is stored later', async () => {
    await begin(first, [desk(desk1, 0.2, 0.2), desk(desk2, 0.4, 0.2)]);
    const page = await openEditor(first);
    await stored(page);
    await page.route('**/floor-plan/draft', (route) =>
      route.request().method() === 'PUT' ? route.abort() : route.continue(),
    );
    await mark(page, desk1).focus();
    await page.keyboard.press('ArrowDown');
    await page.getByText('Not stored: the server does not answer').waitFor();
    await mark(page, desk2).focus();
    await page.keyboard.press('Delete');
    expect((await placed(first)).size).toBe(2);
    const questions: string[] = [];
    page.on('dialog', (dialog) => {
      questions.push(`${dialog.type()} ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.getByRole('link', { name: 'Today' }).click();
    expect(questions).toEqual([expect.stringContaining('confirm Your last changes are not stored yet')]);
    await heading(page, 'Edit the plan of first').waitFor();
    await page.close({ runBeforeUnload: true });
    await expect.poll(() => questions.at(-1)).toContain('beforeunload');
    await page.getByRole('button', { name: 'Try again now' }).click();
    await page.getByText('Not stored: the server does not answer').waitFor();
    expect((await placed(first)).size).toBe(2);
    await page.unroute('**/floor-plan/draft');
    // It tries again by itself.
    await stored(page);
    const left = await placed(first);
    expect([left.size, left.get(desk1)?.y]).toEqual([1, expect.closeTo(0.21)]);
    await page.keyboard.press('Control+z');
    await mark(page, desk2).waitFor();
    await expect.poll(async () => (await placed(first)).size).toBe(2);
    await page.keyboard.press('Control+Shift+z');
    await expect.poll(async () => (await placed(first)).size).toBe(1);
  });

  test('several desks are selected, moved together, put in rows, and taken off; a room is resized', async () => {
    await begin(first, [desk(desk1, 0.2, 0.3), desk(desk2, 0.3, 0.3)]);
    const page = await openEditor(first);
    await stored(page);
    const box = (await sheet(page).boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    await page.mouse.move(box.x + 30, box.y + 30);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height - 30, { steps: 5 });
    await page.mouse.up();
    await page.getByText('2 places are selected.').waitFor();
    const from = await centreOf(mark(page, desk1));
    await drag(page, mark(page, desk1), { x: from.x + 200, y: from.y + 60 });
    await stored(page);
    const moved = await placed(first);
    expect((moved.get(desk2)?.x ?? 0) - (moved.get(desk1)?.x ?? 0)).toBeCloseTo(0.1, 3);
    expect(moved.get(desk1)?.x).toBeGreaterThan(0.3);
    await mark(page, desk1).click({ modifiers: ['Shift'] });
    await expect.poll(() => mark(page, desk1).getAttribute('aria-pressed')).toBe('false');
    await page.keyboard.press('Escape');
    await mark(page, desk1).focus();
    await page.keyboard.press('PageDown');
    await expect.poll(() => mark(page, desk2).evaluate((each) => each === document.activeElement)).toBe(true);
    await page.keyboard.press('Space');
    await expect.poll(() => mark(page, desk2).getAttribute('aria-pressed')).toBe('true');
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Delete');
    await expect.poll(async () => (await placed(first)).size).toBe(0);
    await page.getByRole('button', { name: 'Choose all 3 desks' }).click();
    await page.getByRole('button', { name: 'Put 3 desks in rows' }).click();
    const dialog = page.getByRole('dialog', { name: 'Put desks in rows' });
    await dialog.getByLabel('Desks in a row').fill('2');
    await dialog.getByText('3 desks in 2 rows').waitFor();
    await dialog.getByLabel('Between desks').fill('5');
    await dialog.getByRole('button', { name: 'Put them on the plan' }).click();
    await expect.poll(async () => (await placed(first)).size).toBe(3);
    const rows = await placed(first);
    expect((rows.get(desk2)?.x ?? 0) - (rows.get(desk1)?.x ?? 0)).toBeCloseTo(0.05);
    expect(rows.get(desk3)?.x).toBeCloseTo(rows.get(desk1)?.x ?? 0);

    await unplaced(page, room).locator('.unplaced-name').dblclick();
    await mark(page, room).waitFor();
    await stored(page);
    const before = (await placed(first)).get(room);
    const corner = page.locator('[data-handle="1 1"]');
    const at = await centreOf(corner);
    await drag(page, corner, { x: at.x + 80, y: at.y + 40 });
    await stored(page);
    const after = (await placed(first)).get(room);
    expect(after?.width).toBeGreaterThan(before?.width ?? 1);
    expect((after?.x ?? 0) - (after?.width ?? 0) / 2).toBeCloseTo(
      (before?.x ?? 0) - (before?.width ?? 0) / 2,
      3,
    );
    await page.getByLabel('Width, %').fill('30');
    await expect.poll(async () => (await placed(first)).get(room)?.width).toBeCloseTo(0.3);
  });

  test('a draft is discarded while the published plan stays in use; an image is refused with the reason', async () => {
    await publish(first, [desk(desk1, 0.2, 0.3)]);
    const page = await openFloor('administrator', `level=${first}`);
    await page.getByRole('button', { name: 'Edit the plan' }).click();
    await page.getByRole('button', { name: 'Start from the published plan' }).click();
    await mark(page, desk1).waitFor();
    const dropped = await page.evaluateHandle((drawing) => {
      const data = new DataTransfer();
      data.items.add(new File([drawing], 'level.svg', { type: 'image/svg+xml' }));
      return data;
    }, DRAWING);
    await page.locator('.drop-target').dispatchEvent('drop', { dataTransfer: dropped });
    await sheet(page).locator('image').waitFor();
    await page.getByRole('button', { name: 'Remove the image' }).click();
    await page.locator('input[type=file]').setInputFiles({
      name: 'plan.png',
      mimeType: 'image/png',
      buffer: Buffer.from('no image'),
    });
    await page.getByRole('alert').getByText('The server refused the request').waitFor();
    await mark(page, desk1).focus();
    await page.keyboard.press('Delete');
    await expect.poll(async () => (await placed(first)).size).toBe(0);
    await page.getByRole('button', { name: 'Discard the draft' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Discard the draft' }).click();
    await mark(page, desk1).waitFor();
    const { published, hasDraft } = (await plans().read(first)).row;
    expect([published?.placements.length, hasDraft]).toEqual([1, false]);
  });

  test('somebody who published meanwhile is named before the plan is published over', async () => {
    await publish(first, [desk(desk1, 0.2, 0.3)]);
    await begin(first, [desk(desk1, 0.5, 0.5), desk(desk2, 0.6, 0.5)]);
    const page = await openEditor(first);
    await mark(page, desk2).waitFor();
    // A colleague publishes the same draft, and a new draft that is based on the first version takes its place.
    const row = await draftOf(first);
    await publish(first, [desk(desk3, 0.1, 0.1)]);
    await plans().saveDraft(
      first,
      { ...planWith([desk(desk1, 0.5, 0.5)]), basedOn: row.basedOn },
      { ifNew: true },
    );
    await page.reload();
    await mark(page, desk1).waitFor();
    await page.getByRole('button', { name: 'Publish' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Somebody else published a plan after this draft began').waitFor();
    await dialog.getByText('1 place is no longer on the plan').waitFor();
    await dialog.getByRole('button', { name: 'Publish over it' }).click();
    await page.getByRole('button', { name: 'Edit the plan' }).waitFor();
    const { published } = (await plans().read(first)).row;
    expect(published?.placements.map(({ nodeId }) => nodeId)).toEqual([desk1]);
  });

  test('three requests show a plan; it works by keyboard alone, and the address holds what is open', async () => {
    await publish(first, [desk(desk1, 0.2, 0.3), desk(desk2, 0.4, 0.3), desk(desk3, 0.4, 0.7)]);
    const page = await pages.openAs('planner');
    const asked = callsOf(page);
    await page.goto(address(`level=${first}&day=2026-03-02`));
    await mark(page, desk1).waitFor();
    expect(asked.length).toBeLessThan(4);
    await sheet(page).focus();
    const layer = page.locator('.sheet-svg > g');
    const view = () => layer.getAttribute('transform');
    const whole = await view();
    for (const key of ['+', '+', 'ArrowRight', 'ArrowDown']) await page.keyboard.press(key);
    await expect.poll(view).not.toBe(whole);
    await page.keyboard.press('0');
    await expect.poll(view).toBe(whole);
    await page.keyboard.press('Tab');
    await expect.poll(() => page.locator('[data-readout]').textContent()).toContain('desk1, Here, ann');
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.locator('[data-readout]').textContent()).toContain('desk2');
    expect(await rowOf(page, desk2).getAttribute('data-marked')).toBe('true');
    await page.keyboard.press('Enter');
    await panel(page, desk2).getByText('ben').waitFor();
    expect(new URL(page.url()).searchParams.get('desk')).toBe(desk2);
    await panel(page, desk2).getByText('First detected').waitFor();
    expect(await panel(page, desk2).getByRole('link', { name: 'ben' }).getAttribute('href')).toContain(
      '?week=2026-03-02&day=2026-03-02',
    );
    const slider = page.getByRole('slider', { name: 'Day on the slider' });
    await slider.focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForURL((url) => url.searchParams.get('day') === '2026-03-03');
    await panel(page, desk2).getByText('Nobody is booked').waitFor();
    await page.getByRole('button', { name: 'Today', exact: true }).click();
    await page.waitForURL((url) => !url.searchParams.has('day'));
    await page.getByText(/^As of 12:00:00, /).waitFor();
    // The present day moves by itself.
    expect(await mark(page, desk3).getAttribute('data-state')).toBe('free');
    await detect('2026-03-13', desk3, PEOPLE.dee);
    await expect.poll(() => mark(page, desk3).getAttribute('data-state'), { timeout: 15_000 }).toBe('walkIn');
    await rowOf(page, desk3).hover();
    await page.locator('.ring.marked').waitFor();
    await page.getByLabel('Filter by name').fill('desk3');
    await expect.poll(() => page.locator('[data-place]').count()).toBe(1);
    expect(new URL(page.url()).searchParams.get('search')).toBe('desk3');
    await page.keyboard.press('Control+k');
    await page.getByRole('textbox', { name: 'Name of a page' }).fill('Floor');
    await page.getByRole('option', { name: /^Floor/ }).waitFor();
  });

  test('the list names a person at another desk, and leads there; a state filters it', async () => {
    await publish(first, [desk(desk1, 0.2, 0.3), desk(desk2, 0.4, 0.3)]);
    const page = await openFloor('planner', `level=${first}&day=${ELSEWHERE.day}`);
    await rowOf(page, ELSEWHERE.booked).click();
    await panel(page, ELSEWHERE.booked).getByRole('button', { name: 'At another desk: desk2' }).click();
    await panel(page, ELSEWHERE.seen).waitFor();
    expect(await mark(page, ELSEWHERE.seen).getAttribute('aria-pressed')).toBe('true');
    const { items } = await plans().day(first, { date: ELSEWHERE.day });
    const elsewhere = items.filter(({ kind, state }) => kind === 'place' && state === 'elsewhere');
    expect(elsewhere.map(({ nodeId }) => nodeId).toSorted()).toEqual([desk1, desk2].toSorted());
    await page.locator('[data-legend=elsewhere]').click();
    await expect.poll(() => page.locator('[data-place]').count()).toBe(2);
    expect(await page.locator('[data-legend=elsewhere]').textContent()).toBe('At another desk 2');
  });

  test('two fingers zoom the plan on a phone, and a tap opens a place', async () => {
    await publish(first, [desk(desk1, 0.2, 0.3), desk(desk2, 0.4, 0.3)]);
    const page = await pages.openAs('planner', { hasTouch: true, viewport: { width: 375, height: 700 } });
    await page.goto(address(`level=${first}&day=2026-03-02`));
    await mark(page, desk1).waitFor();
    const layer = page.locator('.sheet-svg > g');
    const scale = async () =>
      Number(/scale\((.*)\)/.exec((await layer.getAttribute('transform')) ?? '')?.[1]);
    const whole = await scale();
    const { x, y } = await centreOf(sheet(page));
    const browser = await page.context().newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', apart: number) =>
      browser.send('Input.dispatchTouchEvent', {
        type,
        touchPoints:
          type === 'touchEnd'
            ? []
            : [
                { x: x - apart, y, id: 1 },
                { x: x + apart, y, id: 2 },
              ],
      });
    await touch('touchStart', 30);
    for (const apart of [40, 60, 80, 90]) await touch('touchMove', apart);
    await touch('touchEnd', 0);
    await expect.poll(scale).toBeGreaterThan(1.8 * whole);
    await page.getByRole('button', { name: /^Show the whole plan/ }).click();
    await expect.poll(scale).toBeCloseTo(whole);
    await mark(page, desk2).tap();
    await panel(page, desk2).getByText('ben').waitFor();
  });

  test('viewers and integrations see the plan without states, and are told why; only administrators edit', async () => {
    await publish(first, [desk(desk1, 0.2, 0.3)]);
    for (const role of ['viewer', 'integrations'] as const) {
      const page = await openFloor(role, `level=${first}&day=2026-03-02`);
      await page.getByText('The plan is shown without the day’s states').waitFor();
      await mark(page, desk1).waitFor();
      expect(await sheet(page).locator('[data-state]').count()).toBe(0);
      expect(await page.locator('main').textContent()).not.toMatch(/\bann\b/);
      expect(await page.getByRole('button', { name: /Edit|Draw/ }).count()).toBe(0);
      await page.goto(address(`level=${first}&edit=1`));
      await page.getByText('Your role does not allow this').waitFor();
      await page.goto(address(`level=${second}`));
      await page.getByText('Ask an administrator to draw one.').waitFor();
      await page.close();
    }
  });

  test('without any plan, the page leads on; the list of plans, Places and the files lead to the plan', async () => {
    for (const level of [first, second]) await removeAll(level);
    const page = await openFloor('administrator', '');
    await page.getByText('There is no floor plan yet').waitFor();
    await page.getByRole('textbox', { name: 'Level' }).click();
    await page.getByRole('option', { name: 'hq › second' }).click();
    await page.getByText('This level has no plan yet').waitFor();
    await publish(first, [desk(desk1, 0.2, 0.3)]);
    await page.goto(address());
    await page.getByText('1 of 3 desks placed').waitFor();
    await page.locator(`[data-level="${first}"]`).click();
    await mark(page, desk1).waitFor();
    await page.goto(`/console/${pages.site.organisation}/places?open=${desk1}`);
    await page.getByRole('link', { name: 'Show on the floor plan' }).click();
    await panel(page, desk1).waitFor();
    await page.goto(`/console/${pages.site.organisation}/places`);
    await page.getByRole('button', { name: 'Download' }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: 'Floor positions as CSV' }).click();
    const file = await readFile(await (await download).path(), 'utf8');
    const [header = '', row = ''] = file.trim().split(/\r?\n/);
    expect(row).toContain(desk1);
    await page.goto(`/console/${pages.site.organisation}/places?import=floor-positions`);
    const x = header.split(',').indexOf('x');
    const cells = row.split(',');
    cells[x] = '0.75';
    await upload(page, [header, cells.join(',')]);
    expect(await counts(page, 'preview')).toEqual(['0', '1', '0', '0']);
    await page.getByRole('button', { name: 'Store 1 row' }).click();
    expect(await counts(page, 'stored')).toEqual(['0', '1', '0', '0']);
    expect((await plans().read(first)).row.published?.placements[0]?.x).toBe(0.75);
    await page.goto(address(`level=${first}`));
    await page.getByRole('button', { name: 'More about this plan' }).click();
    await page.getByRole('menuitem', { name: 'Remove the plan' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove the plan' }).click();
    await page.getByText('This level has no plan yet').waitFor();
    expect((await plans().read(first)).row.published).toBeNull();
    // The list has the states of the day without a plan, too.
    const planner = await openFloor('planner', `level=${first}&day=2026-03-02`);
    await planner.getByText('Ask an administrator to draw one.').waitFor();
    await planner.locator(`[data-place="${desk1}"][data-place-state=here]`).waitFor();
    await planner.getByText('3 desks are not on the plan').waitFor();
  });

  test('has no findings of axe-core in any look, also at 200 % zoom', async () => {
    await publish(first, [
      desk(desk1, 0.2, 0.3),
      desk(desk2, 0.4, 0.3),
      { nodeId: room, x: 0.7, y: 0.3, width: 0.2, height: 0.2 },
      { nodeId: quiet, x: 0.7, y: 0.7, width: 0.3, height: 0.3 },
    ]);
    const page = await openFloor('administrator', `level=${first}&day=2026-03-02&desk=${desk1}`);
    await panel(page, desk1).getByText('ann').waitFor();
    await expectAccessible(page, ALL_LOOKS);
    // 200 % of a page of 1280 pixels is a page of 640.
    await expectAccessible(page, [{ ...WIDE, width: 640 }]);
    await page.goto(address());
    await page.locator(`[data-level="${first}"]`).waitFor();
    await expectAccessible(page);
    await page.goto(address(`level=${first}&edit=1`));
    await page.getByRole('button', { name: 'Start from the published plan' }).click();
    await mark(page, room).click();
    await page.getByLabel('Width, %').waitFor();
    await expectAccessible(page, ALL_LOOKS);
    await page.getByRole('button', { name: 'Publish' }).click();
    await page.getByRole('dialog').getByText('Nothing changes').waitFor();
    await expectAccessible(page, [WIDE]);
  });

  test('a plan with 2,000 desks moves and zooms in frames, without drawing its desks anew in each of them', async () => {
    const levelId = await idOf(api.manage.levels.submit([{ levelName: 'large', locationId: NODES.hq }]));
    const zoneId = await idOf(api.manage.zones.submit([{ zoneName: 'large', levelId }]));
    const made = await api.manage.desks.submit(
      Array.from({ length: MANY }, (_, index) => ({ deskName: `L${index}`, zoneId })),
    );
    await publish(
      levelId,
      made.results.map(({ id }, index) =>
        desk(id ?? '', 0.02 + (index % 50) / 52, 0.02 + Math.floor(index / 50) / 42),
      ),
    );
    const page = await openFloor('planner', `level=${levelId}`);
    await sheet(page)
      .locator('.mark')
      .nth(MANY - 1)
      .waitFor();
    await page.evaluate(() => {
      const counted = globalThis as unknown as { drawn: number };
      counted.drawn = 0;
      new MutationObserver((changes) => {
        counted.drawn += changes.length;
      }).observe(document.querySelector('.sheet-svg') as Element, { subtree: true, attributes: true });
    });
    const box = (await sheet(page).boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    const frames = await page.evaluate(
      async ([x, y]) => {
        const target = document.querySelector('.sheet-window') as Element;
        const fire = (type: string, more: object) =>
          target.dispatchEvent(
            type === 'wheel'
              ? new WheelEvent(type, { bubbles: true, cancelable: true, clientX: x, clientY: y, ...more })
              : new PointerEvent(type, { bubbles: true, pointerId: 1, clientX: x, clientY: y, ...more }),
          );
        const frame = () => new Promise<number>((drawn) => requestAnimationFrame(drawn));
        // The pointer of this drag is none that the browser knows.
        target.setPointerCapture = () => undefined;
        const times: number[] = [];
        let last = await frame();
        const step = async () => {
          const now = await frame();
          times.push(now - last);
          last = now;
        };
        for (let index = 0; index < 60; index++) {
          fire('wheel', { deltaY: index < 30 ? -40 : 40 });
          await step();
        }
        fire('pointerdown', { button: 0 });
        for (let index = 0; index < 60; index++) {
          fire('pointermove', { clientX: x + 4 * index, clientY: y + 2 * index });
          await step();
        }
        fire('pointerup', {});
        return times.sort((a, b) => a - b);
      },
      [box.x + 300, box.y + 200] as const,
    );
    const median = frames[Math.floor(frames.length / 2)] ?? 0;
    const drawnSoFar = () => page.evaluate(() => (globalThis as unknown as { drawn: number }).drawn);
    await expect.poll(drawnSoFar).toBeGreaterThan(0);
    const drawn = await drawnSoFar();
    console.log(
      `2,000 desks: a frame takes ${median.toFixed(1)} ms (median); ${drawn} changes of the drawing`,
    );
    expect(median).toBeLessThan(100);
    // One change for each time that the view settles, and not one for each frame.
    expect(drawn).toBeLessThan(30);
  });
});

async function idOf(submitted: PromiseLike<{ results: { id: string | null }[] }>): Promise<string> {
  return (await submitted).results[0]?.id ?? '';
}

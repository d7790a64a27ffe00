import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { NODES } from '../../server/test/support/small-organisation.ts';
import { hasBrowser } from './support/browser.ts';
import { heading, usePages } from './support/console.ts';
import {
  centreOf,
  desk,
  drag,
  floorsOf,
  mark,
  planWith,
  releaseUnseen,
  sheet,
  stored,
  unplaced,
} from './support/floor.ts';
import { addPerson, signIn } from './support/signing-in.ts';

/** A drawing that is twice as wide as high, and tries to run a script. */
const DRAWING = `<svg xmlns="http://www.w3.org/2000/svg" width="800" height="400" viewBox="0 0 800 400">
  <script>document.title = 'taken over'</script>
  <rect x="5" y="5" width="790" height="390" fill="none" stroke="#222" stroke-width="6"/>
  <path d="M400 5V180M400 240V395" stroke="#222" stroke-width="4"/>
</svg>`;
const { first, window: windowZone, room, desk1, desk2, desk3 } = NODES;
/** The address of a draft. */
const DRAFT = '**/floor-plan/draft';

describe.skipIf(!hasBrowser)('the editor of floor plans', () => {
  const pages = usePages();
  const { plans, address, openFloor, openEditor, draftOf, placed, store, begin, publish, removeAll } =
    floorsOf(pages);
  /** Holds the requests for drafts with this method. Returns what lets them go on. */
  const hold = async (page: Page, method: string) => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route(DRAFT, async (route) => {
      if (route.request().method() === method) await released;
      await route.continue();
    });
    return release;
  };

  test('a plan is drawn from nothing, by mouse and by keyboard, and published; a planner sees it with the states that the API answers', async () => {
    await removeAll(first);
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
      await alert.getByText(/saved it on 13 Mar 2026, [\d:]+ \(Europe\/London\)/).waitFor();
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

  test('a draft that cannot be stored says so, loses nothing although one leaves the page, and is stored later', async () => {
    await begin(first, [desk(desk1, 0.2, 0.2), desk(desk2, 0.4, 0.2)]);
    const page = await openEditor(first);
    await stored(page);
    await page.route(DRAFT, (route) =>
      route.request().method() === 'PUT' ? route.abort() : route.continue(),
    );
    await mark(page, desk1).focus();
    await page.keyboard.press('ArrowDown');
    await page.getByText('Not saved: the server does not answer. The page tries again.').waitFor();
    await mark(page, desk2).focus();
    await page.keyboard.press('Delete');
    expect((await placed(first)).size).toBe(2);
    const questions: string[] = [];
    page.on('dialog', (dialog) => {
      questions.push(dialog.type());
      void dialog.dismiss();
    });
    await page.getByRole('link', { name: 'Today' }).click();
    await heading(page, 'Today').waitFor();
    await page.goBack();
    await heading(page, 'Edit the plan of first').waitFor();
    await unplaced(page, desk2).waitFor();
    expect(questions).toEqual([]);
    await page.close({ runBeforeUnload: true });
    await expect.poll(() => questions).toEqual(['beforeunload']);
    await page.getByRole('button', { name: 'Try again now' }).click();
    await page.getByText('Not saved: the server does not answer').waitFor();
    expect((await placed(first)).size).toBe(2);
    await page.unroute(DRAFT);
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

  test('one who comes back before the last change is stored goes on, and all later changes are stored', async () => {
    await publish(first, [desk(desk1, 0.2, 0.2)]);
    await begin(first, [desk(desk1, 0.2, 0.2)]);
    const page = await openEditor(first);
    const release = await hold(page, 'PUT');
    await mark(page, desk1).focus();
    await page.keyboard.press('ArrowDown');
    await page.locator('[data-store=storing]').waitFor();
    await page.getByRole('button', { name: 'Back to the plan' }).click();
    await page.getByRole('button', { name: 'Go on with the draft' }).click();
    await page.locator('[data-store=storing]').waitFor();
    release();
    await stored(page);
    await mark(page, desk1).focus();
    await page.keyboard.press('ArrowDown');
    await expect.poll(async () => (await placed(first)).get(desk1)?.y).toBeCloseTo(0.22);
  });

  test('one whose session has ended signs in, and goes on with the change that was not stored', async () => {
    const email = 'editor@example.com';
    await addPerson(pages.site, email, 'administrator');
    await begin(first, [desk(desk1, 0.2, 0.2)]);
    const page = await pages.open();
    await page.goto(address(`level=${first}&edit=1`));
    await signIn(page, email);
    await mark(page, desk1).focus();
    // As when an administrator ends the session.
    await page.context().clearCookies();
    await page.keyboard.press('ArrowDown');
    await heading(page, 'Sign in').waitFor();
    expect((await placed(first)).get(desk1)?.y).toBe(0.2);
    await signIn(page, email);
    await heading(page, 'Edit the plan of first').waitFor();
    await expect.poll(async () => (await placed(first)).get(desk1)?.y).toBeCloseTo(0.21);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(async () => (await placed(first)).get(desk1)?.y).toBe(0.2);
  });

  test('a draft that somebody else begins is opened, and not replaced', async () => {
    await removeAll(first);
    const page = await openFloor('administrator', `level=${first}`);
    await page.getByRole('button', { name: 'Draw a plan' }).click();
    await page.getByText('There is no draft of this plan').waitFor();
    await page.getByRole('button', { name: 'Back to the plan' }).click();
    await store(first, [desk(desk1, 0.2, 0.2)]);
    await page.getByRole('button', { name: /^(Draw a plan|Go on with the draft)$/ }).click();
    await mark(page, desk1).waitFor();

    await plans().discardDraft(first);
    await page.reload();
    await page.getByText('There is no draft of this plan').waitFor();
    await store(first, [desk(desk2, 0.4, 0.2)]);
    await page.getByRole('button', { name: 'Start with a blank sheet' }).click();
    await mark(page, desk2).waitFor();
    expect([...(await placed(first)).keys()]).toEqual([desk2]);
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

  test('a draft that cannot be discarded goes on, and one that somebody else has changed is not discarded', async () => {
    await begin(first, [desk(desk1, 0.2, 0.2)]);
    const page = await openEditor(first);
    const discard = async () => {
      await page.getByRole('button', { name: 'Discard the draft' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Discard the draft' }).click();
    };
    await page.route(DRAFT, (route) =>
      route.request().method() === 'DELETE' ? route.abort() : route.continue(),
    );
    await discard();
    await page.getByRole('dialog').getByText('The server does not answer').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Keep it' }).last().click();
    await page.unroute(DRAFT);
    await mark(page, desk1).focus();
    await page.keyboard.press('ArrowDown');
    await expect.poll(async () => (await placed(first)).get(desk1)?.y).toBeCloseTo(0.21);
    await stored(page);
    await store(first, [desk(desk1, 0.9, 0.9)]);
    await discard();
    await page.getByRole('alert').filter({ hasText: 'Somebody else has changed this draft' }).waitFor();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect((await placed(first)).get(desk1)?.x).toBe(0.9);
    expect(await page.getByRole('button', { name: 'Discard the draft' }).isDisabled()).toBe(true);
  });

  test('no key changes the draft behind the dialog that publishes it', async () => {
    await begin(first, [desk(desk1, 0.2, 0.2)]);
    await plans()
      .remove(first)
      .catch(() => undefined);
    const page = await openEditor(first);
    await mark(page, desk1).focus();
    await page.keyboard.press('ArrowDown');
    await page.getByRole('button', { name: 'Publish' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('1 place is new on the plan').waitFor();
    await page.keyboard.press('Control+z');
    await dialog.getByRole('button', { name: 'Publish' }).click();
    await page.getByRole('button', { name: 'Edit the plan' }).waitFor();
    const { published } = (await plans().read(first)).row;
    expect(published?.placements[0]?.y).toBeCloseTo(0.21);
  });

  test('that the plan was removed with which a draft began is said before it is published', async () => {
    await publish(first, [desk(desk1, 0.2, 0.3)]);
    await store(first, [desk(desk1, 0.5, 0.5)]);
    await plans().remove(first);
    const page = await openEditor(first);
    await page.getByRole('button', { name: 'Publish' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('The plan with which this draft began was removed').waitFor();
    expect(await dialog.getByText('It is the first plan').count()).toBe(0);
    await dialog.getByRole('button', { name: 'Publish', exact: true }).click();
    await page.getByRole('button', { name: 'Edit the plan' }).waitFor();
    expect((await plans().read(first)).row.published?.placements[0]?.x).toBe(0.5);
  });

  test('a desk that leaves the level while its plan is edited is no longer shown, and stays where it was', async () => {
    const { desks } = pages.site.api.manage;
    await begin(first, [desk(desk1, 0.2, 0.2), desk(desk2, 0.4, 0.2)]);
    const page = await openEditor(first);
    await mark(page, desk2).waitFor();
    expect(await page.locator('[data-hidden]').count()).toBe(0);
    await desks.update(desk2, { zoneId: NODES.empty });
    try {
      await mark(page, desk1).focus();
      await page.keyboard.press('ArrowDown');
      await page.getByText('1 placement is hidden').waitFor();
      await stored(page);
      await mark(page, desk2).waitFor({ state: 'detached' });
      expect(await unplaced(page, desk2).count()).toBe(0);
      expect([...(await placed(first)).keys()]).toEqual([desk1]);
    } finally {
      await desks.update(desk2, { zoneId: windowZone });
    }
    expect((await placed(first)).get(desk2)?.x).toBe(0.4);
  });

  test('a drag ends when its button was released out of sight, and moves nothing', async () => {
    await begin(first, [desk(desk1, 0.2, 0.2)]);
    const page = await openEditor(first);
    await stored(page);
    const start = await centreOf(mark(page, desk1));
    await page.mouse.move(start.x, start.y);
    await page.mouse.down();
    await page.mouse.move(start.x + 30, start.y + 30, { steps: 3 });
    await releaseUnseen(page);
    await page.mouse.move(start.x + 90, start.y + 60, { steps: 3 });
    await expect.poll(async () => (await centreOf(mark(page, desk1))).x).toBeCloseTo(start.x);
    await page.mouse.down();
    await page.mouse.up();
    expect((await placed(first)).get(desk1)?.x).toBe(0.2);

    const row = unplaced(page, desk2).locator('.unplaced-name');
    const from = await centreOf(row);
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(from.x - 30, from.y, { steps: 3 });
    await page.locator('.carried').waitFor();
    await releaseUnseen(page);
    await page.mouse.move(start.x, start.y, { steps: 3 });
    await page.locator('.carried').waitFor({ state: 'detached' });
    expect(await unplaced(page, desk2).count()).toBe(1);
  });

  test('a desk meets the line of another one, and with Alt stays where one drops it', async () => {
    await begin(first, [desk(desk1, 0.2, 0.2), desk(desk2, 0.6, 0.6)]);
    const page = await openEditor(first);
    await stored(page);
    const line = await centreOf(mark(page, desk2));
    const near = { x: line.x - 100, y: line.y + 3 };
    await drag(page, mark(page, desk1), near);
    await expect.poll(async () => (await placed(first)).get(desk1)?.y).toBe(0.6);
    const from = await centreOf(mark(page, desk1));
    await page.keyboard.down('Alt');
    await drag(page, mark(page, desk1), { x: from.x - 50, y: from.y + 3 });
    await page.keyboard.up('Alt');
    await expect.poll(async () => (await placed(first)).get(desk1)?.y).toBeGreaterThan(0.6);
  });

  test('with Space held, a drag moves the sheet and selects nothing; without it, a drag selects', async () => {
    await begin(first, [desk(desk1, 0.3, 0.3)]);
    const page = await openEditor(first);
    await mark(page, desk1).waitFor();
    const box = (await sheet(page).boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    const view = () => page.locator('.sheet-svg > g').getAttribute('transform');
    const dragAcross = async () => {
      await page.mouse.move(box.x + 30, box.y + 30);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 5 });
      await page.mouse.up();
    };
    const whole = await view();
    await dragAcross();
    await page.locator('[data-selection="1"]').waitFor();
    expect(await view()).toBe(whole);
    await page.keyboard.press('Escape');
    await page.locator('[data-selection="0"]').waitFor();
    await sheet(page).focus();
    await page.keyboard.down('Space');
    await dragAcross();
    await page.keyboard.up('Space');
    await expect.poll(view).not.toBe(whole);
    expect(await page.locator('[data-selection="0"]').count()).toBe(1);
  });

  test('a finger drags a place from the list onto the plan', async () => {
    await begin(first, [desk(desk1, 0.2, 0.2)]);
    const page = await pages.openAs('administrator', {
      hasTouch: true,
      viewport: { width: 1280, height: 1200 },
    });
    await page.goto(address(`level=${first}&edit=1`));
    const from = await centreOf(unplaced(page, desk2).locator('.unplaced-grip'));
    const to = await centreOf(sheet(page));
    const touches = await page.context().newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', part: number) =>
      touches.send('Input.dispatchTouchEvent', {
        type,
        touchPoints:
          type === 'touchEnd'
            ? []
            : [{ x: from.x + part * (to.x - from.x), y: from.y + part * (to.y - from.y), id: 1 }],
      });
    await touch('touchStart', 0);
    for (const part of [0.1, 0.4, 0.8, 1]) await touch('touchMove', part);
    await page.locator('.carried').waitFor();
    await touch('touchEnd', 1);
    await mark(page, desk2).waitFor();
    await expect.poll(async () => (await placed(first)).get(desk2)?.x).toBeCloseTo(0.5, 1);
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
    await dialog
      .getByText(/Somebody else published a plan after this draft began: .+ \(Europe\/London\)\./)
      .waitFor();
    await dialog.getByText('1 place is no longer on the plan').waitFor();
    await dialog.getByRole('button', { name: 'Publish over it' }).click();
    await page.getByRole('button', { name: 'Edit the plan' }).waitFor();
    const { published } = (await plans().read(first)).row;
    expect(published?.placements.map(({ nodeId }) => nodeId)).toEqual([desk1]);
  });
});

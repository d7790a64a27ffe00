import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Rollcall } from '../../sdk/src/index.ts';
import { NODES, PEOPLE } from '../../server/test/support/small-organisation.ts';
import { storeDays } from '../../server/test/support/workday.ts';
import { ALL_LOOKS, expectAccessible, WIDE } from './support/accessibility.ts';
import { hasBrowser } from './support/browser.ts';
import { usePages } from './support/console.ts';
import { counts, upload } from './support/csv-import.ts';
import { centreOf, desk, floorsOf, mark, PLACES, releaseUnseen, sheet } from './support/floor.ts';
import { callsOf, frames } from './support/pages.ts';

const { first, second, window: windowZone, room, desk1, desk2, desk3 } = NODES;
const MANY = 2000;
/** Ann booked desk 1 of this day, and was detected at desk 2. */
const ELSEWHERE = { day: '2026-03-10', booked: desk1, seen: desk2 };

describe.skipIf(!hasBrowser)('the page Floor', () => {
  const pages = usePages();
  const { plans, address, openFloor, publish, removeAll } = floorsOf(pages);
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
  const rowOf = (page: Page, nodeId: string) => page.locator(`[data-place="${nodeId}"]`);
  const panel = (page: Page, nodeId: string) => page.locator(`[data-panel="${nodeId}"]`);

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

  test('a plan is removed only as it is shown', async () => {
    await publish(first, [desk(desk1, 0.2, 0.3)]);
    const page = await openFloor('administrator', `level=${first}`);
    await mark(page, desk1).waitFor();
    const remove = async () => {
      await page.getByRole('button', { name: 'More about this plan' }).click();
      await page.getByRole('menuitem', { name: 'Remove the plan' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Remove the plan' }).click();
    };
    await publish(first, [desk(desk2, 0.6, 0.3)]);
    await remove();
    await page.getByText('Nothing was removed: somebody else has published another plan.').waitFor();
    await page.keyboard.press('Escape');
    await mark(page, desk2).waitFor();
    expect((await plans().read(first)).row.published).not.toBeNull();
    await remove();
    await page.getByText('This level has no plan yet').waitFor();
  });

  test('the page says how many placements are hidden, and shows them again when their desks come back', async () => {
    await publish(first, [desk(desk1, 0.2, 0.3), desk(desk2, 0.4, 0.3)]);
    const page = await openFloor('viewer', `level=${first}`);
    await mark(page, desk2).waitFor();
    expect(await page.locator('[data-hidden]').count()).toBe(0);
    await api.manage.desks.update(desk2, { zoneId: NODES.empty });
    try {
      await page.reload();
      await page
        .getByText('1 placement is hidden: its desk, room or zone is retired or on another level.')
        .waitFor();
      expect(await mark(page, desk2).count()).toBe(0);
    } finally {
      await api.manage.desks.update(desk2, { zoneId: windowZone });
    }
    await page.reload();
    await mark(page, desk2).waitFor();
  });

  test('until the states of another day are there, the page says of which day those are that it shows', async () => {
    await publish(first, [desk(desk1, 0.2, 0.3)]);
    const page = await openFloor('planner', `level=${first}&day=2026-03-02`);
    await page.getByText(/^As of/).waitFor();
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route('**/floor?date=2026-03-03', async (route) => {
      await released;
      await route.continue();
    });
    await page.getByRole('button', { name: 'Next day' }).click();
    await page.getByText(/3 Mar.* is loading\. These states are of .*2 Mar/).waitFor();
    expect(await page.getByText(/^As of/).count()).toBe(0);
    release();
    await page.getByText(/^As of/).waitFor();
    expect(await page.locator('[data-awaited]').count()).toBe(0);
  });

  test('a place that is opened while the slider waits stays open on the other day', async () => {
    await publish(first, [desk(desk1, 0.2, 0.3)]);
    const page = await openFloor('planner', `level=${first}&day=2026-03-02`);
    await rowOf(page, desk2).waitFor();
    // One task after the other, so that the slider still waits.
    await page.evaluate(async (deskId) => {
      const slider = document.querySelector<HTMLInputElement>('input[type=range]');
      slider?.stepUp();
      slider?.dispatchEvent(new Event('input', { bubbles: true }));
      await new Promise((next) => setTimeout(next));
      document.querySelector<HTMLElement>(`[data-place="${deskId}"]`)?.click();
    }, desk2);
    await page.waitForURL((url) => url.searchParams.get('day') === '2026-03-03');
    expect(new URL(page.url()).searchParams.get('desk')).toBe(desk2);
  });

  test('the sheet stands still when its button was released out of sight', async () => {
    await publish(first, [desk(desk1, 0.2, 0.3)]);
    const page = await openFloor('planner', `level=${first}&day=2026-03-02`);
    await mark(page, desk1).waitFor();
    const { x, y } = await centreOf(sheet(page));
    await page.mouse.move(x, y);
    await page.mouse.down();
    await releaseUnseen(page);
    const before = await centreOf(mark(page, desk1));
    await page.mouse.move(x + 90, y + 60, { steps: 3 });
    await frames(page);
    expect(await centreOf(mark(page, desk1))).toEqual(before);
  });

  test('the filter of the list of plans is in the address', async () => {
    const levels = Array.from({ length: 8 }, (_, index) => ({
      levelName: `listed ${index}`,
      locationId: NODES.hq,
    }));
    const made = (await api.manage.levels.submit(levels)).results.map(({ id }) => id ?? '');
    for (const levelId of made) await publish(levelId, []);
    try {
      const page = await openFloor('viewer', '');
      await page.getByLabel('Find a plan').fill('listed 5');
      await page.waitForURL((url) => url.searchParams.get('search') === 'listed 5');
      await page.reload();
      await page.locator('[data-level]').waitFor();
      expect(await page.getByLabel('Find a plan').inputValue()).toBe('listed 5');
      await page.locator(`[data-level="${made[5]}"]`).click();
      await page.getByText('This level has no desks, rooms or zones').waitFor();
      await page.goBack();
      await page.locator('[data-level]').waitFor();
      expect(await page.getByLabel('Find a plan').inputValue()).toBe('listed 5');
    } finally {
      for (const levelId of made) await removeAll(levelId);
    }
  });

  test('has no findings of axe-core in any look, also at 200 % zoom', async () => {
    await publish(first, PLACES);
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
          fire('pointermove', { buttons: 1, clientX: x + 4 * index, clientY: y + 2 * index });
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

import { describe, expect, test } from 'vitest';
import { NODES, PEOPLE } from '../../server/test/support/small-organisation.ts';
import { expectAccessible, PHONE } from './support/accessibility.ts';
import { hasBrowser } from './support/browser.ts';
import { heading, usePages } from './support/console.ts';
import { isWholePage, viewsOf } from './support/views.ts';

describe.skipIf(!hasBrowser)('in a browser', () => {
  const { openAs, attendance } = usePages();

  describe('the command bar', () => {
    test('leads to a page and to an office by keyboard, and closes without a change', async () => {
      const page = await openAs('viewer');
      await page.goto(attendance());
      await heading(page, 'Attendance').waitFor();
      const field = page.getByRole('textbox', { name: 'Name of a page, place or person' });
      const goTo = async (text: string) => {
        await page.keyboard.press('Control+K');
        await field.fill(text);
        await page.getByRole('option').first().waitFor();
      };
      await goTo('tod');
      expect(await page.getByRole('option').allTextContents()).toEqual(['Today']);
      await page.keyboard.press('Enter');
      await page.waitForURL('**/today');
      await heading(page, 'Today').waitFor();

      await goTo('HQ');
      await expectAccessible(page, [PHONE]);
      await page.keyboard.press('Enter');
      await page.waitForURL(`**/today?office=${NODES.hq}`);

      await page.getByRole('button', { name: /^Go to a page/ }).click();
      await field.fill('nothing like this');
      await page.getByText('Nothing has this name.').waitFor();
      await page.keyboard.press('Escape');
      await field.waitFor({ state: 'detached' });
      expect(page.url()).toMatch(`/today?office=${NODES.hq}`);
    });

    test('leads to each page that the role may see, also to those that the list of pages leaves out', async () => {
      const views = viewsOf({
        userId: PEOPLE.ann,
        officeId: NODES.hq,
        levelId: NODES.first,
        deskId: NODES.desk1,
      });
      for (const role of ['administrator', 'viewer'] as const) {
        const page = await openAs(role);
        await page.goto(attendance());
        await heading(page, 'Attendance').waitFor();
        await page.keyboard.press('Control+K');
        const options = page.getByRole('group', { name: 'Pages' }).getByRole('option');
        await options.first().waitFor();
        const expected = views
          .filter((view) => isWholePage(view) && view.heading && (view.roles?.includes(role) ?? true))
          .map((view) => view.heading);
        expect((await options.allTextContents()).toSorted()).toEqual(expected.toSorted());
        await page.getByRole('textbox', { name: 'Name of a page, place or person' }).fill('sessi');
        await expect.poll(() => options.allTextContents()).toEqual(['Sessions']);
        await page.keyboard.press('Enter');
        await page.waitForURL('**/sessions');
        await heading(page, 'Sessions').waitFor();
      }
    });

    test('leads to a person, and never to what was found for other letters', async () => {
      const page = await openAs('planner');
      await page.goto(attendance());
      await heading(page, 'Attendance').waitFor();
      await page.keyboard.press('Control+K');
      const field = page.getByRole('textbox', { name: 'Name of a page, place or person' });
      const ann = page.getByRole('option', { name: /^ann/ });
      await field.fill('ann@');
      await ann.waitFor();
      await field.fill('nobody');
      await page.keyboard.press('Enter');
      await page.getByText('Nothing has this name.').waitFor();
      expect(new URL(page.url()).pathname).toMatch(/attendance$/);
      await field.fill('ann@');
      await ann.waitFor();
      await page.keyboard.press('Enter');
      await page.waitForURL(`**/people/${PEOPLE.ann}`);
    });
  });

  test('the policy is not violated by a select', async () => {
    const page = await openAs('planner');
    await page.goto(attendance());
    await page.getByRole('textbox', { name: 'Office' }).click();
    await page.getByRole('option', { name: 'hq' }).click();
    await page.waitForURL((url) => url.searchParams.get('office') === NODES.hq);
  });
});

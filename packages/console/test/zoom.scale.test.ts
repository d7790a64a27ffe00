import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { NODES, PEOPLE } from '../../server/test/support/small-organisation.ts';
import { hasBrowser } from './support/browser.ts';
import { usePages } from './support/console.ts';
import { drawPlan, PLACES } from './support/floor.ts';
import { expectReachable } from './support/layout.ts';
import { settled } from './support/pages.ts';
import { OUTSIDE, viewsOf } from './support/views.ts';

const VIEWS = viewsOf({ userId: PEOPLE.ann, officeId: NODES.hq, levelId: NODES.first, deskId: NODES.desk1 });
const WINDOW = { width: 1280, height: 1024 };
const ZOOM = 2;
/** The size of text that browsers have by default, in pixels. */
const TEXT_PX = 16;

/** Dialogs and menus, by the view and the button that opens them. */
const OPENED: readonly { path: string; button: RegExp; shown: 'dialog' | 'menu' }[] = [
  { path: 'today', button: /^Go to a page/, shown: 'dialog' },
  { path: 'today', button: /^Account/, shown: 'menu' },
  { path: 'attendance', button: /^Download$/, shown: 'menu' },
  { path: `floor?level=${NODES.first}`, button: /^More about this plan$/, shown: 'menu' },
  { path: `floor?level=${NODES.first}&edit=1`, button: /^Publish$/, shown: 'dialog' },
  { path: `floor?level=${NODES.first}&edit=1`, button: /^Discard the draft$/, shown: 'dialog' },
  { path: `places?open=${NODES.hq}`, button: /^Add a level$/, shown: 'dialog' },
  { path: `places?open=${NODES.desk1}`, button: /^Retire$/, shown: 'dialog' },
  { path: 'integrations', button: /^Create a key$/, shown: 'dialog' },
  { path: 'integrations', button: /^Rotate /, shown: 'dialog' },
  { path: 'integrations?view=scim', button: /^Create a token$/, shown: 'dialog' },
  { path: 'settings?view=people', button: /^Invite a person$/, shown: 'dialog' },
];

describe.skipIf(!hasBrowser)('at 200 per cent, nothing scrolls sideways or is cut off:', () => {
  const pages = usePages();
  beforeAll(async () => {
    const event = { eventId: 'e1', timestamp: '2026-03-13T09:00:00Z', locationId: NODES.hq };
    const events = [{ ...event, locationType: 'location' as const, userEmail: 'nobody@example.com' }];
    await pages.site.api.presence.submit('a source with a long name, as integrators give them', events);
    await drawPlan(pages.site.api.manage.floorPlans, NODES.first, PLACES);
  });
  /** A window of which the browser shows everything twice as large. */
  const zoomed = () =>
    pages.openAs('administrator', {
      viewport: { width: WINDOW.width / ZOOM, height: WINDOW.height / ZOOM },
      deviceScaleFactor: ZOOM,
    });
  /** A window of a browser whose text is twice as large. */
  const withLargeText = async () => {
    const page = await pages.openAs('administrator', { viewport: WINDOW });
    const session = await page.context().newCDPSession(page);
    await session.send('Page.enable');
    await session.send('Page.setFontSizes', {
      fontSizes: { standard: ZOOM * TEXT_PX, fixed: ZOOM * TEXT_PX },
    });
    return page;
  };
  const goTo = async (page: Page, path: string) => {
    await page.goto(`/console/${path}`);
    await settled(page);
  };
  const inOrganisation = (path: string) => `${pages.site.organisation}/${path}`;

  describe.each([
    ['the whole page', zoomed],
    ['the text alone', withLargeText],
  ] as const)('%s,', (_, open) => {
    test('each page and tab', async () => {
      const page = await open();
      for (const { path } of VIEWS) {
        await goTo(page, inOrganisation(path));
        await expectReachable(page, path);
      }
      for (const path of OUTSIDE) {
        await goTo(page, path);
        await expectReachable(page, path);
      }
    });

    test('the list of pages, dialogs and menus', async () => {
      const page = await open();
      await goTo(page, inOrganisation('today'));
      await page.getByRole('button', { name: 'Open the list of pages' }).click();
      const last = page.getByRole('navigation').getByRole('link').last();
      await last.scrollIntoViewIfNeeded();
      await expectReachable(page, 'the list of pages');
      await last.click();
      await page.waitForURL('**/settings');
      for (const { path, button, shown } of OPENED) {
        await goTo(page, inOrganisation(path));
        await page.getByRole('button', { name: button }).first().click();
        await page.getByRole(shown).waitFor();
        await expectReachable(page, `${path} ${button}`);
        const controls = page.getByRole(shown).getByRole(shown === 'menu' ? 'menuitem' : 'button');
        for (const control of await controls.all()) {
          await control.scrollIntoViewIfNeeded();
          expect([path, await isInWindow(control)]).toEqual([path, true]);
        }
      }
    });
  });
});

/** Whether all of an element is in the window. */
function isInWindow(element: ReturnType<Page['locator']>): Promise<boolean> {
  return element.evaluate((each) => {
    const { left, top, right, bottom } = each.getBoundingClientRect();
    return left >= 0 && top >= 0 && right <= innerWidth + 1 && bottom <= innerHeight + 1;
  });
}

import { describe, expect, test } from 'vitest';
import { addAccount, linkFor } from '../../server/test/support/sessions.ts';
import { NODES, PEOPLE } from '../../server/test/support/small-organisation.ts';
import { expectAccessible, PHONE } from './support/accessibility.ts';
import { hasBrowser } from './support/browser.ts';
import { DAYS, heading, usePages } from './support/console.ts';
import { addPerson, PASSWORD, signIn, signOut } from './support/signing-in.ts';
import { isWholePage, viewsOf } from './support/views.ts';

describe.skipIf(!hasBrowser)('in a browser', () => {
  const pages = usePages();
  const { open, openAs, attendance } = pages;

  describe('the policy', () => {
    test.each(['light', 'dark'] as const)(
      'is not violated by a dialog, a menu and a tooltip, %s',
      async (colorScheme) => {
        const page = await open({ colorScheme });
        const other = colorScheme === 'light' ? 'dark' : 'light';
        await page.goto('/console/sign-in');
        const colours = page.getByRole('button', { name: 'Colours' });
        await colours.hover();
        await page.getByRole('tooltip').waitFor();
        await colours.click();
        await page.getByRole('menuitem', { name: other === 'dark' ? 'Dark' : 'Light' }).click();
        await page.locator(`html[data-mantine-color-scheme=${other}]`).waitFor();
        await page.getByRole('button', { name: 'I cannot sign in' }).click();
        await page.getByRole('dialog').waitFor();
        // The styles that stop the page behind a dialog from scrolling apply only with the nonce.
        expect(await page.evaluate(() => getComputedStyle(document.body).overflow)).toBe('hidden');
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
      },
    );

    test('is not violated by a select', async () => {
      const page = await openAs('planner');
      await page.goto(attendance());
      await page.getByRole('textbox', { name: 'Office' }).click();
      await page.getByRole('option', { name: 'hq' }).click();
      await page.waitForURL((url) => url.searchParams.get('office') === NODES.hq);
    });

    test('is checked: a violation is found', async () => {
      const page = await pages.openFaulty();
      await page.page.goto('/console/sign-in');
      await page.page.evaluate(() => document.body.setAttribute('style', 'color: red'));
      await expect.poll(() => page.faults.join()).toMatch(/style-src/);
      await page.close();
    });
  });

  test('each page of the navigation opens without a request that fails, and is accessible on a phone', async () => {
    const page = await openAs('administrator');
    const failed: string[] = [];
    page.on('response', (reply) => reply.status() >= 400 && failed.push(`${reply.status()} ${reply.url()}`));
    await page.goto(attendance());
    await heading(page, 'Attendance').waitFor();
    const links = await page
      .getByRole('navigation')
      .getByRole('link')
      .evaluateAll((each) => each.map((link) => [link.textContent, (link as HTMLAnchorElement).href]));
    expect(links.map(([title]) => title)).toEqual([
      ...['Today', 'Attendance', 'People', 'Floor', 'Places', 'Integrations', 'Settings'],
    ]);
    for (const [title, address] of links) {
      await page.goto(address ?? '');
      await heading(page, title ?? '').waitFor();
      await page.getByRole('status', { name: 'Loading' }).waitFor({ state: 'detached' });
      await expectAccessible(page, [PHONE]);
    }
    expect(failed).toEqual([]);
  });

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

  describe('signing in', () => {
    test('with a password leads back to where one was', async () => {
      const email = 'back@example.com';
      await addPerson(pages.site, email, 'planner');
      const page = await open();
      await page.goto(attendance(`${DAYS}&period=month`));
      await heading(page, 'Sign in').waitFor();
      await signIn(page, email, 'not this password');
      await page.getByRole('alert').getByText('do not belong together').waitFor();
      await signIn(page, email);
      await heading(page, 'Attendance').waitFor();
      expect(page.url()).toBe(`${pages.site.origin}${attendance(`${DAYS}&period=month`)}`);
      expect(await page.title()).toBe('Attendance · Rollcall');
    });

    test('by a link removes its token from the address, and the link works once', async () => {
      const email = 'link@example.com';
      await addAccount(pages.site.server, pages.site.tenantId, email, 'viewer');
      const address = `/console/sign-in#token=${await linkFor(pages.site.server, email)}`;
      const page = await open();
      const sent: string[] = [];
      page.on('request', (request) => sent.push(`${request.method()} ${new URL(request.url()).pathname}`));
      await page.goto(address);
      await heading(page, 'Today').waitFor();
      expect(page.url()).not.toContain('token');
      expect(sent.filter((each) => each.includes('link'))).toEqual(['POST /v1/session/link']);
      const second = await open();
      await second.goto(address);
      await second.getByRole('alert').getByText('This link does not work').waitFor();
      expect(second.url()).toBe(`${pages.site.origin}/console/sign-in`);
    });

    test('by a link that sets a password asks for it, and says why a password is refused', async () => {
      const email = 'reset@example.com';
      await addAccount(pages.site.server, pages.site.tenantId, email, 'viewer');
      const page = await open();
      await page.goto(`/console/sign-in#token=${await linkFor(pages.site.server, email, 'reset')}`);
      await heading(page, 'Choose a password').waitFor();
      await page.getByLabel('Password', { exact: true }).fill('short');
      await page.getByRole('button', { name: 'Save and sign in' }).click();
      await page
        .getByText(/at least 12 characters/i)
        .nth(1)
        .waitFor();
      await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
      await page.getByRole('button', { name: 'Save and sign in' }).click();
      await heading(page, 'Today').waitFor();
    });

    test('out leads to the sign-in page, and the back button shows no data', async () => {
      const page = await openAs('planner');
      await page.goto(attendance());
      await page.getByText('Different people').waitFor();
      await page.getByText('Weekdays').click();
      await page.getByRole('table', { name: 'Attendance by weekday' }).waitFor();
      await signOut(page);
      await page.goBack();
      await heading(page, 'Sign in').waitFor();
      expect(await page.getByText('Different people').count()).toBe(0);
    });
  });

  test('a person of two organisations changes between them, and signs out of all tabs at once', async () => {
    const other = await pages.site.server.organisation({ slug: 'other' });
    const email = 'planner@example.com';
    await addAccount(pages.site.server, other, email, 'viewer');
    const page = await openAs('planner');
    await page.goto(attendance());
    await page.getByText('Different people').waitFor();
    await page.getByRole('button', { name: `Organisation: ${pages.site.organisation}` }).click();
    await page.getByRole('menuitem', { name: 'other' }).click();
    await page.getByText('There is no office yet').waitFor();
    expect(new URL(page.url()).pathname).toBe('/console/other/today');
    const tab = await page.context().newPage();
    await tab.goto(attendance());
    await tab.getByText('Different people').waitFor();
    await signOut(page);
    await heading(tab, 'Sign in').waitFor();
    expect(await tab.getByText('Different people').count()).toBe(0);
  });

  describe('a session', () => {
    test('that is ended on the page of sessions is over at once', async () => {
      const [page, other] = [await openAs('viewer'), await openAs('viewer')];
      await page.goto(`/console/${pages.site.organisation}/sessions`);
      await heading(page, 'Sessions').waitFor();
      const rows = page.getByRole('row').filter({ hasText: '127.0.0.1' });
      await expect.poll(() => rows.count()).toBeGreaterThan(1);
      const before = await rows.count();
      const others = rows.filter({ hasNotText: 'this session' });
      for (let left = await others.count(); left > 0; left--) {
        await others.first().getByRole('button', { name: /^End/ }).click();
        await page.getByRole('dialog').getByRole('button', { name: 'End', exact: true }).click();
        await page.getByRole('dialog').waitFor({ state: 'detached' });
        await expect.poll(() => others.count()).toBe(left - 1);
      }
      expect(before).toBeGreaterThan(await rows.count());
      await other.goto(attendance());
      await heading(other, 'Sign in').waitFor();
    });

    test('of a role that may not see attendance gets a page that says so', async () => {
      const page = await openAs('integrations');
      await page.goto(attendance());
      await page.getByRole('alert').getByText('Your role does not allow this').waitFor();
    });

    test('of another organisation gets a page that says so', async () => {
      const page = await openAs('viewer');
      await page.goto('/console/elsewhere/attendance');
      await page.getByText('has no role in the organisation “elsewhere”').waitFor();
    });
  });

  test('a server that cannot answer is named, and trying again goes on', async () => {
    const page = await openAs('viewer');
    pages.site.lifecycle.migrated = false;
    await page.goto(attendance());
    await page.getByRole('alert').getByText('The server cannot answer now').waitFor();
    pages.site.lifecycle.migrated = true;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('Different people').waitFor();
  });
});

import { describe, expect, test } from 'vitest';
import { expectAccessible, PHONE } from './support/accessibility.ts';
import { hasBrowser } from './support/browser.ts';
import { DAYS, heading, usePages } from './support/console.ts';
import { addPerson, signIn, signOut } from './support/signing-in.ts';

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

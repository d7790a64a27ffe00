import { describe, expect, test } from 'vitest';
import { addAccount, linkFor } from '../../server/test/support/sessions.ts';
import { hasBrowser } from './support/browser.ts';
import { heading, usePages } from './support/console.ts';
import { PASSWORD, signOut } from './support/signing-in.ts';

describe.skipIf(!hasBrowser)('in a browser', () => {
  const pages = usePages();
  const { open, openAs, attendance } = pages;

  describe('signing in', () => {
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
});

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSetUpLink, setUpAddress } from '../../server/src/auth/set-up.ts';
import { addSite, goodEvent, results } from '../../server/test/support/presence.ts';
import { startTestServer, type TestServer } from '../../server/test/support/server.ts';
import { browserWithRole } from '../../server/test/support/sessions.ts';
import { listen } from '../../server/test/support/sockets.ts';
import { expectAccessible, PHONE, WIDE } from './support/accessibility.ts';
import { hasBrowser, openBrowser } from './support/browser.ts';
import { heading } from './support/console.ts';
import { counts, upload } from './support/csv-import.ts';
import { runLines } from './support/lines.ts';
import { watchedPage } from './support/pages.ts';
import { PASSWORD } from './support/signing-in.ts';

describe.skipIf(!hasBrowser)('the first run', () => {
  let server: TestServer;
  let browser: Browser;
  let origin: string;
  beforeAll(async () => {
    [server, browser] = await Promise.all([startTestServer(), openBrowser()]);
    server.clock.nowMs = Date.now();
    origin = await listen(server);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test('leads from the printed link to the first event', async () => {
    const { owner } = server.db;
    const link = await createSetUpLink(owner, server.clock.nowMs);
    const address = setUpAddress(link ?? { token: '', expiresAt: new Date() }, origin);
    const { page, faults, close } = await watchedPage(browser, origin);
    await page.goto(address);
    await page.getByLabel('Name of the organisation').fill('Acme');
    expect(page.url()).toBe(`${origin}/console/set-up`);
    await page.getByLabel('Your e-mail address').fill('ada@example.com');
    await page.getByLabel('Password', { exact: true }).fill('short');
    await page.getByRole('button', { name: 'Create the organisation' }).click();
    await page.getByText('must have at least 12 characters').waitFor();
    await expectAccessible(page, [PHONE]);
    expect(await page.getByLabel('Name of the organisation').inputValue()).toBe('Acme');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Create the organisation' }).click();
    await heading(page, 'Set-up').waitFor();
    expect(page.url()).toBe(`${origin}/console/acme/set-up`);
    await page.getByText('Create a key first.').waitFor();

    const step = (name: string) => page.getByRole('region', { name });
    /** Follows a link of set-up to a page, and stores files there, each after its preview. Leads back to set-up. */
    const importAt = async (link: string, title: string, files: [kind: string, ...lines: string[]][]) => {
      await page.getByRole('link', { name: link }).click();
      await heading(page, title).waitFor();
      await page.getByRole('button', { name: 'Import' }).click();
      for (const [index, [kind, ...lines]] of files.entries()) {
        if (index > 0) {
          await page.getByRole('textbox', { name: 'What the file has' }).click();
          await page.getByRole('option', { name: kind, exact: true }).click();
        }
        await upload(page, lines, `${kind}.csv`);
        expect([kind, await counts(page, 'preview')]).toEqual([kind, ['1', '0', '0', '0']]);
        await page.getByRole('button', { name: 'Store 1 row' }).click();
        expect([kind, await counts(page, 'stored')]).toEqual([kind, ['1', '0', '0', '0']]);
      }
      // The clock by which the server shares its numbers stands still otherwise.
      server.stopwatch.nowMs += 1_000;
      await page.goto('/console/acme/set-up');
    };
    await importAt('Go to Places', 'Places', [
      ['Offices', 'locationName,timeZone', 'Harbour House,Europe/London'],
      ['Desks', 'deskName,zoneName,levelName,locationName', 'Desk 12,North,Level 3,Harbour House'],
    ]);
    await step('Offices and desks').getByText('Offices: 1.').waitFor();
    await importAt('Go to People', 'People', [['People', 'userName,email', 'grace,grace@example.com']]);
    await step('People').getByText('There are people.').waitFor();
    await page.getByRole('link', { name: 'Set up SCIM' }).click();
    await page.getByText('Okta').first().waitFor();
    await page.goBack();

    await page.getByRole('button', { name: 'Create a key' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('north door');
    await page.getByRole('dialog').getByRole('button', { name: 'Create a key' }).click();
    await page.getByText('Waiting for your first event.').waitFor();
    const send = async (email: string) => {
      await page.getByLabel('E-mail address of the person').fill(email);
      const lines = page.getByRole('group', { name: 'curl', exact: true });
      return runLines('curl', (await lines.textContent()) ?? '');
    };
    expect(await send('nobody@example.com')).toMatch(/"resultCode":1/);
    await step('The first event').getByText('no active user matches exactly').waitFor();
    await expectAccessible(page);
    expect(await send('grace@example.com')).toMatch(/"resultCode":0/);
    server.stopwatch.nowMs += 1_000;
    await step('The first event').getByText('Your first event has arrived').waitFor();
    await expectAccessible(page, [WIDE]);
    await page.getByRole('link', { name: 'Go to Today' }).click();
    await heading(page, 'Today').waitFor();
    expect(faults).toEqual([]);
    await close();

    const second = await watchedPage(browser, origin);
    await second.page.goto(address);
    await second.page.getByText('This link does not work').waitFor();
    await second.page.getByRole('link', { name: 'Sign in' }).click();
    await heading(second.page, 'Sign in').waitFor();
    expect(second.faults).toEqual([]);
    await second.close();
  });

  test('an event of an earlier day is a first event, too, by its source', async () => {
    const site = await addSite(server);
    const { cookie } = await browserWithRole(server, site.tenantId, 'administrator', 'past@example.com');
    const { page, faults, close } = await watchedPage(browser, origin);
    const [name = '', value = ''] = cookie.split('=');
    await page.context().addCookies([{ name, value, url: origin, httpOnly: true }]);
    await page.goto('/console');
    await heading(page, 'Today').waitFor();
    await page.goto(page.url().replace(/today$/, 'set-up'));
    await page.getByText('Waiting for your first event.').waitFor();
    const yesterday = new Date(server.clock.nowMs - 86_400_000).toISOString();
    await results(server, site, [goodEvent(site, { timestamp: yesterday })]);
    await page.getByText('Your first event has arrived, from the source door.').waitFor();
    expect(faults).toEqual([]);
    await close();
  });
});

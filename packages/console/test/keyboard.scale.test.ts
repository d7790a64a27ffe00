import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Rollcall } from '../../sdk/src/index.ts';
import { NODES, PEOPLE } from '../../server/test/support/small-organisation.ts';
import { hasBrowser } from './support/browser.ts';
import { DAYS, heading, usePages } from './support/console.ts';
import { drawPlan, PLACES } from './support/floor.ts';
import { chooseItem, expectWalkable, focusOn, inMenu, press, tabTo, type } from './support/keyboard.ts';
import { settled } from './support/pages.ts';
import { addPerson, PASSWORD } from './support/signing-in.ts';
import { OUTSIDE, viewsOf } from './support/views.ts';

const VIEWS = viewsOf({ userId: PEOPLE.ann, officeId: NODES.hq, levelId: NODES.first, deskId: NODES.desk1 });
const EMAIL = 'keyboard@example.com';

describe.skipIf(!hasBrowser)('by keyboard alone', () => {
  const pages = usePages();
  let api: Rollcall;
  beforeAll(async () => {
    api = pages.site.api;
    await submitFor('nobody@example.com', 'e1');
    await addPerson(pages.site, EMAIL);
    await drawPlan(api.manage.floorPlans, NODES.first, PLACES);
  });
  const submitFor = (userEmail: string, eventId: string) =>
    api.presence.submit('north door', [
      {
        eventId,
        timestamp: '2026-03-13T09:00:00Z',
        locationId: NODES.hq,
        locationType: 'location',
        userEmail,
      },
    ]);
  const inOrganisation = (path: string) => `/console/${pages.site.organisation}/${path}`;
  const openAs = async (role: Parameters<typeof pages.openAs>[0], path: string) => {
    const page = await pages.openAs(role);
    await page.goto(inOrganisation(path));
    await settled(page);
    return page;
  };
  const button = (around: Page | Locator, name: string | RegExp) =>
    around.getByRole('button', { name, exact: typeof name === 'string' });

  test('each control of each page is reached, and one sees where the focus is', async () => {
    const page = await pages.openAs('administrator');
    for (const { path } of VIEWS) {
      await page.goto(inOrganisation(path));
      await settled(page);
      const stops = await expectWalkable(page, path);
      expect([path, stops > 0 || path.includes('kiosk')]).toEqual([path, true]);
    }
    for (const path of OUTSIDE) {
      await page.goto(`/console/${path}`);
      await settled(page);
      expect(await expectWalkable(page, path)).toBeGreaterThan(0);
    }
  });

  test('the frame of a page: its links, menus and the way out', async () => {
    const page = await openAs('administrator', 'today');
    for (const name of ['Attendance', 'People', 'Floor', 'Places', 'Integrations', 'Settings']) {
      await press(page, page.getByRole('navigation').getByRole('link', { name }));
      await focusOn(heading(page, name));
    }
    await press(page, button(page, 'Colours'));
    await inMenu(page);
    await page.keyboard.press('Escape');
    await page.getByRole('menu').waitFor({ state: 'detached' });
    await focusOn(button(page, 'Colours'));
    await press(page, button(page, /^Account/));
    await chooseItem(page, page.getByRole('menuitem', { name: 'Sign out' }));
    await heading(page, 'Sign in').waitFor();
  });

  test('Today: an office is chosen', async () => {
    const page = await openAs('viewer', 'today');
    await press(page, button(page.getByRole('main'), 'hq'));
    await page.waitForURL(`**/today?office=${NODES.hq}`);
  });

  test('Attendance: a filter, a chart, its table and a download', async () => {
    const page = await openAs('viewer', `attendance?${DAYS}`);
    const office = page.getByRole('textbox', { name: 'Office' });
    await type(page, office, 'hq');
    await page.getByRole('option', { name: 'hq' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('office') === NODES.hq);
    await settled(page);
    await tabTo(page, page.getByRole('img', { name: /^People who came/ }));
    await page.keyboard.press('End');
    await page.getByText(/^9 Mar · Confirmed/).waitFor();
    await press(page, button(page, 'As a table').first());
    await page.getByRole('table', { name: /^People who came/ }).waitFor({ state: 'visible' });
    await press(page, button(page, 'Download'));
    const saved = page.waitForEvent('download');
    await chooseItem(page, page.getByRole('menuitem', { name: 'As CSV' }));
    expect(await readFile(await (await saved).path(), 'utf8')).toContain('periodStart');
  });

  test('People: a person is found and opened, and a plan is changed', async () => {
    const page = await openAs('planner', 'people');
    await type(page, page.getByRole('searchbox', { name: 'Find a person' }), 'dee@');
    await page.waitForURL((url) => url.searchParams.get('search') === 'dee@');
    const found = page.getByRole('list', { name: 'People found' }).getByRole('link');
    await expect.poll(() => found.count()).toBe(1);
    await press(page, found);
    await focusOn(heading(page, 'dee'));
    await press(page, page.getByRole('checkbox', { name: /Select Sat,? 14 Mar/ }), 'Space');
    const plan = page.getByRole('combobox', { name: 'Plan' });
    await tabTo(page, plan);
    await page.keyboard.type('Rem');
    await expect.poll(() => plan.inputValue()).toBe('r');
    await press(page, button(page, 'Show what would happen'));
    await page.getByRole('table', { name: 'What would happen' }).waitFor();
    await press(page, button(page, 'Change 1 day'));
    await page.getByRole('table', { name: 'Week' }).getByText('Remote').waitFor();
    const [day] = await api.manage.days.list(PEOPLE.dee, { startDate: '2026-03-14', endDate: '2026-03-14' });
    expect(day?.plan).toBe('r');
  });

  test('Places: a desk is opened in the tree, changed, and moved', async () => {
    const page = await openAs('administrator', `places?open=${NODES.window}`);
    await tabTo(page, page.getByRole('tree'));
    for (const key of ['ArrowRight', 'ArrowRight', 'Enter']) await page.keyboard.press(key);
    await page.waitForURL((url) => url.searchParams.get('open') === NODES.desk1);
    await type(page, page.getByRole('textbox', { name: 'Name', exact: true }), 'Desk by the door');
    await press(page, button(page, 'Save'));
    await page.getByText('Saved.').waitFor();
    await type(page, page.getByRole('textbox', { name: 'Move to another zone' }), 'empty');
    await page.getByRole('option', { name: /empty/ }).waitFor();
    // Until the server answers, the list has zones of other names.
    await expect.poll(() => page.getByRole('option').count()).toBe(1);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await press(page, button(page.getByRole('dialog'), 'Move'));
    await page.getByText('Moved.').waitFor();
    const desk = await api.manage.desks.get(NODES.desk1);
    expect(desk).toMatchObject({ deskName: 'Desk by the door', zoneId: NODES.empty });
    await api.manage.desks.update(NODES.desk1, { deskName: 'desk1', zoneId: NODES.window });
  });

  test('Integrations: a key is made, and a refused event is tried again', async () => {
    const page = await openAs('integrations', 'integrations');
    await press(page, button(page, 'Create a key'));
    const dialog = page.getByRole('dialog');
    await type(page, dialog.getByRole('textbox', { name: 'Name' }), 'by keyboard');
    await press(page, button(dialog, 'Create a key'));
    await press(page, button(page, 'I have stored the secret'));
    await dialog.waitFor({ state: 'detached' });
    const keys = await api.manage.keys.list();
    expect(keys.map(({ name }) => name)).toContain('by keyboard');
    await tabTo(page, page.getByRole('tab', { name: 'Keys' }));
    for (let tab = 0; tab < 3; tab++) await page.keyboard.press('ArrowRight');
    await page.waitForURL('**/integrations?view=refused');
    await api.manage.users.submit([{ userName: 'nobody', email: 'nobody@example.com' }]);
    await press(page, button(page, 'Try again: the event e1'));
    await expect
      .poll(async () => (await api.manage.refusedEventsPage({ state: 'open' })).items.length)
      .toBe(0);
  });

  test('Settings: a person is invited', async () => {
    const page = await openAs('administrator', 'settings');
    await press(page, button(page, 'Invite a person'));
    const dialog = page.getByRole('dialog');
    await type(page, dialog.getByRole('textbox', { name: 'E-mail address' }), 'invited@example.com');
    await press(page, button(dialog, 'Make the invitation'));
    await page.getByRole('dialog', { name: 'Send this link to the person' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('row').filter({ hasText: 'invited@example.com' }).waitFor();
  });

  test('signing in, then My account: the name is changed, a passkey is added and removed', async () => {
    const page = await pages.open({ baseURL: pages.site.origin.replace('127.0.0.1', 'localhost') });
    const device = await page.context().newCDPSession(page);
    await device.send('WebAuthn.enable');
    await device.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
      },
    });
    await page.goto(`/console/sign-in?back=${encodeURIComponent(`/${pages.site.organisation}/account`)}`);
    await type(page, page.getByRole('textbox', { name: 'E-mail address' }), EMAIL);
    await type(page, page.getByLabel('Password', { exact: true }), PASSWORD);
    await page.keyboard.press('Enter');
    await heading(page, 'My account').waitFor();
    await settled(page);
    await type(page, page.getByRole('textbox', { name: 'Name', exact: true }), 'Ada Lovelace');
    await press(page, button(page, 'Save'));
    await page.getByText('Saved.').waitFor();
    await type(page, page.getByRole('textbox', { name: 'Name of the passkey' }), 'Laptop');
    await press(page, button(page, 'Add a passkey'));
    await page.getByRole('row').filter({ hasText: 'Laptop' }).waitFor();
    await press(page, button(page, 'Remove Laptop'));
    await press(page, button(page.getByRole('dialog'), 'Remove'));
    await page.getByText('You have no passkey yet.').waitFor();
    await page.reload();
    expect(await page.getByRole('textbox', { name: 'Name', exact: true }).inputValue()).toBe('Ada Lovelace');
  });
});

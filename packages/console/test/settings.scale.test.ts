import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { addAccount, browserWithRole } from '../../server/test/support/sessions.ts';
import { expectAccessible, PHONE, WIDE } from './support/accessibility.ts';
import { hasBrowser } from './support/browser.ts';
import { heading, usePages } from './support/console.ts';
import { press, type } from './support/keyboard.ts';
import { frames } from './support/pages.ts';
import { addPerson, PASSWORD, signIn } from './support/signing-in.ts';

describe.skipIf(!hasBrowser)('the page Settings', () => {
  const pages = usePages();
  const settings = (view = '') => `/console/${pages.site.organisation}/settings${view && `?view=${view}`}`;
  /** What the API answers an administrator. */
  const api = async (url: string, change?: object) => {
    const { server, tenantId } = pages.site;
    const headers = await browserWithRole(server, tenantId, 'administrator');
    const request = change ? { method: 'PATCH' as const, payload: change } : {};
    return (await server.app.inject({ url: `/v1/manage/${url}`, headers, ...request })).json();
  };
  const accountOf = async (email: string) =>
    (await api('accounts?limit=1000')).items.find((each: { email: string }) => each.email === email);
  const rowOf = (page: Page, email: string) => page.getByRole('row').filter({ hasText: email });
  const choose = async (page: Page, email: string, action: string) => {
    await page.getByRole('button', { name: `Actions for ${email}` }).click();
    await page.getByRole('menuitem', { name: action }).click();
  };

  test('invites a person, who accepts with the link that is shown once', async () => {
    const page = await pages.openAs('administrator');
    await page.goto(settings());
    const email = 'new@example.com';
    // By keyboard alone.
    await press(page, page.getByRole('button', { name: 'Invite a person' }));
    await type(page, page.getByRole('dialog').getByLabel('E-mail address'), email);
    await page.keyboard.press('Tab');
    await page.keyboard.type('Ada');
    await page.keyboard.press('Enter');
    const shown = page.getByRole('dialog', { name: 'Send this link to the person' }).getByLabel('Link');
    const address = await shown.inputValue();
    await page.getByText(/^It works until .+ \([\w/]+\)\.$/).waitFor();
    expect(address).toMatch(/\/console\/sign-in#token=[\w-]{43}$/);
    await page.keyboard.press('Escape');
    await shown.waitFor({ state: 'detached' });
    await rowOf(page, email).getByText('invited').waitFor();
    expect(await page.content()).not.toContain(address.split('=')[1]);

    const person = await pages.open();
    await person.goto(address);
    await person.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await person.getByLabel('Your name').fill('Ada');
    await person.getByRole('button', { name: 'Save and sign in' }).click();
    await heading(person, 'Today').waitFor();
    await page.reload();
    await rowOf(page, email).getByText('active').waitFor();
    expect(await accountOf(email)).toMatchObject({ role: 'viewer', state: 'active' });
  });

  test('refuses a second invitation, and keeps what was typed', async () => {
    const page = await pages.openAs('administrator');
    await addAccount(pages.site.server, pages.site.tenantId, 'known@example.com', 'viewer');
    await page.goto(settings('people'));
    await page.getByRole('button', { name: 'Invite a person' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('E-mail address').fill('known@example.com');
    await dialog.getByRole('button', { name: 'Make the invitation' }).click();
    await dialog.getByText('has a role in the organisation already').waitFor();
    expect(await dialog.getByLabel('E-mail address').inputValue()).toBe('known@example.com');
  });

  test('changes a role, ends sessions, makes a link, and removes a person', async () => {
    const email = 'leaver@example.com';
    const { server } = pages.site;
    const browser = await addPerson(pages.site, email);
    const page = await pages.openAs('administrator');
    await page.goto(settings('people'));
    await page.getByRole('textbox', { name: `Role of ${email}` }).click();
    await page.getByRole('option', { name: 'Planner' }).click();
    await expect.poll(async () => (await accountOf(email)).role).toBe('planner');
    await choose(page, email, 'Sessions');
    await page.getByRole('dialog').getByRole('row').filter({ hasText: '127.0.0.1' }).waitFor();
    await page.getByRole('button', { name: 'End all sessions' }).click();
    await page.getByText('This person is signed in nowhere.').waitFor();
    expect((await server.app.inject({ url: '/v1/session', headers: browser })).statusCode).toBe(401);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await choose(page, email, 'Link for a new password');
    await page.getByRole('dialog').getByLabel('Link').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await choose(page, email, 'Remove');
    await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
    await rowOf(page, email).waitFor({ state: 'detached' });
  });

  test('says why the last administrator cannot be removed', async () => {
    const page = await pages.openAs('administrator');
    await page.goto(settings('people'));
    await page.getByText('You are the last administrator').waitFor();
    await page.getByRole('button', { name: 'Actions for administrator@example.com' }).click();
    expect(await page.getByRole('menuitem', { name: 'Remove' }).isDisabled()).toBe(true);
  });

  test('what was typed stays if the page cannot read the settings again', async () => {
    const page = await pages.openAs('administrator');
    await page.goto(settings('organisation'));
    const name = page.getByLabel('Name', { exact: true });
    await name.fill('Typed');
    await page.route(/\/v1\/manage\/organisation/, (route) => route.fulfill({ status: 400, json: {} }));
    const refused = page.waitForResponse((reply) => reply.status() === 400);
    // As when one returns to the tab.
    await page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')));
    await (await refused).finished();
    await frames(page);
    expect(await name.inputValue()).toBe('Typed');
  });

  test('changes what was typed of the organisation, and no more', async () => {
    const page = await pages.openAs('administrator');
    await page.goto(settings('organisation'));
    await page.getByLabel('Name', { exact: true }).fill('Acme and Sons');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    expect(await api('organisation')).toMatchObject({ name: 'Acme and Sons' });
    await page.getByLabel('Time zone').fill('Mars/Olympus');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').getByText('Mars/Olympus').waitFor();
    expect(await page.getByLabel('Time zone').inputValue()).toBe('Mars/Olympus');
  });

  test('shows what somebody else has changed of the organisation, and overwrites nothing unasked', async () => {
    const page = await pages.openAs('administrator');
    await page.goto(settings('organisation'));
    const name = page.getByLabel('Name', { exact: true });
    await name.fill('Mine');
    await api('organisation', { name: 'Theirs', timeZone: 'Europe/Paris' });
    const save = page.getByRole('button', { name: 'Save' });
    await save.click();
    const conflict = page.getByRole('alert').filter({ hasText: 'Somebody else has changed these settings' });
    await conflict.getByRole('row').filter({ hasText: 'Theirs' }).filter({ hasText: 'Mine' }).waitFor();
    await conflict.getByRole('row').filter({ hasText: 'Europe/Paris' }).waitFor();
    await expectAccessible(page, [PHONE]);
    expect([await save.isDisabled(), await name.inputValue()]).toEqual([true, 'Mine']);
    expect(await api('organisation')).toMatchObject({ name: 'Theirs' });
    await conflict.getByRole('button', { name: 'Keep mine' }).click();
    await save.click();
    await page.getByText('Saved.').waitFor();
    expect(await api('organisation')).toMatchObject({ name: 'Mine', timeZone: 'Europe/Paris' });
  });

  test('a change after the end of the session leads to sign in and back, and keeps what was typed', async () => {
    const [mine, other] = ['ends@example.com', 'another@example.com'];
    for (const email of [mine, other]) await addPerson(pages.site, email, 'administrator');
    const page = await pages.open();
    const endSessions = () =>
      pages.site.server.db.owner.inSystem(async (tx) => {
        await tx.query('DELETE FROM sessions');
      });
    const name = page.getByLabel('Name', { exact: true });
    await page.goto(settings('organisation'));
    await signIn(page, mine);
    await name.fill('Typed before');
    await endSessions();
    await page.getByRole('button', { name: 'Save' }).click();
    await heading(page, 'Sign in').waitFor();
    // A wrong password is no end of a session.
    await signIn(page, mine, 'not this password');
    await page.getByRole('alert').waitFor();
    await signIn(page, mine);
    await page.getByRole('button', { name: 'Save' }).waitFor();
    expect(new URL(page.url()).search).toBe('?view=organisation');
    expect(await name.inputValue()).toBe('Typed before');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    expect(await api('organisation')).toMatchObject({ name: 'Typed before' });
    // Nobody else gets it.
    await name.fill('Typed by the first');
    await endSessions();
    await page.getByRole('button', { name: 'Save' }).click();
    await heading(page, 'Sign in').waitFor();
    await signIn(page, other);
    await page.getByRole('button', { name: 'Save' }).waitFor();
    expect(await name.inputValue()).toBe('Typed before');
    // Other tests count administrators.
    await pages.site.server.db.owner.inSystem((tx) =>
      tx.query('DELETE FROM accounts WHERE email = ANY ($1)', [[mine, other]]),
    );
  });

  test('counts what a shorter retention removes before it can be saved', async () => {
    const page = await pages.openAs('administrator');
    await page.goto(settings('retention'));
    await page.getByRole('row', { name: /^Entries of the audit trail.* 13 months 13 months$/ }).waitFor();
    await page.getByRole('textbox', { name: 'Unit: Arrivals of visitors' }).click();
    await page.getByRole('option', { name: 'days', exact: true }).click();
    expect(await page.getByRole('button', { name: 'Save, and remove this' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Count what this removes' }).click();
    await page.getByText(/^Arrivals of visitors: /).waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Save, and remove this' }).click();
    await page.getByText('Saved.').waitFor();
    const { items } = await api('retention');
    expect(items).toContainEqual(expect.objectContaining({ kind: 'visitors', kept: 'P3D' }));
  });

  test('shows who did what, by day, action and name, and saves the entries as a file', async () => {
    const { app, clock } = pages.site.server;
    await pages.site.api.manage.keys.create({
      name: 'audited door',
      role: 'submitting-events',
      authentication: 'basic',
    });
    await app.audit.flush();
    const page = await pages.openAs('administrator');
    const day = new Date(clock.nowMs).toISOString().slice(0, 10);
    await page.goto(`${settings('audit')}&action=key.created&from=${day}&to=${day}`);
    const table = page.getByRole('table', { name: 'Entries of the audit trail' });
    await table
      .getByRole('row', { name: /created a key/ })
      .first()
      .waitFor();
    const { items } = await pages.site.api.manage.auditPage({
      actions: ['key.created'],
      startDate: day,
      endDate: day,
    });
    expect(await table.locator('[data-entry]').count()).toBe(items.length);
    await expectAccessible(page);
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download' }).click();
    await page.getByRole('menuitem', { name: 'As CSV' }).click();
    const lines = (await readFile(await (await saved).path(), 'utf8')).trim().split('\r\n');
    expect(lines).toHaveLength(items.length + 1);
    await page.getByLabel('Search').fill('nobody like this');
    await page.getByText('No entry here').waitFor();
    await page.goto(`${settings('audit')}&after=1-00000000-0000-0000-0000-000000000000`);
    await page.getByText('No entry here').waitFor();
    await page.getByLabel('Search').fill('audited');
    await page.waitForURL((url) => !url.searchParams.has('after'));
    await page.getByLabel('Search').fill('nobody like this');
    await page.getByText('No entry here').waitFor();
    expect(new URL(page.url()).searchParams.get('search')).toBe('nobody like this');
  });

  test('finds one of 5,000 people, and draws those in sight only', async () => {
    const { server, tenantId } = pages.site;
    await server.db.owner.inSystem((tx) =>
      tx.query(
        `WITH made AS (
           INSERT INTO accounts (account_id, email, email_folded, name, created_at)
           SELECT gen_random_uuid(), 'many-' || n || '@example.com', 'many-' || n || '@example.com', 'Person ' || n, now()
           FROM generate_series(1, 5000) AS n RETURNING account_id)
         INSERT INTO account_roles (account_id, tenant_id, role, invited_at, accepted_at)
         SELECT account_id, $1, 'viewer', now(), now() FROM made`,
        [tenantId],
      ),
    );
    // The database itself does so a minute later.
    await server.db.owner.inSystem((tx) => tx.query('ANALYZE accounts, account_roles'));
    const page = await pages.openAs('administrator');
    await page.goto(settings('people'));
    const table = page.getByRole('table', { name: 'People who may sign in' });
    await table.waitFor();
    expect(await table.getByRole('row').count()).toBeLessThan(60);
    // More people come as one scrolls.
    const scrolled = page.getByRole('group', { name: 'People who may sign in' });
    for (let seen = 0; seen < 300; ) {
      await scrolled.evaluate((box) => box.scrollTo(0, box.scrollHeight));
      const last = table.getByRole('row').last();
      seen = Number(await last.getAttribute('aria-rowindex'));
    }
    expect(await table.getByRole('row').count()).toBeLessThan(60);
    await page.getByLabel('Search').fill('person 4999');
    await rowOf(page, 'many-4999@example.com').getByText('a link only').waitFor();
    expect(await table.getByRole('row').count()).toBe(2);
    expect(new URL(page.url()).searchParams.get('search')).toBe('person 4999');
    await expectAccessible(page, [PHONE]);
    await page.getByLabel('Search').fill('nobody like this');
    await page.getByText('Nobody matches').waitFor();
  });

  test.each(['integrations', 'planner', 'viewer'] as const)('shows no people to %s', async (role) => {
    const page = await pages.openAs(role);
    await page.goto(settings());
    await page.getByText('Only administrators change these settings.').waitFor();
    expect(await page.getByRole('button', { name: 'Save' }).count()).toBe(0);
    await page.getByRole('tab', { name: 'People who may sign in' }).click();
    await page.getByText('Your role does not allow this').waitFor();
    expect(new URL(page.url()).search).toBe('?view=people');
  });

  test('is accessible in each part', async () => {
    const page = await pages.openAs('administrator');
    for (const [view, text] of [
      ['people', 'These people may sign in'],
      ['organisation', 'It never changes'],
      ['methods', 'The operator of the server sets'],
    ] as const) {
      await page.goto(settings(view));
      await page.getByText(text).waitFor();
      await expectAccessible(page, view === 'people' ? [WIDE, PHONE] : [PHONE]);
    }
  });
});

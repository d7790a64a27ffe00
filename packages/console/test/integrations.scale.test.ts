import type { Locator, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Rollcall } from '../../sdk/src/index.ts';
import type { AccountRole } from '../../server/src/store/auth/account-roles.ts';
import { setEventQuota } from '../../server/src/store/events/event-days.ts';
import { utcDay } from '../../server/src/store/values/days.ts';
import { NODES } from '../../server/test/support/small-organisation.ts';
import { firstLines, LANGUAGES } from '../src/frame/keys/first-lines.ts';
import { expectAccessible, PHONE } from './support/accessibility.ts';
import { hasBrowser } from './support/browser.ts';
import { heading, usePages } from './support/console.ts';
import { press, tabTo } from './support/keyboard.ts';
import { runLines } from './support/lines.ts';
import { cellsOf } from './support/pages.ts';

describe.skipIf(!hasBrowser)('the page Integrations', () => {
  const pages = usePages();
  let api: Rollcall;
  beforeAll(() => {
    // The lines send the time of this machine.
    pages.site.server.clock.nowMs = Date.now();
    api = pages.site.api;
  });
  const openTab = async (role: AccountRole, view: 'keys' | 'scim' | 'sources' = 'keys') => {
    const page = await pages.openAs(role);
    await page.goto(`/console/${pages.site.organisation}/integrations?view=${view}`);
    await heading(page, 'Integrations').waitFor();
    return page;
  };
  const button = (inside: Page | Locator, name: string) => inside.getByRole('button', { name, exact: true });
  const dialog = (page: Page) => page.getByRole('dialog');
  const copyable = (page: Page, label: string) => page.getByRole('group', { name: label, exact: true });
  const createKey = async (page: Page, name: string) => {
    await button(page, 'Create a key').click();
    await dialog(page).getByLabel('Name').fill(name);
    await dialog(page).getByRole('button', { name: 'Create a key' }).click();
    await page.getByText('The secret is shown only now').waitFor();
  };
  const close = async (page: Page) => {
    await button(page, 'I have stored the secret').click();
    await dialog(page).waitFor({ state: 'detached' });
  };
  const keyNamed = async (name: string) => {
    const keys = await api.manage.keys.list();
    return keys.find((each) => each.name === name);
  };
  const submits = async (apiKey: string, secret: string) => {
    const authorization = `Basic ${btoa(`${apiKey}:${secret}`)}`;
    const body = JSON.stringify({ sourceId: 's', presenceEvents: [] });
    const headers = { authorization, 'content-type': 'application/json' };
    return (await fetch(`${pages.site.origin}/v1/presence/basic`, { method: 'POST', headers, body })).ok;
  };

  test('warns among the sources of a daily event quota that is nearly used', async () => {
    const { server, tenantId } = pages.site;
    const { owner } = server.db;
    await owner.inSystem((tx) => setEventQuota(tx, tenantId, 1_000_000));
    await owner.inTenant(tenantId, (tx) =>
      tx.query(
        `INSERT INTO event_days (tenant_id, day, stored) VALUES ($1, $2, 900000)
         ON CONFLICT (tenant_id, day) DO UPDATE SET stored = excluded.stored`,
        [tenantId, utcDay(server.clock.nowMs)],
      ),
    );
    try {
      const page = await openTab('integrations', 'sources');
      await page.getByText('Most of the daily event quota is used').waitFor();
      await page.getByText('900,000 events today, of 1,000,000').waitFor();
      await expectAccessible(page);
    } finally {
      await owner.inSystem((tx) => setEventQuota(tx, tenantId, null));
    }
  });

  test('a key that is created there submits the first event by the lines of the page', async () => {
    const page = await openTab('administrator');
    await createKey(page, 'north door');
    expect(await copyable(page, 'Base URL').textContent()).toBe(pages.site.origin);
    await page.getByRole('textbox', { name: 'Office' }).click();
    await page.getByRole('option', { name: 'hq' }).click();
    await page.getByLabel('E-mail address of the person').fill('ann@example.com');
    for (const [label, language] of [
      ['curl', 'curl'],
      ['Python', 'python'],
      ['JavaScript', 'javascript'],
    ] as const) {
      await page.getByRole('radiogroup', { name: 'Language' }).getByText(label, { exact: true }).click();
      const output = await runLines(language, (await copyable(page, label).textContent()) ?? '');
      expect([label, output]).toEqual([label, expect.stringMatching(/resultCode['"]?: ?0/)]);
    }
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Copy: Secret' }).click();
    const secret = (await copyable(page, 'Secret').textContent()) ?? '';
    await close(page);
    expect(await page.content()).not.toContain(secret);

    const items = await api.manage.keys.list({ active: true });
    const shown = await cellsOf(page.locator('tbody tr'));
    expect(shown.map((cells) => cells.slice(0, 2))).toEqual(items.map(({ name, apiKey }) => [name, apiKey]));
    await expectAccessible(page);
  });

  test('a key is bound to networks, offices and an end when it is created, and changed later', async () => {
    const page = await openTab('administrator');
    await button(page, 'Create a key').click();
    await dialog(page).getByLabel('Name').fill('bound door');
    await dialog(page).getByLabel('Ends on').fill('2099-01-31');
    await dialog(page).getByLabel('Networks').fill('203.0.113.0/24\n2001:db8::/32');
    for (const office of ['hq', 'annex']) {
      await dialog(page).getByRole('textbox', { name: 'Offices' }).click();
      await page.getByRole('option', { name: office, exact: true }).click();
      await button(dialog(page), `Remove the office ${office}`).waitFor();
    }
    await expectAccessible(page);
    await dialog(page).getByRole('button', { name: 'Create a key' }).click();
    await page.getByText('The secret is shown only now').waitFor();
    await close(page);
    const created = await keyNamed('bound door');
    expect(created).toMatchObject({
      networks: ['203.0.113.0/24', '2001:db8::/32'],
      locationIds: [NODES.hq, NODES.annex],
    });
    await page.getByText('From 203.0.113.0/24 and 1 more · 2 offices').waitFor();

    await button(page, 'Change bound door').click();
    expect(await dialog(page).getByLabel('Ends on').inputValue()).toBe('2099-01-31');
    await dialog(page).getByLabel('Networks').fill('203.0.113.1/24');
    await button(dialog(page), 'Remove the office annex').click();
    await button(dialog(page), 'Save').click();
    await dialog(page).getByRole('alert').getByText('the network is 203.0.113.0/24').waitFor();
    await dialog(page).getByLabel('Networks').fill('');
    await button(dialog(page), 'Save').click();
    await dialog(page).waitFor({ state: 'detached' });
    await page.getByText('1 office', { exact: true }).waitFor();
    expect(await keyNamed('bound door')).toMatchObject({
      networks: null,
      locationIds: [NODES.hq],
      expiresAt: created?.expiresAt,
    });

    await button(page, 'Create a key').click();
    await dialog(page).getByRole('textbox', { name: 'Role' }).click();
    await page.getByRole('option', { name: 'Everything' }).click();
    await dialog(page).getByRole('textbox', { name: 'Offices' }).waitFor({ state: 'detached' });
  });

  test('shows the rate limits of keys by class, and an administrator sets those of a key', async () => {
    const { defaultLimits } = await api.manage.keys.page();
    const count = (value: number) => value.toLocaleString('en-GB');
    const page = await openTab('administrator');
    await page
      .getByText(
        `Limits of each key without its own: ${count(defaultLimits.login)} logins a minute · ` +
          `${count(defaultLimits.events)} events a minute · ${count(defaultLimits.reads)} reads a minute · ` +
          `${count(defaultLimits.management)} changes a minute · the exports of the organisation.`,
      )
      .waitFor();
    await createKey(page, 'slow door');
    await close(page);
    await button(page, 'Change slow door').click();
    expect(await dialog(page).getByLabel('Events a minute').inputValue()).toBe('');
    await dialog(page)
      .getByText(`Empty: ${count(defaultLimits.events)}.`)
      .waitFor();
    await dialog(page).getByLabel('Events a minute').fill('1200');
    await dialog(page).getByLabel('Exports at once').fill('1');
    await expectAccessible(page);
    await button(dialog(page), 'Save').click();
    await dialog(page).waitFor({ state: 'detached' });
    await page.getByText('Own limits: 1,200 events a minute · 1 export at once', { exact: true }).waitFor();
    expect((await keyNamed('slow door'))?.limits).toEqual({ events: 1_200, exports: 1 });

    await button(page, 'Change slow door').click();
    await dialog(page).getByLabel('Reads a minute').fill('999999999');
    await button(dialog(page), 'Save').click();
    await dialog(page).getByRole('alert').getByText('must be <= 480000').waitFor();
    await dialog(page).getByLabel('Reads a minute').fill('');
    await dialog(page).getByLabel('Exports at once').fill('');
    await button(dialog(page), 'Save').click();
    await dialog(page).waitFor({ state: 'detached' });
    await page.getByText('Own limits: 1,200 events a minute', { exact: true }).waitFor();
    expect((await keyNamed('slow door'))?.limits).toEqual({ events: 1_200 });
  });

  test('a key is rotated by the keyboard alone, and the former secret works for the time that one chooses', async () => {
    const page = await openTab('integrations');
    await createKey(page, 'keyboard');
    const before = (await copyable(page, 'Secret').textContent()) ?? '';
    await close(page);
    await tabTo(page, page.getByRole('tab', { name: 'Keys' }));
    await page.keyboard.press('ArrowRight');
    await page.waitForURL('**/integrations?view=scim');
    await page.keyboard.press('ArrowLeft');
    await page.waitForURL('**/integrations?view=keys');
    await press(page, button(page, 'Rotate keyboard'));
    await press(page, dialog(page).getByRole('textbox', { name: 'The former secret works for' }));
    await page.getByRole('option', { name: 'no time: it ends at once' }).waitFor();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.getByRole('option').first().waitFor({ state: 'detached' });
    await press(page, button(dialog(page), 'Rotate'));
    await page.getByText('The secret is shown only now').waitFor();
    const after = (await copyable(page, 'Secret').textContent()) ?? '';
    const apiKey = (await copyable(page, 'Id').textContent()) ?? '';
    expect([await submits(apiKey, before), await submits(apiKey, after)]).toEqual([false, true]);
  });

  test('a key that somebody else has rotated meanwhile is not rotated again', async () => {
    const page = await openTab('integrations');
    await createKey(page, 'shared');
    await close(page);
    await button(page, 'Rotate shared').click();
    const key = await keyNamed('shared');
    await api.manage.keys.rotate(key?.apiKey ?? '', { graceS: 60 });
    await dialog(page).getByRole('button', { name: 'Rotate' }).click();
    await dialog(page).getByRole('alert').getByText('somebody has rotated it meanwhile').waitFor();
    expect((await keyNamed('shared'))?.secretVersion).toBe(2);
  });

  test('a key is revoked after a question that names its last use, and is shown with those that ended', async () => {
    const page = await openTab('integrations');
    await createKey(page, 'old door');
    await close(page);
    await button(page, 'Revoke old door').click();
    await dialog(page).getByText('No program has used it yet.').waitFor();
    await dialog(page).getByRole('button', { name: 'Revoke' }).click();
    await dialog(page).waitFor({ state: 'detached' });
    expect((await keyNamed('old door'))?.state).toBe('revoked');
    const row = page.getByRole('row', { name: /old door/ });
    await row.waitFor({ state: 'detached' });
    await page.getByLabel('Show those that ended').check();
    await page.waitForURL('**/integrations?view=keys&ended=show');
    await row.getByText('revoked').waitFor();
  });

  test('many keys come in pages, which the address names; one too many is refused', async () => {
    const { server, tenantId } = pages.site;
    const before = await api.manage.keys.list({ active: true });
    await server.db.owner.inTenant(tenantId, (tx) =>
      tx.query(
        `INSERT INTO api_keys (tenant_id, api_key_folded, api_key, name, role, authentication, secret_sealed, created_at)
         SELECT $1, 'many-' || n, 'many-' || n, 'many ' || n, 'all', 'hmac', 'x', now() - n * interval '1 day'
         FROM generate_series(1, $2) AS n`,
        [tenantId, 1_000 - before.length],
      ),
    );
    const page = await openTab('administrator');
    await page.getByRole('table').waitFor();
    expect(await page.locator('tbody tr').count()).toBe(100);
    await button(page, 'Older').click();
    await page.waitForURL((url) => url.searchParams.has('after'));
    const all = await api.manage.keys.list({ active: true });
    await page
      .getByRole('row')
      .filter({ hasText: all[100]?.apiKey ?? '' })
      .first()
      .waitFor();
    await button(page, 'Newest').click();
    await page.waitForURL((url) => !url.searchParams.has('after'));
    await button(page, 'Create a key').click();
    await dialog(page).getByLabel('Name').fill('too many');
    await dialog(page).getByRole('button', { name: 'Create a key' }).click();
    await dialog(page).getByRole('alert').getByText('1000 active keys, which is the most').waitFor();
    expect(await dialog(page).getByLabel('Name').inputValue()).toBe('too many');
    await server.db.owner.inTenant(tenantId, (tx) =>
      tx.query("DELETE FROM api_keys WHERE tenant_id = $1 AND api_key LIKE 'many-%'", [tenantId]),
    );
  });

  test('a role manages keys whose powers it has, and other roles do not see the page', async () => {
    const page = await openTab('integrations');
    const row = page.getByRole('row', { name: /all key/ }).first();
    await row.waitFor();
    expect(await row.getByRole('button').count()).toBe(0);
    await button(page, 'Create a key').click();
    await dialog(page).getByRole('textbox', { name: 'Role' }).click();
    const options = await page.getByRole('option').allTextContents();
    expect(options).toEqual(['Submit events', 'Submit visitor arrivals only']);
    for (const role of ['planner', 'viewer'] as const) {
      const other = await openTab(role);
      await other.getByRole('alert').getByText('Your role does not allow this').waitFor();
      expect(await other.getByRole('link', { name: 'Integrations' }).count()).toBe(0);
    }
  });

  test('a SCIM token is created, used and revoked', async () => {
    const page = await openTab('administrator', 'scim');
    await button(page, 'Create a token').click();
    await dialog(page).getByLabel('Name').fill('Okta');
    await dialog(page).getByRole('button', { name: 'Create a token' }).click();
    const token = await copyable(page, 'Token').textContent();
    const address = await dialog(page).getByRole('group', { name: 'Address (base URL)' }).textContent();
    const users = () => fetch(`${address}/Users`, { headers: { authorization: `Bearer ${token}` } });
    expect((await users()).status).toBe(200);
    await button(page, 'I have stored the token').click();
    await button(page, 'Revoke Okta').waitFor();
    await expectAccessible(page, [PHONE]);
    await page.reload();
    await button(page, 'Revoke Okta').click();
    await dialog(page)
      .getByText(/Its last use: .+ \([\w/]+\)\./)
      .waitFor();
    await dialog(page).getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('No token is active').waitFor();
    expect((await users()).status).toBe(401);
    const other = await openTab('integrations', 'scim');
    await other.getByText('Only administrators create and revoke tokens').waitFor();
    expect(await button(other, 'Create a token').count()).toBe(0);
  });

  test('there are lines for each role and each type of login', async () => {
    const { server, tenantId, origin } = pages.site;
    server.clock.nowMs = Date.now();
    const cases = [
      { role: 'all', authentication: 'hmac', answer: /resultCode['"]?: ?0/ },
      { role: 'visitor-only', authentication: 'basic', answer: /resultCode['"]?: ?0/ },
      { role: 'data-warehouse', authentication: 'hmac', answer: /^\[/ },
      { role: 'data-warehouse', authentication: 'basic', answer: /^\[/ },
      { role: 'statistics', authentication: 'hmac', answer: /^\[/ },
      { role: 'statistics', authentication: 'basic', answer: /^\[/ },
    ] as const;
    await Promise.all(
      cases.map(async ({ answer, ...properties }) => {
        const { secret, ...key } = await server.key(tenantId, properties);
        const first = {
          key,
          secret,
          baseUrl: origin,
          sourceId: `it's "quoted" \\ and ‘curved’`,
          locationId: NODES.hq,
          userEmail: 'ann@example.com',
          today: new Date().toISOString().slice(0, 10),
        };
        for (const language of ['curl', 'python', 'javascript'] as const)
          expect(await runLines(language, firstLines(first, language))).toMatch(answer);
        expect(LANGUAGES).toContain('powershell');
        const powershell = firstLines(first, 'powershell');
        expect(powershell).toContain('Invoke-RestMethod');
        if (answer.source.includes('result'))
          expect(powershell).toContain(`'it''s "quoted" \\ and ‘‘curved’’'`);
      }),
    );
  });
});

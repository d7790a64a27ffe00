import type { Page } from 'playwright-core';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AccountRole } from '../../server/src/store/auth/account-roles.ts';
import { AttendanceClient } from '../../server/test/support/attendance.ts';
import { NODES, PEOPLE } from '../../server/test/support/small-organisation.ts';
import { expectAccessible } from './support/accessibility.ts';
import { hasBrowser } from './support/browser.ts';
import { usePages } from './support/console.ts';
import { callsOf, cellsOf } from './support/pages.ts';

type Office = Record<string, unknown> & { locationId: string; arrivals: number[] };

const FIGURES = ['present', 'expected', 'planned', 'booked', 'walkIn', 'visitors', 'spacesInUse'];

describe.skipIf(!hasBrowser)('the page Today', () => {
  const pages = usePages();
  let client: AttendanceClient;
  let token: string;
  beforeAll(async () => {
    const { server, tenantId } = pages.site;
    const key = await server.key(tenantId);
    client = new AttendanceClient(server, key);
    token = await server.token(key);
  });
  // The clock by which the server shares its numbers stands still otherwise.
  beforeEach(() => {
    pages.site.server.stopwatch.nowMs += 1_000;
  });

  const openToday = async (role: AccountRole) => {
    const page = await pages.openAs(role);
    await page.goto(`/console/${pages.site.organisation}/today`);
    await page.locator('[data-figure=present]').waitFor();
    return page;
  };
  const answer = async (): Promise<Office[]> => {
    const reply = await pages.site.server.app.inject({
      url: '/v1/manage/today',
      headers: { authorization: `Bearer ${token}` },
    });
    return reply.json().offices;
  };
  const figures = (page: Page) =>
    Promise.all(
      FIGURES.map(async (name) => Number(await page.locator(`[data-figure=${name}]`).textContent())),
    );
  const sums = (offices: Office[]) =>
    FIGURES.map((name) => offices.reduce((sum, office) => sum + Number(office[name]), 0));

  test('shows what the API answers, also to a viewer, and moves without being loaded again', async () => {
    const page = await openToday('viewer');
    expect(await figures(page)).toEqual(sums(await answer()));
    await page.getByText('As of 12:00:00, Europe/London').waitFor();

    await client.submit([{ userId: PEOPLE.ben, nodeId: NODES.hq, at: '2026-03-13T11:50:00Z' }]);
    pages.site.server.stopwatch.nowMs += 1_000;
    await expect.poll(() => figures(page)).toEqual(sums(await answer()));
    expect((await figures(page))[0]).toBe(2);
    await page.getByRole('row', { name: /hq/ }).getByText('11:50, Europe/London').waitFor();
    expect(await page.content()).not.toMatch(/\b(ann|ben|cy)\b/);
  });

  test('the chosen office is in the address, and its arrivals are in the table of the chart', async () => {
    const page = await openToday('planner');
    await page.getByRole('button', { name: 'hq' }).click();
    await page.waitForURL(`**/today?office=${NODES.hq}`);
    const hq = (await answer()).find(({ locationId }) => locationId === NODES.hq) as Office;
    await expect.poll(() => figures(page)).toEqual(sums([hq]));

    const chart = page.getByRole('region', { name: 'Arrivals by hour at hq' }).first();
    await chart.getByRole('button', { name: 'As a table' }).click();
    const cells = () => cellsOf(chart.locator('tbody tr'));
    // On Friday 6 March, Cy came at nine. On other Fridays nobody was there. The page asks for them apart.
    await expect.poll(async () => (await cells())[9]?.[1]).toBe('1');
    expect((await cells()).map(([hour, , soFar]) => [hour, Number(soFar)])).toEqual(
      hq.arrivals.map((count, hour) => [`${String(hour).padStart(2, '0')}:00`, count]),
    );
  });

  test('the moment of the numbers of one office is in its own zone', async () => {
    const { manage } = pages.site.api;
    await manage.locations.update(NODES.annex, { timeZone: 'America/New_York' });
    pages.site.server.stopwatch.nowMs += 1_000;
    const page = await openToday('viewer');
    await page.getByText('As of 12:00:00, Europe/London').waitFor();
    await page.getByRole('button', { name: 'annex' }).click();
    await page.getByText('As of 08:00:00, America/New_York').waitFor();
    await manage.locations.update(NODES.annex, { timeZone: 'Europe/London' });
  });

  test('a screen for the foyer shows the numbers alone, larger, and Escape leads back', async () => {
    const page = await openToday('viewer');
    await page.getByRole('button', { name: 'hq' }).click();
    const size = () =>
      page.locator('[data-figure=present]').evaluate((each) => getComputedStyle(each).fontSize);
    const before = Number.parseFloat(await size());
    await page.getByRole('link', { name: 'Screen for the foyer' }).click();
    await page.waitForURL(`**/today?office=${NODES.hq}&kiosk=1`);
    await page.getByRole('heading', { level: 1, name: 'hq' }).waitFor();
    expect(await page.getByRole('navigation').count()).toBe(0);
    expect(await page.locator('button:visible, a:visible').count()).toBe(0);
    await page.setViewportSize({ width: 1920, height: 1080 });
    expect(Number.parseFloat(await size())).toBeGreaterThan(1.9 * before);
    const hq = (await answer()).find(({ locationId }) => locationId === NODES.hq) as Office;
    await expect.poll(() => figures(page)).toEqual(sums([hq]));
    await expectAccessible(page);
    // A narrow window hides the list of pages.
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.keyboard.press('Escape');
    await page.getByRole('navigation').waitFor();
    await page.waitForURL(`**/today?office=${NODES.hq}`);
  });

  test('a screen for the foyer names those who arrived last if a planner switches it on', async () => {
    const page = await openToday('planner');
    expect(await page.getByRole('link', { name: 'Screen for the foyer, with names' }).count()).toBe(0);
    await page.getByRole('button', { name: 'hq' }).click();
    await page.getByRole('link', { name: 'Screen for the foyer, with names' }).click();
    await page.waitForURL(`**/today?office=${NODES.hq}&kiosk=1&names=1`);
    const latest = page.getByRole('table', { name: 'Arrived last' });
    await latest.waitFor();
    const answer = await pages.site.api.manage.latestArrivals(NODES.hq);
    expect(answer.people.length).toBeGreaterThan(0);
    const names = async () => (await cellsOf(latest.locator('tr'))).map(([name]) => name);
    expect(await names()).toEqual(answer.people.map(({ name }) => name));
    await client.submit([{ userId: PEOPLE.dee, nodeId: NODES.hq, at: '2026-03-13T11:55:00Z' }]);
    pages.site.server.stopwatch.nowMs += 1_000;
    await expect.poll(names).toEqual(['dee', ...answer.people.map(({ name }) => name)]);
    await page.setViewportSize({ width: 1920, height: 1080 });
    await expectAccessible(page);
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.keyboard.press('Escape');
    await page.waitForURL(`**/today?office=${NODES.hq}`);
  });

  test('a viewer cannot switch names on', async () => {
    const page = await openToday('viewer');
    const calls = callsOf(page);
    await page.goto(`/console/${pages.site.organisation}/today?office=${NODES.hq}&kiosk=1&names=1`);
    await page.locator('[data-figure=present]').waitFor();
    await page.getByRole('table', { name: 'Arrivals by hour at hq' }).waitFor();
    expect(await page.getByText('Arrived last').count()).toBe(0);
    expect(calls.filter((call) => call.includes('/locations/'))).toEqual([]);
  });

  test('asks nothing that the role may not read', async () => {
    const page = await pages.openAs('integrations');
    const calls = callsOf(page);
    const refused: string[] = [];
    page.on('response', (reply) => reply.status() === 403 && refused.push(reply.url()));
    // The page asks for its last part when it asks for what is usual.
    const last = page.waitForResponse(/\/v1\/manage\/sources/);
    await page.goto(`/console/${pages.site.organisation}/today`);
    await last;
    await page.getByRole('table', { name: 'Arrivals by hour' }).waitFor();
    expect(calls).toContain('GET /v1/manage/today');
    expect(calls.filter((call) => call.includes('/analytics/'))).toEqual([]);
    expect(refused).toEqual([]);
  });

  test('numbers stay, with what went wrong, while the server cannot answer', async () => {
    const page = await openToday('integrations');
    const before = await figures(page);
    pages.site.lifecycle.migrated = false;
    try {
      await page.getByRole('alert').waitFor();
      expect(await figures(page)).toEqual(before);
    } finally {
      pages.site.lifecycle.migrated = true;
    }
    await page.getByRole('alert').waitFor({ state: 'detached' });
  });

  test('says if the sources could not be read, and asks again', async () => {
    const page = await pages.openAs('planner');
    await page.route(/\/v1\/manage\/sources/, (route) => route.fulfill({ status: 400, json: {} }));
    await page.goto(`/console/${pages.site.organisation}/today`);
    await page.locator('[data-figure=present]').waitFor();
    const alert = page.getByRole('alert');
    await alert.waitFor();
    await page.unrouteAll();
    await alert.getByRole('button').click();
    await alert.waitFor({ state: 'detached' });
  });

  test('is accessible, for all offices and for one', async () => {
    const page = await openToday('planner');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'hq' }).click();
    await page.getByRole('button', { name: 'All offices' }).waitFor();
    await page.getByRole('button', { name: 'As a table' }).click();
    await expectAccessible(page);
  });
});

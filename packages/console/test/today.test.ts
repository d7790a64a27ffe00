import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AttendanceClient } from '../../server/test/support/attendance.ts';
import { NODES, PEOPLE } from '../../server/test/support/small-organisation.ts';
import { hasBrowser, openBrowser } from './support/browser.ts';
import { type Console, startConsole } from './support/console.ts';

type Office = Record<string, unknown> & { locationId: string; arrivals: number[] };

const FIGURES = ['present', 'expected', 'planned', 'booked', 'walkIn', 'visitors', 'spacesInUse'];

describe.skipIf(!hasBrowser)('the page Today', () => {
  let app: Console;
  let browser: Browser;
  let client: AttendanceClient;
  let token: string;
  beforeAll(async () => {
    app = await startConsole();
    browser = await openBrowser();
    const key = await app.server.key(app.tenantId);
    client = new AttendanceClient(app.server, key);
    token = await app.server.token(key);
  });
  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });
  // The clock by which the server shares its numbers stands still otherwise.
  beforeEach(() => {
    app.server.stopwatch.nowMs += 1_000;
  });

  const answer = async (): Promise<Office[]> => {
    const reply = await app.server.app.inject({
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
    const { page, faults, close } = await app.openAs(browser, 'viewer');
    await page.goto(`/console/${app.organisation}/today`);
    await page.locator('[data-figure=present]').waitFor();
    expect(await figures(page)).toEqual(sums(await answer()));
    await page.getByText('As of 12:00:00, Europe/London').waitFor();

    await client.submit([{ userId: PEOPLE.ben, nodeId: NODES.hq, at: '2026-03-13T11:50:00Z' }]);
    app.server.stopwatch.nowMs += 1_000;
    await expect.poll(() => figures(page)).toEqual(sums(await answer()));
    expect((await figures(page))[0]).toBe(2);
    await page.getByRole('row', { name: /hq/ }).getByText('11:50, Europe/London').waitFor();
    expect(await page.content()).not.toMatch(/\b(ann|ben|cy)\b/);
    expect(faults).toEqual([]);
    await close();
  });

  test('the chosen office is in the address, and its arrivals are in the table of the chart', async () => {
    const { page, faults, close } = await app.openAs(browser, 'planner');
    await page.goto(`/console/${app.organisation}/today`);
    await page.getByRole('button', { name: 'hq' }).click();
    await page.waitForURL(`**/today?office=${NODES.hq}`);
    const hq = (await answer()).find(({ locationId }) => locationId === NODES.hq) as Office;
    await expect.poll(() => figures(page)).toEqual(sums([hq]));

    const chart = page.getByRole('region', { name: 'Arrivals by hour at hq' }).first();
    await chart.getByRole('button', { name: 'As a table' }).click();
    const cells = await chart
      .locator('tbody tr')
      .evaluateAll((rows) =>
        rows.map((row) => [...row.querySelectorAll('th,td')].map((cell) => cell.textContent)),
      );
    expect(cells.map(([hour, , soFar]) => [hour, Number(soFar)])).toEqual(
      hq.arrivals.map((count, hour) => [`${String(hour).padStart(2, '0')}:00`, count]),
    );
    // On Friday 6 March, Cy came at nine. On other Fridays nobody was there.
    expect(cells[9]?.[1]).toBe('1');
    expect(faults).toEqual([]);
    await close();
  });

  test('numbers stay, with what went wrong, while the server cannot answer', async () => {
    const { page, close } = await app.openAs(browser, 'integrations');
    await page.goto(`/console/${app.organisation}/today`);
    await page.locator('[data-figure=present]').waitFor();
    const before = await figures(page);
    app.lifecycle.migrated = false;
    try {
      await page.getByRole('alert').waitFor();
      expect(await figures(page)).toEqual(before);
    } finally {
      app.lifecycle.migrated = true;
    }
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await close();
  });
});

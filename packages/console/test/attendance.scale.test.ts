import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { NODES } from '../../server/test/support/small-organisation.ts';
import { formatPercent, formatTenths, formatWhole } from '../src/frame/format.ts';
import { expectAccessible, PHONE } from './support/accessibility.ts';
import { hasBrowser } from './support/browser.ts';
import { DAYS, heading, usePages } from './support/console.ts';
import { callsOf, cellsOf } from './support/pages.ts';

const RANGE = { startDate: '2026-03-02', endDate: '2026-03-13', by: 'organisation' } as const;

describe.skipIf(!hasBrowser)('in a browser', () => {
  const pages = usePages();
  const { open, openAs, attendance } = pages;
  /** The cells of a table, by row. */
  const cells = (page: Page, name: string) => cellsOf(page.getByRole('table', { name }).locator('tbody tr'));

  describe('the page of attendance', () => {
    test.each(['day', 'week', 'month'] as const)('shows the numbers of the API, by %s', async (period) => {
      const page = await openAs('viewer');
      await page.goto(attendance(`${DAYS}&period=${period}`));
      const rows = await pages.site.api.analytics.metrics({ ...RANGE, period });
      await page.getByRole('table').first().waitFor();
      const counts = await cells(page, 'People who came or had planned to come');
      expect(counts.map(([, ...numbers]) => numbers)).toEqual(
        rows.map((row) => [row.confirmed, row.walkIn, row.noShow, row.unconfirmed].map(String)),
      );
      const room = await cells(page, 'Attendance against capacity');
      expect(room.map(([, ...numbers]) => numbers)).toEqual(
        rows.map((row) => [row.peakAttendance, row.averageAttendance, row.capacity].map(formatTenths)),
      );
      expect(rows.length).toBe({ day: 8, week: 2, month: 1 }[period]);
    });

    test('shows the key figures of the API, beside those of the range before', async () => {
      const page = await openAs('viewer');
      const days = {
        startDate: '2026-03-09',
        endDate: '2026-03-13',
        by: 'organisation',
        period: 'range',
      } as const;
      await page.goto(attendance('from=2026-03-09&to=2026-03-13'));
      const [range] = await pages.site.api.analytics.metrics(days);
      const [beside] = await pages.site.api.analytics.comparisonMetrics(days);
      const figure = (name: string) => page.locator('dl > div').filter({ hasText: name }).locator('dd');
      await page.getByText('Different people').waitFor();
      expect(await figure('Different people').allTextContents()).toEqual([
        formatWhole(beside?.people),
        expect.stringContaining(`before: ${formatWhole(beside?.previousPeople)} (`),
      ]);
      await page.getByText('“Before” is 2 Mar 2026 to 6 Mar 2026.').waitFor();
      expect(await figure('Median of weekly peaks').textContent()).toBe(
        formatTenths(range?.medianWeeklyPeak),
      );
      expect(await figure('Average utilisation').first().textContent()).toBe(
        formatPercent(range?.utilisation),
      );
      expect(await figure('Peak day').first().textContent()).toBe(formatWhole(range?.peakAttendance));
    });

    test('shows weekdays of the API', async () => {
      const page = await openAs('viewer');
      await page.goto(attendance(`${DAYS}&view=weekdays`));
      await page.getByRole('table').first().waitFor();
      const weeks = await pages.site.api.analytics.weekdayMetrics({ ...RANGE, period: 'week' });
      const shown = await cells(page, 'Average attendance by week and weekday');
      const starts = [...new Set(weeks.map(({ periodStart }) => periodStart))];
      const average = (start: string, weekday: number) =>
        weeks.find((row) => row.periodStart === start && row.weekday === weekday)?.averageAttendance;
      expect(shown.map(([, ...numbers]) => numbers)).toEqual(
        starts.map((start) => [1, 2, 3, 4, 5, 6, 7].map((weekday) => formatTenths(average(start, weekday)))),
      );
      expect(starts).toHaveLength(2);
    });

    test('shows desks and zones of the API, the most used first', async () => {
      const page = await openAs('viewer');
      await page.goto(attendance(`${DAYS}&view=usage&office=${NODES.hq}`));
      await page.getByRole('table').first().waitFor();
      const { by: _by, ...range } = RANGE;
      const desks = await pages.site.api.analytics.usageMetrics({ ...range, locationIds: NODES.hq });
      const shares = desks
        .toSorted((a, b) => (b.usedShare ?? 0) - (a.usedShare ?? 0))
        .map(({ usedShare }) => formatPercent(usedShare));
      const shown = await cells(page, 'Desks most used');
      expect(shown.map(([, share]) => share)).toEqual(shares);
      expect(shares.length).toBeGreaterThan(2);
    });

    test('filters by what its address says, and needs at most three requests after the shell', async () => {
      const page = await openAs('viewer');
      const calls = callsOf(page);
      for (const view of ['overview', 'weekdays', 'usage']) {
        calls.length = 0;
        await page.goto(attendance(`${DAYS}&view=${view}`));
        await page.getByRole('table').first().waitFor();
        expect(calls.length).toBeGreaterThan(0);
        expect(calls.length).toBeLessThan(4);
      }
      await page.goto(attendance(`${DAYS}&office=${NODES.hq}&level=${NODES.second}`));
      const [range] = await pages.site.api.analytics.metrics({
        ...RANGE,
        period: 'range',
        locationIds: NODES.second,
      });
      await page.getByText('Different people').waitFor();
      const shown = await cells(page, 'People who came or had planned to come');
      const came = shown.reduce((sum, [, confirmed, walkIn]) => sum + Number(confirmed) + Number(walkIn), 0);
      expect(came).toBe(range?.attendance);
    });

    test('saves what it shows as the API writes it', async () => {
      const page = await openAs('planner');
      await page.goto(attendance(`${DAYS}&period=week`));
      for (const [name, format] of [
        ['As CSV', 'csv'],
        ['As Parquet', 'parquet'],
      ] as const) {
        await page.getByRole('button', { name: 'Download' }).click();
        const saved = page.waitForEvent('download');
        await page.getByRole('menuitem', { name }).click();
        const download = await saved;
        expect(download.suggestedFilename()).toMatch(
          new RegExp(`overview-2026-03-02-2026-03-13\\.${format}$`),
        );
        const file = await pages.site.api.analytics.file('metrics', { ...RANGE, period: 'week' }, format);
        const bytes = Buffer.from(await file.arrayBuffer());
        expect((await readFile(await download.path())).equals(bytes)).toBe(true);
      }
    });

    test('says what is wrong with days, and asks nothing', async () => {
      const page = await openAs('viewer');
      await page.goto(attendance('from=2026-03-13&to=2026-03-02'));
      await page.getByText('This day is before the first one.').waitFor();
      expect(await page.getByRole('table').count()).toBe(0);
    });

    test('works by keyboard alone', async () => {
      const page = await openAs('viewer');
      await page.goto(attendance(`${DAYS}&period=week`));
      await page.getByRole('table').first().waitFor();
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
      await page.keyboard.press('Enter');
      expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('MAIN');
      const chart = page.getByRole('img', { name: /^People who came/ });
      const tabTo = async (isThere: () => Promise<boolean>) => {
        for (let presses = 0; presses < 30 && !(await isThere()); presses++) await page.keyboard.press('Tab');
        expect(await isThere()).toBe(true);
      };
      const asTable = page.getByRole('button', { name: 'As a table' }).first();
      const isFocused = (locator: typeof chart) => () =>
        locator.evaluate((element) => element === document.activeElement);
      await tabTo(isFocused(asTable));
      await tabTo(isFocused(chart));
      await page.keyboard.press('End');
      const [, second] = await pages.site.api.analytics.metrics({ ...RANGE, period: 'week' });
      await page.getByText(`9 Mar · Confirmed ${second?.confirmed} · Walk-in ${second?.walkIn}`).waitFor();
      await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('Enter');
      await page.getByRole('table', { name: /^People who came/ }).waitFor({ state: 'visible' });
      expect(await chart.count()).toBe(0);
      // Each press sets another first day: the field keeps the focus, and the month of 2 March.
      const from = page.getByLabel('From', { exact: true });
      await from.focus();
      for (const month of ['02', '01']) {
        await page.keyboard.press('ArrowDown');
        await page.waitForURL((url) => url.searchParams.get('from') === `2026-${month}-02`);
      }
      expect(await isFocused(from)()).toBe(true);
      await page.goBack();
      await expect.poll(() => from.inputValue()).toBe('2026-02-02');
    });
  });

  describe('axe-core finds nothing, and nothing is wider than the page, in light and dark, wide and on a phone:', () => {
    test('signing in', async () => {
      const page = await open();
      await page.goto('/console/sign-in');
      await heading(page, 'Sign in').waitFor();
      await expectAccessible(page);
      await page.getByRole('button', { name: 'I cannot sign in' }).click();
      await page.getByRole('dialog').waitFor();
      await expectAccessible(page);
    });

    test.each(['overview', 'weekdays', 'usage'])('attendance, %s', async (view) => {
      const page = await openAs('planner');
      await page.goto(attendance(`${DAYS}&view=${view}`));
      await page.getByRole('table').first().waitFor();
      await expectAccessible(page);
      if (view !== 'overview') return;
      await page.getByRole('button', { name: 'As a table' }).first().click();
      await expectAccessible(page);
    });

    test('sessions, and the list of pages on a phone, which moves the focus to the heading', async () => {
      const page = await openAs('planner');
      await page.goto(`/console/${pages.site.organisation}/sessions`);
      await page.getByRole('row').nth(1).waitFor();
      await expectAccessible(page);
      await page.getByRole('button', { name: 'Open the list of pages' }).click();
      await expectAccessible(page, [PHONE]);
      await page.getByRole('link', { name: 'Attendance' }).click();
      await heading(page, 'Attendance').waitFor();
      expect(await heading(page, 'Attendance').evaluate((each) => each === document.activeElement)).toBe(
        true,
      );
    });
  });
});

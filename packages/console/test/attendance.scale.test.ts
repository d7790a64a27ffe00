import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { UsageMetricsRow } from '../../sdk/src/index.ts';
import { NODES } from '../../server/test/support/small-organisation.ts';
import { formatChange, formatPercent, formatTenths, formatWhole } from '../src/frame/format.ts';
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
      await page.getByText('“Before” is 2 Mar 2026 to 6 Mar 2026.').waitFor();
      const before = (value: string, change = '–') =>
        change === '–' ? `before: ${value}` : `before: ${value} (${change})`;
      expect(await cellsOf(page.locator('dl > div'))).toEqual([
        [
          'Different people',
          formatWhole(beside?.people),
          before(formatWhole(beside?.previousPeople), formatChange(beside?.peopleChange)),
        ],
        [
          'Average a day',
          formatTenths(range?.averageAttendance),
          before(
            formatTenths(beside?.previousAverageAttendance),
            formatChange(beside?.averageAttendanceChange),
          ),
        ],
        [
          'Peak day',
          formatWhole(range?.peakAttendance),
          before(formatWhole(beside?.previousPeakAttendance), formatChange(beside?.peakAttendanceChange)),
        ],
        ['Median of weekly peaks', formatTenths(range?.medianWeeklyPeak)],
        ['Capacity today', formatWhole(range?.capacity)],
        [
          'Average utilisation',
          formatPercent(range?.utilisation),
          before(formatPercent(beside?.previousUtilisation)),
        ],
        ['Peak utilisation', formatPercent(range?.peakUtilisation)],
        [
          'No-shows among plans',
          formatPercent(range?.noShowRate),
          before(formatPercent(beside?.previousNoShowRate)),
        ],
        [
          'Walk-ins among those who came',
          formatPercent(range?.walkInRate),
          before(formatPercent(beside?.previousWalkInRate)),
        ],
      ]);
      expect(beside?.previousPeople).toBeGreaterThan(0);
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
      const range = await pages.site.api.analytics.weekdayMetrics({ ...RANGE, period: 'range' });
      const byWeekday = await cells(page, 'Attendance by weekday');
      expect(byWeekday.map(([, ...numbers]) => numbers)).toEqual(
        [1, 2, 3, 4, 5, 6, 7].map((weekday) => {
          const row = range.find((each) => each.weekday === weekday);
          return [row?.peakAttendance, row?.averageAttendance, range[0]?.capacity].map(formatTenths);
        }),
      );
    });

    test.each([
      ['location', 'All offices', 'Office'],
      ['level', 'All levels', 'Level'],
      ['zone', 'All zones', 'Zone'],
      ['group', 'All groups', 'Group'],
    ] as const)('compares by %s, as the API does', async (by, title, unit) => {
      const page = await openAs('viewer');
      await page.goto(attendance(`${DAYS}&view=comparison${by === 'location' ? '' : `&by=${by}`}`));
      await page.getByRole('table').first().waitFor();
      const rows = await pages.site.api.analytics.metrics({ ...RANGE, by, period: 'range' });
      expect(rows.length).toBeGreaterThan(1);
      const expected = rows
        .toSorted((a, b) => b.attendance - a.attendance)
        .map((row) => [
          formatWhole(row.attendance),
          formatTenths(row.averageAttendance),
          formatWhole(row.peakAttendance),
          formatWhole(row.capacity),
          formatPercent(row.utilisation),
          formatPercent(row.noShowRate),
          formatPercent(row.walkInRate),
        ]);
      const shown = await cells(page, title);
      expect(shown.map(([, ...numbers]) => numbers)).toEqual(expected);
      const names = shown.map(([name]) => name);
      expect(new Set(names).size).toBe(names.length);
      const chart = await cells(page, `${unit}s with the most attendance`);
      expect(chart.map(([name]) => name)).toEqual(names);
      await page.getByRole('columnheader', { name: unit, exact: true }).first().waitFor();
    });

    test('shows desks and zones of the API, the most and the least used', async () => {
      const page = await openAs('viewer');
      await page.goto(attendance(`${DAYS}&view=usage&office=${NODES.hq}`));
      await page.getByRole('table').first().waitFor();
      const { by: _by, ...range } = RANGE;
      const query = { ...range, locationIds: NODES.hq };
      const { analytics } = pages.site.api;
      const cellsFor = (row: UsageMetricsRow) => [
        [row.placeName, row.zoneName, row.levelName, row.locationName].filter(Boolean).join(', '),
        formatPercent(row.usedShare),
        formatPercent(row.bookedShare),
        formatWhole(row.unusedBookedDays),
        formatWhole(row.people),
      ];
      for (const [kind, rows] of [
        ['Desks', await analytics.usageMetrics({ ...query, by: 'place' })],
        ['Zones', await analytics.usageMetrics({ ...query, by: 'zone' })],
      ] as const) {
        const expected = rows
          .filter(({ usedShare }) => usedShare !== null)
          .toSorted((a, b) => (b.usedShare ?? 0) - (a.usedShare ?? 0) || b.attendance - a.attendance)
          .map(cellsFor);
        expect(expected.length).toBeGreaterThan(1);
        expect(await cells(page, `${kind} most used`)).toEqual(expected);
        expect(await cells(page, `${kind} least used`)).toEqual(expected.toReversed());
      }
    });

    test('filters by what its address says, and needs at most three requests after the shell', async () => {
      const page = await openAs('viewer');
      const calls = callsOf(page);
      for (const view of ['overview', 'weekdays', 'comparison', 'usage']) {
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

    test('saves what each view shows as the API writes it', async () => {
      const page = await openAs('planner');
      const { analytics } = pages.site.api;
      const { by: _by, ...range } = RANGE;
      type Format = 'csv' | 'parquet';
      const metrics = (format: Format) => analytics.file('metrics', { ...RANGE, period: 'week' }, format);
      const weekdays = (format: Format) =>
        analytics.file('metrics/weekdays', { ...RANGE, period: 'week' }, format);
      const offices = (format: Format) =>
        analytics.file('metrics', { ...RANGE, by: 'location', period: 'range' }, format);
      const usage = (by: 'place' | 'zone') => (format: Format) =>
        analytics.file('metrics/usage', { ...range, by }, format);
      for (const [view, name, file, ask] of [
        ['overview', 'As', '', metrics],
        ['weekdays', 'As', '', weekdays],
        ['comparison', 'As', '', offices],
        ['usage', 'Desks as', '-desks', usage('place')],
        ['usage', 'Zones as', '-zones', usage('zone')],
      ] as const) {
        await page.goto(attendance(`${DAYS}&period=week&view=${view}`));
        for (const [words, format] of [
          ['CSV', 'csv'],
          ['Parquet', 'parquet'],
        ] as const) {
          await page.getByRole('button', { name: 'Download' }).click();
          const saved = page.waitForEvent('download');
          await page.getByRole('menuitem', { name: `${name} ${words}` }).click();
          const download = await saved;
          expect(download.suggestedFilename()).toBe(
            `${pages.site.organisation}-${view}-2026-03-02-2026-03-13${file}.${format}`,
          );
          const bytes = Buffer.from(await (await ask(format)).arrayBuffer());
          expect([view, name, (await readFile(await download.path())).equals(bytes)]).toEqual([
            view,
            name,
            true,
          ]);
        }
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

    test.each(['overview', 'weekdays', 'comparison', 'usage'])('attendance, %s', async (view) => {
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

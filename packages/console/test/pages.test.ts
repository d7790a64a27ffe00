import { readFile } from 'node:fs/promises';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AccountRole } from '../../server/src/store/auth/account-roles.ts';
import { addAccount, browserWithPassword, linkFor } from '../../server/test/support/sessions.ts';
import { NODES } from '../../server/test/support/small-organisation.ts';
import { formatPercent, formatTenths, formatWhole } from '../src/frame/format.ts';
import { accessibilityFindings } from './support/accessibility.ts';
import { hasBrowser, openBrowser } from './support/browser.ts';
import { type Console, startConsole } from './support/console.ts';
import type { WatchedPage } from './support/pages.ts';

const PASSWORD = 'correct horse battery staple';
const RANGE = { startDate: '2026-03-02', endDate: '2026-03-13', by: 'organisation' } as const;
const DAYS = 'from=2026-03-02&to=2026-03-13';

let console_: Console;
let browser: Browser;
let opened: WatchedPage[] = [];

describe.skipIf(!hasBrowser)('in a browser', () => {
  beforeAll(async () => {
    [console_, browser] = await Promise.all([startConsole(), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await console_?.close();
  });
  afterEach(async () => {
    const pages = opened;
    opened = [];
    const faults = pages.flatMap((each) => each.faults);
    await Promise.all(pages.map(({ close }) => close()));
    expect(faults).toEqual([]);
  });

  const open = async (options?: BrowserContextOptions) => {
    const page = await console_.open(browser, options);
    opened.push(page);
    return page.page;
  };
  const openAs = async (role: AccountRole, options?: BrowserContextOptions) => {
    const page = await console_.openAs(browser, role, options);
    opened.push(page);
    return page.page;
  };
  const attendance = (parameters = DAYS) => `/console/${console_.organisation}/attendance?${parameters}`;
  const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name });
  const signIn = async (page: Page, email: string, password: string) => {
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  };
  /** The cells of a table, by row. */
  const cells = (page: Page, name: string) =>
    page
      .getByRole('table', { name })
      .locator('tbody tr')
      .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));

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

    test('is not violated by a select', async () => {
      const page = await openAs('planner');
      await page.goto(attendance());
      await page.getByRole('textbox', { name: 'Office' }).click();
      await page.getByRole('option', { name: 'hq' }).click();
      await page.waitForURL((url) => url.searchParams.get('office') === NODES.hq);
    });

    test('is checked: a violation is found', async () => {
      const page = await console_.open(browser);
      await page.page.goto('/console/sign-in');
      await page.page.evaluate(() => document.body.setAttribute('style', 'color: red'));
      await expect.poll(() => page.faults.join()).toMatch(/style-src/);
      await page.close();
    });
  });

  describe('signing in', () => {
    test('with a password leads back to where one was', async () => {
      const email = 'back@example.com';
      await addAccount(console_.server, console_.tenantId, email, 'planner');
      await browserWithPassword(console_.server, { email, password: PASSWORD });
      const page = await open();
      await page.goto(attendance(`${DAYS}&period=month`));
      await heading(page, 'Sign in').waitFor();
      await signIn(page, email, 'not this password');
      await page.getByRole('alert').getByText('do not belong together').waitFor();
      await signIn(page, email, PASSWORD);
      await heading(page, 'Attendance').waitFor();
      expect(page.url()).toBe(`${console_.origin}${attendance(`${DAYS}&period=month`)}`);
      expect(await page.title()).toBe('Attendance · Rollcall');
    });

    test('by a link removes its token from the address, and the link works once', async () => {
      const email = 'link@example.com';
      await addAccount(console_.server, console_.tenantId, email, 'viewer');
      const address = `/console/sign-in#token=${await linkFor(console_.server, email)}`;
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
      expect(second.url()).toBe(`${console_.origin}/console/sign-in`);
    });

    test('by a link that sets a password asks for it, and says why a password is refused', async () => {
      const email = 'reset@example.com';
      await addAccount(console_.server, console_.tenantId, email, 'viewer');
      const page = await open();
      await page.goto(`/console/sign-in#token=${await linkFor(console_.server, email, 'reset')}`);
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

    test('out leads to the sign-in page, and the back button shows no data', async () => {
      const page = await openAs('planner');
      await page.goto(attendance());
      await page.getByText('Different people').waitFor();
      await page.getByText('Weekdays').click();
      await page.getByRole('table', { name: 'Attendance by weekday' }).waitFor();
      await page.getByRole('button', { name: /^Account/ }).click();
      await page.getByRole('menuitem', { name: 'Sign out' }).click();
      await heading(page, 'Sign in').waitFor();
      await page.goBack();
      await heading(page, 'Sign in').waitFor();
      expect(await page.getByText('Different people').count()).toBe(0);
    });
  });

  test('a person of two organisations changes between them, and signs out of all tabs at once', async () => {
    const other = await console_.server.organisation({ slug: 'other' });
    const email = 'planner@example.com';
    await addAccount(console_.server, other, email, 'viewer');
    const page = await openAs('planner');
    await page.goto(attendance());
    await page.getByText('Different people').waitFor();
    await page.getByRole('button', { name: `Organisation: ${console_.organisation}` }).click();
    await page.getByRole('menuitem', { name: 'other' }).click();
    await page.getByText('There is no office yet').waitFor();
    expect(new URL(page.url()).pathname).toBe('/console/other/today');
    const tab = await page.context().newPage();
    await tab.goto(attendance());
    await tab.getByText('Different people').waitFor();
    await page.getByRole('button', { name: `Account: ${email}` }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await heading(page, 'Sign in').waitFor();
    await heading(tab, 'Sign in').waitFor();
    expect(await tab.getByText('Different people').count()).toBe(0);
  });

  describe('a session', () => {
    test('that is ended on the page of sessions is over at once', async () => {
      const [page, other] = [await openAs('viewer'), await openAs('viewer')];
      await page.goto(`/console/${console_.organisation}/sessions`);
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

  test('a server that cannot answer is named, and trying again goes on', async () => {
    const page = await openAs('viewer');
    console_.lifecycle.migrated = false;
    await page.goto(attendance());
    await page.getByRole('alert').getByText('The server cannot answer now').waitFor();
    console_.lifecycle.migrated = true;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('Different people').waitFor();
  });

  describe('the page of attendance', () => {
    test.each(['day', 'week', 'month'] as const)('shows the numbers of the API, by %s', async (period) => {
      const page = await openAs('viewer');
      await page.goto(attendance(`${DAYS}&period=${period}`));
      const rows = await console_.api.analytics.metrics({ ...RANGE, period });
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
      const [range] = await console_.api.analytics.metrics(days);
      const [beside] = await console_.api.analytics.comparisonMetrics(days);
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
      const weeks = await console_.api.analytics.weekdayMetrics({ ...RANGE, period: 'week' });
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
      const desks = await console_.api.analytics.usageMetrics({ ...range, locationIds: NODES.hq });
      const shares = desks
        .toSorted((a, b) => (b.usedShare ?? 0) - (a.usedShare ?? 0))
        .map(({ usedShare }) => formatPercent(usedShare));
      const shown = await cells(page, 'Desks most used');
      expect(shown.map(([, share]) => share)).toEqual(shares);
      expect(shares.length).toBeGreaterThan(2);
    });

    test('filters by what its address says, and needs at most three requests after the shell', async () => {
      const page = await openAs('viewer');
      for (const view of ['overview', 'weekdays', 'usage']) {
        const asked: string[] = [];
        const note = (request: { url(): string }) => {
          const { pathname } = new URL(request.url());
          if (pathname.startsWith('/v1/') && pathname !== '/v1/session') asked.push(pathname);
        };
        page.on('request', note);
        await page.goto(attendance(`${DAYS}&view=${view}`));
        await page.getByRole('table').first().waitFor();
        page.off('request', note);
        expect(asked.length).toBeGreaterThan(0);
        expect(asked.length).toBeLessThan(4);
      }
      await page.goto(attendance(`${DAYS}&office=${NODES.hq}&level=${NODES.second}`));
      const [range] = await console_.api.analytics.metrics({
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
        const file = await console_.api.analytics.file('metrics', { ...RANGE, period: 'week' }, format);
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
      const [, second] = await console_.api.analytics.metrics({ ...RANGE, period: 'week' });
      await page.getByText(`9 Mar · Confirmed ${second?.confirmed} · Walk-in ${second?.walkIn}`).waitFor();
      await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('Enter');
      await page.getByRole('table', { name: /^People who came/ }).waitFor({ state: 'visible' });
      expect(await chart.count()).toBe(0);
    });
  });

  describe('axe-core finds nothing, and nothing is wider than the page, in light and dark, wide and on a phone:', () => {
    const PHONE = 375;
    const looks = (['light', 'dark'] as const).flatMap((colorScheme) =>
      [1280, PHONE].map((width) => ({ colorScheme, width })),
    );

    /** Checks a page as it is in each look. `widths` leaves looks out. */
    const check = async (page: Page, widths: (width: number) => boolean = () => true) => {
      for (const { colorScheme, width } of looks.filter((look) => widths(look.width))) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.setViewportSize({ width, height: 800 });
        await page.locator(`html[data-mantine-color-scheme=${colorScheme}]`).waitFor();
        // The charts follow the width of the page a moment later.
        const overflow = () =>
          page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        await expect.poll(overflow).toBe(0);
        expect([colorScheme, width, await accessibilityFindings(page)]).toEqual([colorScheme, width, []]);
      }
    };

    test('signing in', async () => {
      const page = await open();
      await page.goto('/console/sign-in');
      await heading(page, 'Sign in').waitFor();
      await check(page);
      await page.getByRole('button', { name: 'I cannot sign in' }).click();
      await page.getByRole('dialog').waitFor();
      await check(page);
    });

    test('today', async () => {
      const page = await openAs('planner');
      await page.goto(`/console/${console_.organisation}/today`);
      await page.getByRole('button', { name: 'hq' }).waitFor();
      await check(page);
      await page.getByRole('button', { name: 'hq' }).click();
      await page.getByRole('button', { name: 'All offices' }).waitFor();
      await page.getByRole('button', { name: 'As a table' }).click();
      await check(page);
    });

    test.each(['overview', 'weekdays', 'usage'])('attendance, %s', async (view) => {
      const page = await openAs('planner');
      await page.goto(attendance(`${DAYS}&view=${view}`));
      await page.getByRole('table').first().waitFor();
      await check(page);
      if (view !== 'overview') return;
      await page.getByRole('button', { name: 'As a table' }).first().click();
      await check(page);
    });

    test('sessions, and the list of pages on a phone, which moves the focus to the heading', async () => {
      const page = await openAs('planner');
      await page.goto(`/console/${console_.organisation}/sessions`);
      await page.getByRole('row').nth(1).waitFor();
      await check(page);
      await page.getByRole('button', { name: 'Open the list of pages' }).click();
      await check(page, (width) => width === PHONE);
      await page.getByRole('link', { name: 'Attendance' }).click();
      await heading(page, 'Attendance').waitFor();
      expect(await heading(page, 'Attendance').evaluate((each) => each === document.activeElement)).toBe(
        true,
      );
    });
  });
});

import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Rollcall } from '../../sdk/src/index.ts';
import { createLogger } from '../../server/src/http/logging.ts';
import { erasePeople } from '../../server/src/privacy/erase-people.ts';
import { NODES, PEOPLE } from '../../server/test/support/small-organisation.ts';
import { filesOf } from '../../server/test/support/zip-files.ts';
import { expectAccessible, PHONE } from './support/accessibility.ts';
import { hasBrowser } from './support/browser.ts';
import { heading, usePages } from './support/console.ts';
import { counts, upload } from './support/csv-import.ts';
import { callsOf, cellsOf } from './support/pages.ts';

/** Today is Friday 13 March 2026. */
const [NEXT_MONDAY, NEXT_TUESDAY] = ['2026-03-16', '2026-03-17'] as const;
const MANY = 330;

describe.skipIf(!hasBrowser)('the page People', () => {
  const pages = usePages();
  let api: Rollcall;
  const people = (rest = '') => `/console/${pages.site.organisation}/people${rest}`;
  beforeAll(async () => {
    const { server, tenantId } = pages.site;
    api = pages.site.api;
    await server.db.owner.inTenant(tenantId, async (tx) => {
      await tx.query(
        `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, email, email_folded)
         SELECT $1, gen_random_uuid(), name, name, name || '@many.example', name || '@many.example'
         FROM (SELECT 'many' || n AS name FROM generate_series(1, $2) AS n) AS names`,
        [tenantId, MANY],
      );
    });
    await api.accessCredentials.submit([
      {
        username: 'cy@example.com',
        updateId: '1',
        credentials: [{ active: true, cardNumber: '4711', scanData: [], credentialType: 'badge' }],
      },
    ]);
    await api.manage.days.set(PEOPLE.eve, '2026-03-18', { plan: 'r' });
  });
  const found = (page: Page) => page.getByRole('list', { name: 'People found' });
  const idsIn = (page: Page) =>
    found(page)
      .getByRole('link')
      .evaluateAll((links) => links.map((link) => link.getAttribute('href')?.split('/').at(-1)));
  const week = (page: Page) => page.getByRole('table', { name: 'Week' });
  const rowOf = (page: Page, day: string) => week(page).locator(`tr[data-day="${day}"]`);
  const openWeek = async (page: Page, userId: string, monday: string) => {
    await page.goto(people(`/${userId}?week=${monday}`));
    await week(page).waitFor();
  };
  const daysOf = async (userId: string, startDate: string, endDate = startDate) =>
    await api.manage.days.list(userId, { startDate, endDate });

  test('a file of people is previewed and stored, and its people are found; planners import week plans only', async () => {
    const page = await pages.openAs('administrator');
    await page.goto(people());
    await page.getByRole('button', { name: 'Import' }).click();
    await page.waitForURL('**/people?import=users');
    await upload(page, ['userName,email', 'zoe@example.com,zoe@example.com', ',yan@example.com']);
    expect(await counts(page, 'preview')).toEqual(['1', '0', '0', '1']);
    expect((await api.manage.users.page({ search: 'zoe@' })).items).toEqual([]);
    await page.getByRole('button', { name: 'Store 1 row' }).click();
    expect(await counts(page, 'stored')).toEqual(['1', '0', '0', '1']);
    await page.getByRole('button', { name: 'Back to the people' }).click();
    await page.getByRole('searchbox', { name: 'Find a person' }).fill('zoe@');
    await found(page).getByText('zoe@example.com').first().waitFor();

    const planner = await pages.openAs('planner');
    await planner.goto(people('?import=users'));
    await found(planner).waitFor();
    await planner.getByRole('button', { name: 'Import' }).click();
    await planner.waitForURL('**/people?import=week-plans');
  });

  test('finds by part of a name, or by a card, and opens the person by keyboard alone', async () => {
    const page = await pages.openAs('planner');
    const calls = callsOf(page);
    await page.goto(people());
    await found(page).waitFor();
    expect(calls.length).toBeLessThan(4);
    const search = page.getByRole('searchbox', { name: 'Find a person' });
    await search.focus();
    await page.keyboard.type('EXAMPLE.com nn');
    await page.waitForURL((url) => url.searchParams.get('search') === 'EXAMPLE.com nn');
    const { items } = await api.manage.users.page({ search: 'EXAMPLE.com nn' });
    await expect.poll(() => idsIn(page)).toEqual(items.map(({ userId }) => userId));
    expect(items.map(({ userId }) => userId)).toEqual([PEOPLE.ann]);
    await found(page).getByText('ann@example.com · data · hq · active').waitFor();

    await search.fill('4711');
    await page.getByRole('list', { name: 'With this card' }).getByRole('link', { name: /^cy/ }).waitFor();
    await page.getByText('Nobody found').waitFor();
    await search.fill('one two three four five six');
    await page.getByText('at most five words').waitFor();

    await search.fill('ann@');
    await expect.poll(() => idsIn(page)).toEqual([PEOPLE.ann]);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await heading(page, 'ann').waitFor();
    expect(await heading(page, 'ann').evaluate((each) => each === document.activeElement)).toBe(true);
    await page.goBack();
    await expect.poll(() => idsIn(page)).toEqual([PEOPLE.ann]);
    // The field shows what the address says, also when the address changes by itself.
    await page.getByRole('link', { name: 'People', exact: true }).click();
    await expect.poll(() => search.inputValue()).toBe('');
    await page.keyboard.press('Control+K');
    await page.getByRole('textbox', { name: /^Name of a page/ }).fill('ben');
    await page.getByRole('option', { name: 'ben ben@example.com' }).waitFor();
    await page.keyboard.press('Enter');
    await heading(page, 'ben').waitFor();
  });

  test('loads more people as one scrolls, and keeps few of them in the document', async () => {
    const page = await pages.openAs('administrator');
    await page.goto(people());
    await found(page).waitFor();
    const ids = (await api.manage.users.list()).map(({ userId }) => userId);
    await expect
      .poll(async () => {
        await found(page).evaluate((list) => list.scrollTo(0, list.scrollHeight));
        return (await idsIn(page)).at(-1);
      })
      .toBe(ids.at(-1));
    expect(ids.length).toBeGreaterThan(MANY);
    expect((await idsIn(page)).length).toBeLessThan(50);
  });

  test('shows the days of the API: plan, booking, presence and attendance', async () => {
    const page = await pages.openAs('planner');
    const calls = callsOf(page);
    await openWeek(page, PEOPLE.ann, '2026-03-02');
    expect(calls.length).toBeLessThan(4);
    const shown = (await cellsOf(week(page).locator('tbody tr'))).map((cells) => cells.slice(1, 5));
    const planned = 'Office (hq)from the week plan';
    const seated = 'Desk desk1, windowchosen by the engine';
    const nothing = ['No plan', '–', '–', '–'];
    expect(shown).toEqual([
      [planned, seated, '09:00, Europe/Londondoor', 'Confirmed'],
      [planned, seated, '–', 'Unconfirmed'],
      [planned, 'The office, without a seatchosen by the engine', '09:00, Europe/Londondoor', 'Confirmed'],
      ...Array(4).fill(nothing),
    ]);
    const types = await api.manage.users.attendance(PEOPLE.ann, {
      startDate: '2026-03-02',
      endDate: '2026-03-08',
    });
    expect(types.map(({ attendance }) => attendance[0]?.attendanceType)).toEqual([
      'confirmed',
      'unconfirmed',
      'confirmed',
      ...Array(4).fill(undefined),
    ]);
    await page.getByText('The days of this week are past').waitFor();
    await page.getByRole('button', { name: 'Week after' }).click();
    await page.waitForURL((url) => url.searchParams.get('week') === '2026-03-09');
    await rowOf(page, '2026-03-13').getByText('09:00, Europe/London').waitFor();
    // Each press sets another day: the field keeps the focus and the day. 9 February is a Monday, 9 January a Friday.
    const day = page.getByLabel('Week of');
    await day.focus();
    for (const monday of ['2026-02-09', '2026-01-05']) {
      await page.keyboard.press('ArrowDown');
      await page.waitForURL((url) => url.searchParams.get('week') === monday);
    }
    expect(await day.inputValue()).toBe('2026-01-09');
    await day.blur();
    expect(await day.inputValue()).toBe('2026-01-05');
  });

  test('books days, tells of it in the action log, and takes it back', async () => {
    const page = await pages.openAs('planner');
    await openWeek(page, PEOPLE.ben, NEXT_MONDAY);
    for (const name of [/Select Mon,? 16 Mar/, /Select Tue,? 17 Mar/]) {
      await page.getByRole('checkbox', { name }).focus();
      await page.keyboard.press('Space');
    }
    await page.getByText('2 days selected').waitFor();
    await page.getByRole('combobox', { name: 'Plan' }).selectOption('Office');
    await page.getByRole('textbox', { name: 'Desk or zone' }).click();
    await page.getByRole('option', { name: 'Desk desk2, window, first' }).click();
    await page.getByRole('textbox', { name: 'Reason' }).fill('Workshop');
    await page.getByRole('button', { name: 'Show what would happen' }).click();
    const preview = page.getByRole('table', { name: 'What would happen' });
    await preview
      .getByRole('row', { name: /16 Mar/ })
      .getByText('Office (hq): Desk desk2, window')
      .waitFor();
    expect((await daysOf(PEOPLE.ben, NEXT_MONDAY))[0]?.plan).toBeNull();

    // Somebody takes the desk of the second day meanwhile.
    await api.manage.days.set(PEOPLE.cy, NEXT_TUESDAY, {
      plan: 'o',
      locationId: NODES.hq,
      booking: { nodeId: NODES.desk2 },
    });
    await page.getByRole('button', { name: 'Change 2 days' }).click();
    await page.getByText('1 day was changed.').waitFor();
    await page.getByText('Desk desk2 is booked by another user on 2026-03-17.').waitFor();
    await rowOf(page, NEXT_MONDAY).getByText('Desk desk2, window').waitFor();
    expect(await daysOf(PEOPLE.ben, NEXT_MONDAY, NEXT_TUESDAY)).toMatchObject([
      { plan: 'o', booking: { nodeId: NODES.desk2 } },
      { plan: null },
    ]);

    await page.getByRole('link', { name: /Why\? .*16 Mar/ }).click();
    await page.waitForURL((url) => url.searchParams.get('day') === NEXT_MONDAY);
    const by = 'for Mon,? 16 Mar by planner@example.com, with the reason “Workshop”\\.';
    await page.getByText(new RegExp(`Planned office \\(hq\\) ${by}`)).waitFor();
    await page.getByText(new RegExp(`Booked desk desk2 \\(hq\\) ${by}`)).waitFor();
    await page.goBack();
    await week(page).waitFor();

    await page.getByRole('checkbox', { name: /Select Mon,? 16 Mar/ }).check();
    await page.getByRole('combobox', { name: 'Plan' }).selectOption('Remote');
    await page.getByRole('button', { name: 'Show what would happen' }).click();
    await page.getByRole('button', { name: 'Change 1 day' }).click();
    await rowOf(page, NEXT_MONDAY).getByText('Remote').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page
      .getByRole('table', { name: 'What undoing would do' })
      .getByText('Office (hq): Desk desk2, window')
      .waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await rowOf(page, NEXT_MONDAY).getByText('Desk desk2, window').waitFor();
    expect(await daysOf(PEOPLE.ben, NEXT_MONDAY)).toMatchObject([{ booking: { nodeId: NODES.desk2 } }]);
  });

  test('of two people who change one day, the second is told, and keeps the choices', async () => {
    const page = await pages.openAs('planner');
    await openWeek(page, PEOPLE.dee, NEXT_MONDAY);
    await page.getByRole('checkbox', { name: /Select Mon,? 16 Mar/ }).check();
    await page.getByRole('combobox', { name: 'Plan' }).selectOption('Away');
    await page.getByRole('textbox', { name: 'Reason' }).fill('Training');
    await api.manage.days.set(PEOPLE.dee, NEXT_MONDAY, { plan: 'r' });
    await page.getByRole('button', { name: 'Show what would happen' }).click();
    await page.getByText('Somebody changed a day meanwhile').waitFor();
    await page.getByRole('button', { name: 'Load the week again' }).click();
    await rowOf(page, NEXT_MONDAY).getByText('Remote').waitFor();
    expect(await page.getByRole('textbox', { name: 'Reason' }).inputValue()).toBe('Training');
    await page.getByRole('button', { name: 'Show what would happen' }).click();
    await page.getByRole('button', { name: 'Change 1 day' }).click();
    await rowOf(page, NEXT_MONDAY).getByText('Away').waitFor();
  });

  test('shows the groups, assigned desks and cards of the API', async () => {
    await api.manage.deskAssignments.set(NODES.desk3, { userId: PEOPLE.cy });
    const { groups, assignedDesks, cards } = await api.manage.users.profile(PEOPLE.cy);
    const page = await pages.openAs('planner');
    await page.goto(people(`/${PEOPLE.cy}?tab=about`));
    const part = (name: string) => page.getByRole('region', { name, exact: true });
    await part('Groups').waitFor();
    expect(await part('Groups').getByRole('listitem').allTextContents()).toEqual(
      groups.map(
        ({ groupName, groupType, primary }) => `${groupName}${groupType}${primary ? 'primary' : ''}`,
      ),
    );
    expect(await part('Assigned desks').getByRole('listitem').allTextContents()).toEqual(
      assignedDesks.map(
        ({ deskName, zoneName, levelName, locationName }) =>
          `Desk ${deskName}, ${zoneName}, ${levelName}, ${locationName}`,
      ),
    );
    expect(await cellsOf(part('Cards').locator('tbody tr'))).toEqual(
      cards.map(({ cardNumber, facilityCode, credentialType, active }) => [
        cardNumber,
        facilityCode || '–',
        credentialType,
        active ? 'active' : 'inactive',
      ]),
    );
    expect([groups.length, assignedDesks.length, cards.length]).toEqual([1, 1, 1]);
    await api.manage.deskAssignments.clear(NODES.desk3);
  });

  test('an administrator downloads everything that is held about a person there', async () => {
    const page = await pages.openAs('administrator');
    await page.goto(people(`/${PEOPLE.cy}?tab=about`));
    const held = page.getByRole('region', { name: 'Held data' });
    const saved = page.waitForEvent('download');
    // A link: the browser writes the file to the disk, and the page never holds it.
    await held.getByRole('link', { name: 'Download everything that is held' }).click();
    const download = await saved;
    expect(download.suggestedFilename()).toBe(`person-${PEOPLE.cy}.zip`);
    const files = filesOf(await readFile(await download.path()));
    expect(JSON.parse(files['user.json'] ?? '')).toMatchObject([{ userId: PEOPLE.cy, userName: 'cy' }]);
    expect(JSON.parse(files['access-cards.json'] ?? '')).toMatchObject([{ cardNumber: '4711' }]);
    await expectAccessible(page, [PHONE]);
  });

  test('the dialog of an erasure that is under way says since when and how far it is, until it is finished', async () => {
    const { server } = pages.site;
    await api.manage.users.submit([{ userName: 'leaving' }]);
    const [leaver] = await api.manage.users.list({ userName: 'leaving' });
    const userId = String(leaver?.userId);
    const page = await pages.openAs('administrator');
    await page.goto(people(`/${userId}?tab=about`));
    const region = page.getByRole('region', { name: 'Erasure' });
    await region.waitFor();
    await api.manage.users.erase(userId);
    await region.getByRole('button', { name: 'Erase this person…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Erase leaving?' });
    const status = dialog.getByRole('status');
    await status
      .getByText(/^The server has been erasing this person since .* Erased so far: 0 rows\.$/)
      .waitFor();
    expect(await dialog.getByRole('table').count()).toBe(0);
    expect(await dialog.getByRole('textbox').count()).toBe(0);
    await expectAccessible(page);
    await erasePeople({
      database: server.db.owner,
      clock: server.clock.read,
      log: createLogger('silent'),
      signal: new AbortController().signal,
    });
    await status.getByText(/^This person was erased on /).waitFor();
    await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
    await dialog.waitFor({ state: 'detached' });
  });

  test('an administrator erases a person there, after the counts, with the user name typed', async () => {
    await api.manage.users.submit([{ userName: 'leaver' }]);
    const [leaver] = await api.manage.users.list({ userName: 'leaver' });
    const userId = String(leaver?.userId);
    const page = await pages.openAs('administrator');
    await page.goto(people(`/${userId}?tab=about`));
    const region = page.getByRole('region', { name: 'Erasure' });
    await region.getByRole('button', { name: 'Erase this person…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Erase leaver?' });
    await dialog.locator('tbody tr').first().waitFor();
    // The audit trail has the look at the person, too.
    expect((await cellsOf(dialog.locator('tbody tr')))[0]).toEqual([
      ...['the user: names, e-mail address, status, office, attributes', '1', 'deleted'],
    ]);
    const erase = dialog.getByRole('button', { name: 'Erase', exact: true });
    const name = dialog.getByLabel('Type the user name leaver to confirm');
    await name.fill('leave');
    expect(await erase.isDisabled()).toBe(true);
    await name.fill('leaver');
    await expectAccessible(page, [PHONE]);
    await erase.click();
    await region.getByText('The server erases this person now.').waitFor();
    expect(await api.manage.users.get(userId)).toMatchObject({ status: 'inactive' });
  });

  test('leave is added and removed there, and the days follow', async () => {
    const page = await pages.openAs('planner');
    await page.goto(people(`/${PEOPLE.eve}?tab=about`));
    const leave = page.getByRole('region', { name: 'Leave' });
    await leave.getByLabel('First day').fill('2026-03-19');
    await leave.getByLabel('Last day').fill('2026-03-18');
    await leave.getByLabel('Type of leave').selectOption('Holiday');
    // The browser refuses the last day; as another browser sends it, the server does.
    await leave.locator('form').evaluate((form) => form.setAttribute('novalidate', ''));
    await leave.getByRole('button', { name: 'Add leave' }).click();
    await leave.getByRole('alert').getByText('is before startDate').waitFor();
    expect(await leave.getByLabel('First day').inputValue()).toBe('2026-03-19');
    await leave.getByLabel('Last day').fill('2026-03-20');
    await leave.getByRole('button', { name: 'Add leave' }).click();
    await leave.getByText('The leave is added.').waitFor();
    const rows = leave.locator('tbody tr');
    expect((await cellsOf(rows)).map((cells) => cells.slice(0, 3))).toEqual([
      ['19 Mar 2026', '20 Mar 2026', 'Holiday'],
    ]);
    const planned = async () =>
      (await daysOf(PEOPLE.eve, '2026-03-19', '2026-03-20')).map(({ plan, setBy }) => [plan, setBy]);
    expect(await planned()).toEqual([
      ['a', 'leave'],
      ['a', 'leave'],
    ]);
    await expectAccessible(page, [PHONE]);
    await leave.getByRole('button', { name: /^Remove the leave from 19 Mar/ }).click();
    await page.getByRole('dialog').getByText('do not come back').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await rows.waitFor({ state: 'detached' });
    expect(await planned()).toEqual([
      [null, null],
      [null, null],
    ]);
  });

  test('the selected days are in the address, so a reload and a colleague see them', async () => {
    const page = await pages.openAs('planner');
    await openWeek(page, PEOPLE.dee, NEXT_MONDAY);
    const box = (where: Page, name: RegExp) => where.getByRole('checkbox', { name });
    await box(page, /Select Tue,? 17 Mar/).check();
    await box(page, /Select Mon,? 16 Mar/).check();
    await page.waitForURL((url) => url.searchParams.get('days') === `${NEXT_MONDAY},${NEXT_TUESDAY}`);
    await page.reload();
    await page.getByText('2 days selected').waitFor();
    const colleague = await pages.openAs('administrator');
    await colleague.goto(page.url());
    await colleague.getByText('2 days selected').waitFor();
    expect(await box(colleague, /Select Mon,? 16 Mar/).isChecked()).toBe(true);
    await box(page, /Select Mon,? 16 Mar/).uncheck();
    await page.waitForURL((url) => url.searchParams.get('days') === NEXT_TUESDAY);
    await page.getByRole('button', { name: 'Week after' }).click();
    await page.waitForURL((url) => !url.searchParams.has('days'));
    // Days that are over, of another week, or no days are not selected.
    await page.goto(people(`/${PEOPLE.dee}?week=2026-03-09&days=2026-03-09,2026-03-13,${NEXT_MONDAY},x`));
    await page.getByText('1 day selected').waitFor();
  });

  test('of two people who change one week plan, the second is told, and keeps the choices', async () => {
    const page = await pages.openAs('planner');
    await page.goto(people(`/${PEOPLE.dee}?tab=about`));
    const weekday = (day: string) => page.getByRole('textbox', { name: day });
    const choose = async (day: string, plan: string) => {
      await weekday(day).click();
      await page.getByRole('option', { name: plan, exact: true }).click();
    };
    await choose('Monday', 'Remote');
    await api.manage.weekPlans.set(PEOPLE.dee, { weekPlan: { friday: { plan: 'a' } } });
    const save = page.getByRole('button', { name: 'Save the week plan' });
    await save.click();
    await page.getByText('Somebody changed the week plan meanwhile').waitFor();
    await page.getByText('now: Away').waitFor();
    expect(await weekday('Monday').inputValue()).toBe('Remote');
    await choose('Friday', 'Away');
    await save.click();
    await page.getByText('The week plan is saved.').waitFor();
    expect(await api.manage.weekPlans.get(PEOPLE.dee)).toMatchObject({
      weekPlan: { monday: { plan: 'r' }, friday: { plan: 'a' } },
    });
  });

  test('is not there for other roles, and names an address that names nobody', async () => {
    const [viewer, planner] = [await pages.openAs('viewer'), await pages.openAs('planner')];
    await viewer.goto(people(`/${PEOPLE.ann}`));
    await viewer.getByRole('alert').getByText('Your role does not allow this').waitFor();
    expect(await viewer.getByRole('link', { name: 'People', exact: true }).count()).toBe(0);
    await planner.goto(people('/00000000-0000-4000-8000-000000000000'));
    await planner.getByText('There is no such person').waitFor();
    await planner.getByRole('link', { name: 'All people' }).click();
    await found(planner).waitFor();
  });

  test('is accessible: the list, a week, a preview, the action log and the details', async () => {
    const page = await pages.openAs('planner');
    await page.goto(people());
    await found(page).waitFor();
    await expectAccessible(page);
    await openWeek(page, PEOPLE.cy, '2026-03-09');
    await page.getByRole('checkbox', { name: /Select Fri,? 13 Mar/ }).check();
    await page.getByRole('combobox', { name: 'Plan' }).selectOption('Remote');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Show what would happen' }).click();
    await page.getByRole('table', { name: 'What would happen' }).waitFor();
    await expectAccessible(page, [PHONE]);
    await page.goto(people(`/${PEOPLE.eve}?tab=log`));
    await page.getByRole('list', { name: 'Action log' }).waitFor();
    await expectAccessible(page, [PHONE]);
    await page.goto(people(`/${PEOPLE.cy}?tab=about`));
    await page.getByRole('heading', { name: 'Cards' }).waitFor();
    await expectAccessible(page, [PHONE]);
  });
});

import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { NODES, PEOPLE } from '../../server/test/support/small-organisation.ts';
import { expectAccessible } from './support/accessibility.ts';
import { hasBrowser } from './support/browser.ts';
import { DAYS, usePages } from './support/console.ts';
import { callsOf } from './support/pages.ts';

const MANY_GROUPS = 5_000;
const MANY_OFFICES = 1_200;
/** So many groups have somebody who came. */
const ATTENDED = 300;
/** The most choices that a list loads at once. */
const MOST_CHOICES = 100;

describe.skipIf(!hasBrowser)('choices of thousands', () => {
  const pages = usePages();
  beforeAll(async () => {
    const { server, tenantId, api } = pages.site;
    await server.db.owner.inTenant(tenantId, async (tx) => {
      await tx.query(
        `INSERT INTO groups (tenant_id, group_id, group_type, name)
         SELECT $1, gen_random_uuid(), 'team', 'Team ' || n FROM generate_series(1, $2) AS n`,
        [tenantId, MANY_GROUPS],
      );
      await tx.query(
        `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, primary_group_id)
         SELECT $1, gen_random_uuid(), 'many' || n, 'many' || n, g.group_id
         FROM generate_series(1, $2) AS n JOIN groups g ON g.tenant_id = $1 AND g.name = 'Team ' || n`,
        [tenantId, ATTENDED],
      );
    });
    await api.manage.locations.submit(
      Array.from({ length: MANY_OFFICES }, (_, index) => ({
        locationName: `Branch ${index + 1}`,
        timeZone: 'Europe/London',
      })),
    );
    const { refused } = await api.presence.submit(
      'doors',
      Array.from({ length: ATTENDED }, (_, index) => ({
        eventId: String(index),
        timestamp: '2026-03-10T09:00:00Z',
        userEmail: `many${index + 1}`,
        locationId: NODES.hq,
        locationType: 'location' as const,
      })),
    );
    expect(refused).toEqual([]);
  });
  const field = (page: Page, name: string) => page.getByRole('textbox', { name, exact: true });
  const option = (page: Page, name: string) => page.getByRole('option', { name, exact: true });
  const person = (parameters: string) => `/console/${pages.site.organisation}/people/${parameters}`;
  const groupNamed = async (search: string) =>
    (await pages.site.api.manage.groups.page({ search, limit: 1 })).items[0]?.groupId;
  /** The most rows that each request for a path asks for, from now on. An answer can be gone before a test reads it. */
  const limitsOf = (page: Page, path: string): number[] => {
    const limits: number[] = [];
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.pathname === path)
        limits.push(Number(url.searchParams.get('limit') ?? Number.POSITIVE_INFINITY));
    });
    return limits;
  };

  test('a group of thousands is found by a part of its name', async () => {
    const page = await pages.openAs('planner');
    await page.goto(pages.attendance(DAYS));
    const limits = limitsOf(page, '/v1/manage/groups');
    for (const [search, name] of [
      ['eam 471', 'Team 4712'],
      ['team 9', 'Team 9'],
      ['TEAM 1', 'Team 1'],
    ] as const) {
      await field(page, 'Group').fill(search);
      await option(page, name).click();
      const id = await groupNamed(name);
      await page.waitForURL((url) => url.searchParams.get('group') === id);
      await expect.poll(() => field(page, 'Group').inputValue()).toBe(name);
    }
    await field(page, 'Group').fill('no such team');
    await page.getByRole('listbox', { name: 'Group' }).getByText('None has this name').waitFor();
    await page.keyboard.press('Escape');
    await expectAccessible(page);
    expect(Math.max(...limits)).toBe(MOST_CHOICES);
  });

  test('the list of groups goes on as one scrolls, and takes them all away again', async () => {
    const page = await pages.openAs('planner');
    await page.goto(pages.attendance(`${DAYS}&group=${await groupNamed('Team 2')}`));
    await expect.poll(() => field(page, 'Group').inputValue()).toBe('Team 2');
    await field(page, 'Group').click();
    await option(page, 'data').waitFor();
    expect(await page.getByRole('option').count()).toBe(1 + MOST_CHOICES);
    await page.getByRole('option').last().scrollIntoViewIfNeeded();
    await expect.poll(() => page.getByRole('option').count()).toBe(1 + 2 * MOST_CHOICES);
    await page.keyboard.press('Escape');
    await field(page, 'Group').click();
    await option(page, 'data').waitFor();
    // The present choice comes first. To choose it again clears it.
    const chosen = page.getByRole('option', { selected: true });
    expect(await chosen.allTextContents()).toEqual(['Team 2']);
    await chosen.click();
    await page.waitForURL((url) => !url.searchParams.has('group'));
    expect(await field(page, 'Group').inputValue()).toBe('');
  });

  test('names of the address are shown without a list, and an unknown id can be removed', async () => {
    const page = await pages.openAs('planner');
    const calls = callsOf(page);
    await page.goto(pages.attendance(`${DAYS}&group=${await groupNamed('Team 4999')}&office=${NODES.hq}`));
    await expect.poll(() => field(page, 'Group').inputValue()).toBe('Team 4999');
    await expect.poll(() => field(page, 'Office').inputValue()).toBe('hq');
    expect(calls.filter((call) => /groups\?|nodes\?|locations\?/.test(call))).toEqual([]);
    await page.goto(pages.attendance(`${DAYS}&group=${PEOPLE.ann}`));
    await expect.poll(() => field(page, 'Group').inputValue()).toBe(PEOPLE.ann);
    await page.getByLabel('All groups').click();
    await page.waitForURL((url) => !url.searchParams.has('group'));
  });

  test('an office of thousands is found in a filter, in the command bar, for a day and for a week plan', async () => {
    const page = await pages.openAs('administrator');
    const limits = limitsOf(page, '/v1/manage/nodes');
    const lists = limitsOf(page, '/v1/manage/locations');
    await page.goto(pages.attendance(DAYS));
    await field(page, 'Office').fill('anch 1199');
    await option(page, 'Branch 1199').click();
    await page.waitForURL((url) => url.searchParams.has('office'));

    await page.keyboard.press('Control+K');
    await page.getByRole('dialog').getByRole('textbox').fill('branch 777');
    await page.getByRole('option', { name: 'Branch 777' }).first().click();
    await page.waitForURL((url) => url.pathname.endsWith('/today') && url.searchParams.has('office'));

    await page.goto(person(`${PEOPLE.ben}?week=2026-03-16&days=2026-03-18`));
    await page.getByRole('combobox', { name: 'Plan' }).selectOption('Office');
    await field(page, 'Office').fill('branch 888');
    await option(page, 'Branch 888').click();
    await page.getByRole('button', { name: 'Show what would happen' }).click();
    await page.getByRole('table', { name: 'What would happen' }).getByText('Office (Branch 888)').waitFor();

    await page.goto(person(`${PEOPLE.ben}?tab=about`));
    await field(page, 'Tuesday').fill('branch 999');
    await option(page, 'Office (Branch 999)').click();
    await page.getByRole('button', { name: 'Save the week plan' }).click();
    await page.getByText('The week plan is saved.').waitFor();
    const { weekPlan } = await pages.site.api.manage.weekPlans.get(PEOPLE.ben);
    const { items } = await pages.site.api.manage.nodesPage({ search: 'Branch 999', kind: 'location' });
    expect(weekPlan.tuesday).toEqual({ plan: 'o', locationId: items[0]?.nodeId });
    await page.reload();
    await expect.poll(() => field(page, 'Tuesday').inputValue()).toBe('Office (Branch 999)');
    expect(limits.length).toBeGreaterThan(0);
    expect(Math.max(...limits)).toBeLessThanOrEqual(MOST_CHOICES);
    expect(lists).toEqual([]);
  });

  test('a comparison of hundreds of groups has only the visible rows in the document, and reaches the last one', async () => {
    const page = await pages.openAs('viewer');
    await page.goto(pages.attendance(`${DAYS}&view=comparison&by=group`));
    const table = page.getByRole('table', { name: 'All groups', exact: true });
    await table.waitFor();
    const rows = await pages.site.api.analytics.metrics({
      startDate: '2026-03-02',
      endDate: '2026-03-13',
      by: 'group',
      period: 'range',
    });
    expect(rows.length).toBeGreaterThan(ATTENDED);
    expect(await table.getAttribute('aria-rowcount')).toBe(String(rows.length + 1));
    const last = rows.toSorted((a, b) => b.attendance - a.attendance).at(-1);
    const shown = () => table.getByRole('row').count();
    expect(await shown()).toBeLessThan(60);
    const box = page.getByRole('group', { name: 'All groups' });
    await box.focus();
    const lastRow = table.getByRole('rowheader', { name: `${last?.groupName}, ${last?.locationName}` });
    // Rows are measured when they become visible.
    await expect
      .poll(async () => {
        await page.keyboard.press('End');
        return lastRow.count();
      })
      .toBe(1);
    expect(await shown()).toBeLessThan(60);
    await expectAccessible(page);
  });
});

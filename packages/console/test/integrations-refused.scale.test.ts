import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Rollcall } from '../../sdk/src/index.ts';
import { createLogger } from '../../server/src/http/logging.ts';
import { SourceActivity } from '../../server/src/ingest/source-activity.ts';
import type { AccountRole } from '../../server/src/store/auth/account-roles.ts';
import { addUser } from '../../server/test/support/directory.ts';
import { NODES } from '../../server/test/support/small-organisation.ts';
import { expectAccessible, PHONE } from './support/accessibility.ts';
import { hasBrowser } from './support/browser.ts';
import { usePages } from './support/console.ts';
import { cellsOf } from './support/pages.ts';

const HOUR_MS = 3_600_000;

describe.skipIf(!hasBrowser)('refused events, sources and requests', () => {
  const pages = usePages();
  let api: Rollcall;
  beforeAll(async () => {
    const event = (eventId: string, userEmail: string) => ({
      eventId,
      timestamp: '2026-03-13T09:00:00Z',
      locationId: NODES.hq,
      locationType: 'location',
      userEmail,
    });
    const { server, tenantId } = pages.site;
    api = pages.site.api;
    await api.manage.users.get('00000000-0000-4000-8000-000000000000').catch(() => undefined);
    const events = ['e1', 'e2', 'e3'].map((eventId) => event(eventId, `${eventId}@example.com`));
    await api.presence.submit('north door', [
      ...events,
      { ...event('e4', 'ann'), locationId: '00000000-0000-4000-8000-000000000000' },
    ]);
    // The north door sends now. The south door has sent in each hour of four weeks, but not for three hours.
    const activity = new SourceActivity({ database: server.db.restricted, log: createLogger('silent') });
    const note = (sourceId: string, hoursAgo: number) =>
      activity.note(tenantId, {
        endpoint: 'presence',
        sourceId,
        accepted: 1,
        refused: 0,
        atMs: server.clock.nowMs - hoursAgo * HOUR_MS,
      });
    note('north door', 0);
    for (let hoursAgo = 3; hoursAgo < 28 * 24; hoursAgo++) note('south door', hoursAgo);
    await activity.close();
  });

  const open = async (view: string, role: AccountRole = 'integrations') => {
    const page = await pages.openAs(role);
    await page.goto(`/console/${pages.site.organisation}/integrations?view=${view}`);
    return page;
  };
  const causes = (page: Page) =>
    page
      .locator('tr[data-cause]')
      .evaluateAll((rows) =>
        rows.map((row) => [
          row.getAttribute('data-cause'),
          ...[...row.querySelectorAll('td')].slice(0, 2).map((cell) => Number(cell.textContent)),
        ]),
      );
  const add = (name: string) =>
    addUser(pages.site.server.db.owner, pages.site.tenantId, {
      userName: `${name}@example.com`,
      email: `${name}@example.com`,
    });

  test('a refused event is mended, tried again and stored; by keyboard alone', async () => {
    const page = await open('refused');
    await page.locator('tr[data-cause=unknownUser]').waitFor();
    const { manage } = api;
    const counted = await manage.refusalCauses();
    expect(await causes(page)).toEqual(
      counted.map(({ cause, count, retriable }) => [cause, count, retriable]),
    );

    await page.getByRole('button', { name: 'Unknown user', exact: true }).press('Enter');
    await page.waitForURL('**cause=unknownUser');
    await page.getByRole('button', { name: 'Details of the event e1' }).press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('"userEmail": "e1@example.com"').waitFor();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Try again' }).press('Enter');
    await page.getByText('0 stored, 1 refused again, 0 not tried.').waitFor();

    await add('e1');
    await page.getByRole('button', { name: 'Try again: the event e1' }).press('Enter');
    await page.getByText('1 stored, 0 refused again, 0 not tried.').waitFor();
    await page.getByRole('button', { name: 'Details of the event e1' }).waitFor({ state: 'detached' });
    expect(await manage.refusedEvents({ state: 'mended' })).toMatchObject([
      { eventId: 'e1', triedBy: 'integrations@example.com' },
    ]);

    await add('e2');
    await page.getByRole('button', { name: 'Try again: 2, Unknown user' }).press('Enter');
    await page.getByText('1 stored, 1 refused again, 0 not tried.').waitFor();
    await expect
      .poll(() => causes(page))
      .toEqual([
        ['unknownPlace', 1, 1],
        ['unknownUser', 1, 1],
      ]);
    await page.getByText('Mended', { exact: true }).click();
    await page.getByRole('button', { name: 'Details of the event e2' }).waitFor();
    expect(new URL(page.url()).searchParams.get('state')).toBe('mended');

    await page.goto(`${page.url()}&event=00000000-0000-4000-8000-000000000000`);
    await page.getByRole('dialog').getByText('The server no longer has this event.').waitFor();
  });

  test('the events of one source are shown and tried again alone', async () => {
    const { manage, presence } = api;
    const of = (eventId: string) => ({
      eventId,
      timestamp: '2026-03-13T09:00:00Z',
      locationId: NODES.hq,
      locationType: 'location' as const,
      userEmail: 'e9@example.com',
    });
    await presence.submit('east door', [of('east 1')]);
    await presence.submit('west door', [of('west 1')]);
    await add('e9');
    const page = await open('refused');
    await page.getByRole('button', { name: 'Only events of the source west door' }).press('Enter');
    await page.waitForURL((url) => url.searchParams.get('source') === 'west door');
    await page.getByRole('button', { name: 'Details of the event east 1' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Details of the event west 1' }).waitFor();
    const counted = await manage.refusalCauses({ sourceId: 'west door' });
    expect(await causes(page)).toEqual(
      counted.map(({ cause, count, retriable }) => [cause, count, retriable]),
    );
    await expectAccessible(page, [PHONE]);
    await page.getByRole('button', { name: 'Try again: 1, Unknown user' }).press('Enter');
    await page.getByText('1 stored, 0 refused again, 0 not tried.').waitFor();
    await page.getByText('No such event of this source').waitFor();
    expect((await manage.refusedEvents({ sourceId: 'east door' })).map(({ eventId }) => eventId)).toEqual([
      'east 1',
    ]);
    await page.getByRole('button', { name: 'All sources' }).press('Enter');
    await page.getByRole('button', { name: 'Details of the event east 1' }).waitFor();
    await page.getByRole('button', { name: 'Try again: the event east 1' }).press('Enter');
    await page.getByRole('button', { name: 'Details of the event east 1' }).waitFor({ state: 'detached' });
  });

  test('sources show what the API answers, and the quiet one; a viewer sees them on Today', async () => {
    const page = await open('sources');
    await page.getByRole('heading', { name: 'All sources · Quiet: 1' }).waitFor();
    const [south] = (await api.manage.sources()).filter(({ quiet }) => quiet);
    expect(south?.sourceId).toBe('south door');
    await page.getByRole('button', { name: 'south door' }).press('Enter');
    await page.waitForURL('**source=south+door**');
    const chart = page.getByRole('region', { name: 'Events of south door, presence' });
    await chart.getByRole('button', { name: 'As a table' }).press('Enter');
    const cells = await cellsOf(chart.locator('tbody tr'));
    expect(cells.map(([, accepted]) => Number(accepted))).toEqual(south?.hours.accepted);
    await page.getByRole('link', { name: 'Refused events of south door' }).press('Enter');
    await page.waitForURL('**view=refused&source=south+door');
    await page.getByText('No such event of this source').waitFor();
    await page.goBack();
    await chart.waitFor();
    await expectAccessible(page);

    const viewer = await pages.openAs('viewer');
    await viewer.goto(`/console/${pages.site.organisation}/today`);
    await viewer.getByRole('heading', { name: 'Sources · Quiet: 1' }).waitFor();
    await viewer.getByText('south door, presence').waitFor();
    await expectAccessible(viewer, [PHONE]);
  });

  test('requests are listed, and failed ones alone', async () => {
    const { manage } = api;
    await expect
      .poll(async () => (await manage.requestsPage({ failed: true })).items.length, { timeout: 8_000 })
      .toBeGreaterThan(0);
    const page = await open('requests', 'administrator');
    await page.locator('tr[data-request]').first().waitFor();
    await page.getByText('Failed', { exact: true }).click();
    await page.waitForURL('**status=failed');
    await page.getByRole('cell', { name: '/v1/manage/users/:userId' }).first().waitFor();
    await expectAccessible(page);
  });

  test('a planner does not reach them, and is told so', async () => {
    const page = await open('refused', 'planner');
    await page.getByText('Your role does not allow this').first().waitFor();
  });
});

import { beforeAll, describe, expect, test } from 'vitest';
import { PEOPLE_ACCESS } from '../../server/src/auth/people-access.ts';
import type { AccountRole } from '../../server/src/store/auth/account-roles.ts';
import { browserWithRole } from '../../server/test/support/sessions.ts';
import { NODES, PEOPLE } from '../../server/test/support/small-organisation.ts';
import { hasBrowser } from './support/browser.ts';
import { heading, usePages } from './support/console.ts';
import { drawPlan, PLACES } from './support/floor.ts';
import { settled } from './support/pages.ts';
import { signOut } from './support/signing-in.ts';
import { isWholePage, type View, viewsOf } from './support/views.ts';

const ROLES: readonly AccountRole[] = ['administrator', 'integrations', 'planner', 'viewer'];
const IDS = { userId: PEOPLE.ann, officeId: NODES.hq, levelId: NODES.first, deskId: NODES.desk1 };
const VIEWS = viewsOf(IDS);
const REFUSAL = 'Your role does not allow this';
/** The names of the small organisation. */
const HOLDER = /^(ann|ben|cy|dee|eve)\b/;

/** A control of a view, and the operation that it leads to. Those who may not call the operation do not see the control. */
const CONTROLS: readonly {
  path: string;
  control: RegExp;
  kind?: 'textbox' | 'combobox' | 'link';
  operation: string;
}[] = [
  { path: 'attendance', control: /^Group$/, kind: 'textbox', operation: 'GET /v1/manage/groups' },
  { path: 'attendance', control: /^Download$/, operation: 'GET /v1/analytics/metrics' },
  { path: 'people', control: /^Import$/, operation: 'POST /v1/manage/imports/week-plans' },
  {
    path: `people/${IDS.userId}?tab=about`,
    control: /^Save the week plan$/,
    operation: 'PUT /v1/manage/users/:userId/week-plan',
  },
  {
    path: `people/${IDS.userId}?tab=about`,
    control: /^Add leave$/,
    operation: 'POST /v1/manage/users/:userId/leaves',
  },
  {
    path: `people/${IDS.userId}?tab=about`,
    control: /^Download everything that is held$/,
    kind: 'link',
    operation: 'GET /v1/manage/users/:userId/export',
  },
  {
    path: `people/${IDS.userId}?tab=about`,
    control: /^Erase this person…$/,
    operation: 'POST /v1/manage/users/:userId/erasure',
  },
  {
    path: `floor?level=${IDS.levelId}`,
    control: /^Go on with the draft$/,
    operation: 'PUT /v1/manage/levels/:levelId/floor-plan/draft',
  },
  {
    path: `floor?level=${IDS.levelId}`,
    control: /^More about this plan$/,
    operation: 'DELETE /v1/manage/levels/:levelId/floor-plan',
  },
  {
    path: `floor?level=${IDS.levelId}&edit=1`,
    control: /^Publish$/,
    operation: 'POST /v1/manage/levels/:levelId/floor-plan/publication',
  },
  {
    path: `floor?level=${IDS.levelId}&edit=1`,
    control: /^Discard the draft$/,
    operation: 'DELETE /v1/manage/levels/:levelId/floor-plan/draft',
  },
  { path: 'places', control: /^Add an office$/, operation: 'POST /v1/manage/locations' },
  { path: 'places', control: /^Import$/, operation: 'POST /v1/manage/imports/desk-assignments' },
  { path: 'places', control: /^Download$/, operation: 'GET /v1/analytics/desks' },
  { path: `places?open=${IDS.officeId}`, control: /^Add a level$/, operation: 'POST /v1/manage/levels' },
  {
    path: `places?open=${IDS.officeId}`,
    control: /^Save$/,
    operation: 'PATCH /v1/manage/locations/:locationId',
  },
  {
    path: `places?open=${IDS.officeId}`,
    control: /^Retire$/,
    operation: 'PATCH /v1/manage/locations/:locationId',
  },
  {
    path: `places?open=${IDS.officeId}&part=settings`,
    control: /^Save$/,
    operation: 'PATCH /v1/manage/locations/:locationId/settings',
  },
  { path: `places?open=${IDS.deskId}`, control: /^Save$/, operation: 'PATCH /v1/manage/desks/:deskId' },
  {
    path: `places?open=${IDS.deskId}`,
    control: /^Assign$/,
    operation: 'PUT /v1/manage/desks/:deskId/assignment',
  },
  { path: 'integrations', control: /^Create a key$/, operation: 'POST /v1/manage/keys' },
  { path: 'integrations?view=scim', control: /^Create a token$/, operation: 'POST /v1/manage/scim-tokens' },
  {
    path: 'integrations?view=refused',
    control: /^Try again: /,
    operation: 'POST /v1/manage/refused-events/retry',
  },
  { path: 'settings?view=people', control: /^Invite a person$/, operation: 'POST /v1/manage/accounts' },
  { path: 'settings?view=organisation', control: /^Save$/, operation: 'PATCH /v1/manage/organisation' },
];

describe.skipIf(!hasBrowser)('each role on each page', () => {
  const pages = usePages();
  const addressOf = ({ path }: Pick<View, 'path'>) => `/console/${pages.site.organisation}/${path}`;
  const isFor = ({ roles }: View, role: AccountRole) => roles?.includes(role) ?? true;
  beforeAll(async () => {
    const event = { eventId: 'e1', timestamp: '2026-03-13T09:00:00Z', locationId: NODES.hq };
    const events = [{ ...event, locationType: 'location' as const, userEmail: 'nobody@example.com' }];
    const { refused } = await pages.site.api.presence.submit('north door', events);
    expect(refused).toHaveLength(1);
    await drawPlan(pages.site.api.manage.floorPlans, IDS.levelId, PLACES);
  });
  /** A page that notes what fails on it. */
  const openWatched = async (role: AccountRole) => {
    const page = await pages.openAs(role);
    const failed: string[] = [];
    page.on('response', (reply) => {
      if (reply.status() >= 400) failed.push(`${reply.status()} ${reply.request().method()} ${reply.url()}`);
    });
    page.on('console', (message) => {
      if (message.type() === 'error') failed.push(message.text());
    });
    return { page, failed };
  };

  describe.each(ROLES)('%s:', (role) => {
    test('each page opens or says why it does not, with the controls that the role may use, and nothing is refused', async () => {
      const { page, failed } = await openWatched(role);
      const led = new Set<string>();
      for (const view of VIEWS) {
        const { path } = view;
        const may = isFor(view, role);
        await page.goto(addressOf(view));
        await settled(page);
        const refusal = page.getByRole('alert').getByText(REFUSAL);
        expect([path, await refusal.count()]).toEqual([path, may ? 0 : 1]);
        if (view.heading) await heading(page, view.heading).waitFor();
        expect([path, failed]).toEqual([path, []]);
        const main = page.getByRole('main');
        for (const { control, kind = 'button', operation } of CONTROLS.filter((each) => each.path === path)) {
          const shown = (await main.getByRole(kind, { name: control }).count()) > 0;
          expect([path, control, shown]).toEqual([path, control, PEOPLE_ACCESS[operation]?.includes(role)]);
        }
        const links = await page
          .getByRole('link')
          .evaluateAll((each) => each.map((link) => (link as HTMLAnchorElement).pathname));
        for (const link of links) led.add(link.replace(addressOf({ path: '' }), ''));
        if (role !== 'viewer' || path === 'sessions') continue;
        const words = (await main.innerText()).split(/\s+/);
        expect([path, words.filter((word) => HOLDER.test(word))]).toEqual([path, []]);
      }
      const pathsOf = (views: readonly View[]) => views.map(({ path }) => path.split('?', 1)[0] ?? '');
      const allowed = pathsOf(VIEWS.filter((each) => isFor(each, role)));
      const hidden = pathsOf(VIEWS).filter((path) => !allowed.includes(path));
      expect([...led]).toEqual(expect.arrayContaining(['today', 'places', 'settings']));
      expect(hidden.filter((path) => led.has(path))).toEqual([]);
    });
  });

  test('after signing out, the back button shows the sign-in page instead of each page, and no data', async () => {
    const { server, tenantId, origin } = pages.site;
    const page = await pages.open();
    for (const view of VIEWS.filter(isWholePage)) {
      const { cookie } = await browserWithRole(server, tenantId, 'administrator');
      const [name = '', value = ''] = cookie.split('=');
      await page.context().addCookies([{ name, value, url: origin, httpOnly: true }]);
      await page.goto(addressOf(view));
      await settled(page);
      await page.goto(addressOf({ path: view.path === 'sessions' ? 'account' : 'sessions' }));
      await settled(page);
      await signOut(page);
      await page.goBack();
      await heading(page, 'Sign in').waitFor();
      expect(new URL(page.url()).searchParams.get('back')).toContain(view.path.split('?', 1)[0]);
      expect([view.path, await page.getByRole('navigation').count()]).toEqual([view.path, 0]);
      expect(await page.locator('body').innerText()).not.toContain('@example.com');
    }
  });

  test('a screen of the foyer ends with the session, too', async () => {
    const page = await pages.openAs('viewer');
    await page.goto(addressOf({ path: 'today?kiosk=1' }));
    await settled(page);
    const other = await page.context().newPage();
    await other.goto(addressOf({ path: 'today' }));
    await settled(other);
    await signOut(other);
    await heading(page, 'Sign in').waitFor();
  });
});

import type { AccountRole } from '../../../server/src/store/auth/account-roles.ts';

/** A page of the console, or a tab or part of one that has an address of its own. */
export interface View {
  /** The part of the address after the organisation. */
  path: string;
  /** The heading of the page; undefined if that is a name of a person or of the organisation. */
  heading: string | undefined;
  /** The roles that may see it; all of them without. */
  roles?: readonly AccountRole[];
}

/** What addresses of an organisation name. */
export interface Ids {
  userId: string;
  officeId: string;
  levelId: string;
  deskId: string;
}

const PEOPLE_ROLES: readonly AccountRole[] = ['administrator', 'planner'];
const INTEGRATIONS_ROLES: readonly AccountRole[] = ['administrator', 'integrations'];
const ADMINISTRATOR: readonly AccountRole[] = ['administrator'];

/** All views of an organisation. The checks, and the tests that go through all pages, take this list: a new page is added here. */
export function viewsOf({ userId, officeId, levelId, deskId }: Ids): View[] {
  const attendance = { heading: 'Attendance', roles: ['administrator', 'planner', 'viewer'] as const };
  const people = { heading: 'People', roles: PEOPLE_ROLES };
  const person = { heading: undefined, roles: PEOPLE_ROLES };
  const floor = { heading: 'Floor' };
  const places = { heading: 'Places' };
  const integrations = { heading: 'Integrations', roles: INTEGRATIONS_ROLES };
  const settings = { heading: 'Settings' };
  return [
    { path: 'today', heading: 'Today' },
    { path: `today?office=${officeId}`, heading: 'Today' },
    { path: 'today?kiosk=1', heading: undefined },
    { path: `today?office=${officeId}&kiosk=1&names=1`, heading: undefined },
    { path: 'attendance', ...attendance },
    { path: 'attendance?view=weekdays', ...attendance },
    { path: 'attendance?view=comparison', ...attendance },
    { path: 'attendance?view=usage', ...attendance },
    { path: 'people', ...people },
    { path: 'people?import=week-plans', ...people },
    { path: `people/${userId}`, ...person },
    { path: `people/${userId}?tab=log`, ...person },
    { path: `people/${userId}?tab=about`, ...person },
    { path: 'floor', ...floor },
    { path: `floor?level=${levelId}`, ...floor },
    { path: `floor?level=${levelId}&edit=1`, heading: undefined, roles: ADMINISTRATOR },
    { path: 'places', ...places },
    { path: `places?open=${officeId}`, ...places },
    { path: `places?open=${officeId}&part=settings`, ...places },
    { path: `places?open=${deskId}`, ...places },
    { path: 'places?import=desks', ...places },
    { path: 'integrations', ...integrations },
    { path: 'integrations?view=scim', ...integrations },
    { path: 'integrations?view=sources', ...integrations },
    { path: 'integrations?view=refused', ...integrations },
    { path: 'integrations?view=requests', ...integrations },
    { path: 'settings', ...settings },
    { path: 'settings?view=people', ...settings, roles: ADMINISTRATOR },
    { path: 'settings?view=organisation', ...settings },
    { path: 'settings?view=retention', ...settings },
    { path: 'settings?view=audit', ...settings, roles: ADMINISTRATOR },
    { path: 'settings?view=methods', ...settings },
    { path: 'account', heading: 'My account' },
    { path: 'sessions', heading: 'Sessions' },
    { path: 'set-up', heading: 'Set-up', roles: ADMINISTRATOR },
  ];
}

/** The pages without an organisation: paths below the console. Somebody who is signed in may see them, too. */
export const OUTSIDE = ['sign-in', 'set-up'] as const;

/** Whether the path of a view is its page as the navigation opens it, and not a tab or a part of it. */
export const isWholePage = ({ path }: View): boolean => !path.includes('?');

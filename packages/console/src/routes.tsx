import { lazy, Suspense } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { Notice } from './frame/notice.tsx';
import { Page } from './frame/page.tsx';
import { type Destination, Entrance, type FurtherPage, Shell, Waiting } from './frame/shell.tsx';
import { texts } from './texts.ts';

const SignIn = lazy(() => import('./sign-in/page.tsx'));
const ProviderReturn = lazy(() => import('./sign-in/provider-return.tsx'));
const Today = lazy(() => import('./today/page.tsx'));
const Attendance = lazy(() => import('./attendance/page.tsx'));
const People = lazy(() => import('./people/page.tsx'));
const Person = lazy(() => import('./person/page.tsx'));
const Floor = lazy(() => import('./floor/page.tsx'));
const Places = lazy(() => import('./places/page.tsx'));
const Integrations = lazy(() => import('./integrations/page.tsx'));
const Settings = lazy(() => import('./settings/page.tsx'));
const Account = lazy(() => import('./account/page.tsx'));
const SetUp = lazy(() => import('./set-up/page.tsx'));
const SetUpSteps = lazy(() => import('./set-up/steps.tsx'));
const Sessions = lazy(() => import('./sessions/page.tsx'));

/** The pages that the navigation lists. The first one is where an organisation opens. */
const DESTINATIONS: readonly Destination[] = [
  { path: 'today', title: texts.today.title, icon: 'calendar' },
  {
    path: 'attendance',
    title: texts.attendance.title,
    icon: 'chart',
    roles: ['administrator', 'planner', 'viewer'],
  },
  { path: 'people', title: texts.people.title, icon: 'people', roles: ['administrator', 'planner'] },
  { path: 'floor', title: texts.floor.title, icon: 'map' },
  { path: 'places', title: texts.places.title, icon: 'building' },
  {
    path: 'integrations',
    title: texts.integrations.title,
    icon: 'plug',
    roles: ['administrator', 'integrations'],
  },
  { path: 'settings', title: texts.settings.title, icon: 'settings' },
];

/** The other pages of an organisation. */
const FURTHER_PAGES: readonly FurtherPage[] = [
  { path: 'account', title: texts.shell.ownAccount },
  { path: 'sessions', title: texts.shell.sessions },
  { path: 'set-up', title: texts.setUp.steps.title, roles: ['administrator'] },
];

/** The page of each address. An address names the organisation first, then the page. */
export function Routes() {
  return (
    <Switch>
      <Route path="/">
        <Entrance />
      </Route>
      <Route path="/sign-in">
        <Suspense fallback={<Waiting />}>
          <SignIn />
        </Suspense>
      </Route>
      <Route path="/sign-in/openid">
        <Suspense fallback={<Waiting />}>
          <ProviderReturn />
        </Suspense>
      </Route>
      <Route path="/set-up">
        <Suspense fallback={<Waiting />}>
          <SetUp />
        </Suspense>
      </Route>
      <Route path="/:organisation">
        {({ organisation }) => <Redirect to={`/${organisation}/${DESTINATIONS[0]?.path}`} replace />}
      </Route>
      <Route path="/:organisation/*">
        {({ organisation }) => (
          <Shell slug={organisation} destinations={DESTINATIONS} furtherPages={FURTHER_PAGES}>
            <Switch>
              <Route path="/:organisation/today">
                <Today />
              </Route>
              <Route path="/:organisation/attendance">
                <Attendance />
              </Route>
              <Route path="/:organisation/people">
                <People />
              </Route>
              <Route path="/:organisation/people/:userId">
                {({ userId }) => <Person key={userId} userId={userId} />}
              </Route>
              <Route path="/:organisation/floor">
                <Floor />
              </Route>
              <Route path="/:organisation/places">
                <Places />
              </Route>
              <Route path="/:organisation/integrations">
                <Integrations />
              </Route>
              <Route path="/:organisation/settings">
                <Settings />
              </Route>
              <Route path="/:organisation/account">
                <Account />
              </Route>
              <Route path="/:organisation/set-up">
                <SetUpSteps />
              </Route>
              <Route path="/:organisation/sessions">
                <Sessions />
              </Route>
              <Route>
                <Page title={texts.shell.notFound.title}>
                  <Notice {...texts.shell.notFound} />
                </Page>
              </Route>
            </Switch>
          </Shell>
        )}
      </Route>
    </Switch>
  );
}

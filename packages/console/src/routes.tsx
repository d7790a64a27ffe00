import { lazy, Suspense } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { Notice } from './frame/notice.tsx';
import { Page } from './frame/page.tsx';
import { type Destination, Entrance, Shell, Waiting } from './frame/shell.tsx';
import { texts } from './texts.ts';

const SignIn = lazy(() => import('./sign-in/page.tsx'));
const ProviderReturn = lazy(() => import('./sign-in/provider-return.tsx'));
const Today = lazy(() => import('./today/page.tsx'));
const Attendance = lazy(() => import('./attendance/page.tsx'));
const Settings = lazy(() => import('./settings/page.tsx'));
const Account = lazy(() => import('./account/page.tsx'));
const Sessions = lazy(() => import('./sessions/page.tsx'));

/** The pages that the navigation lists. The first one is where an organisation opens. */
const DESTINATIONS: readonly Destination[] = [
  { path: 'today', title: texts.today.title, icon: 'calendar' },
  { path: 'attendance', title: texts.attendance.title, icon: 'chart' },
  { path: 'settings', title: texts.settings.title, icon: 'settings' },
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
      <Route path="/:organisation">
        {({ organisation }) => <Redirect to={`/${organisation}/${DESTINATIONS[0]?.path}`} replace />}
      </Route>
      <Route path="/:organisation/*">
        {({ organisation }) => (
          <Shell slug={organisation} destinations={DESTINATIONS}>
            <Switch>
              <Route path="/:organisation/today">
                <Today />
              </Route>
              <Route path="/:organisation/attendance">
                <Attendance />
              </Route>
              <Route path="/:organisation/settings">
                <Settings />
              </Route>
              <Route path="/:organisation/account">
                <Account />
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

import { lazy, Suspense } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { Notice } from './frame/notice.tsx';
import { Page } from './frame/page.tsx';
import { type Destination, Entrance, Shell, Waiting } from './frame/shell.tsx';
import { texts } from './texts.ts';

const SignIn = lazy(() => import('./sign-in/page.tsx'));
const Today = lazy(() => import('./today/page.tsx'));
const Attendance = lazy(() => import('./attendance/page.tsx'));
const Integrations = lazy(() => import('./integrations/page.tsx'));
const SetUp = lazy(() => import('./set-up/page.tsx'));
const SetUpSteps = lazy(() => import('./set-up/steps.tsx'));
const Sessions = lazy(() => import('./sessions/page.tsx'));

/** The pages that the navigation lists. The first one is where an organisation opens. */
const DESTINATIONS: readonly Destination[] = [
  { path: 'today', title: texts.today.title, icon: 'calendar' },
  { path: 'attendance', title: texts.attendance.title, icon: 'chart' },
  {
    path: 'integrations',
    title: texts.integrations.title,
    icon: 'plug',
    roles: ['administrator', 'integrations'],
  },
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
          <Shell slug={organisation} destinations={DESTINATIONS}>
            <Switch>
              <Route path="/:organisation/today">
                <Today />
              </Route>
              <Route path="/:organisation/attendance">
                <Attendance />
              </Route>
              <Route path="/:organisation/integrations">
                <Integrations />
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

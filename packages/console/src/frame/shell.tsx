import { ActionIcon, AppShell, Burger, Group, Loader, NavLink, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { Link, Redirect, useLocation, useSearch } from 'wouter';
import { texts } from '../texts.ts';
import { AccountMenu, OrganisationMenu } from './account-menu.tsx';
import { signInAddress } from './address.ts';
import { Boundary } from './boundary.tsx';
import { ColourSchemeMenu } from './colour-scheme.tsx';
import { Failure } from './failure.tsx';
import { Icon, type IconName } from './icon.tsx';
import { Notice } from './notice.tsx';
import { Page } from './page.tsx';
import { type Organisation, OrganisationContext, type Role, type Session, useSession } from './session.ts';

const CommandBar = lazy(() => import('./command-bar.tsx'));

const { shell } = texts;
const NAVIGATION_ID = 'navigation';
/** The parameter of an address for a screen that nobody uses: it shows the page alone, and larger. */
export const KIOSK = 'kiosk';

/** A page of the list of pages. */
export interface Destination {
  /** The part of the address after the organisation. */
  path: string;
  title: string;
  icon: IconName;
  /** The roles that may see it; all of them without. */
  roles?: readonly Role[];
}

/** A page that the list of pages leaves out, and that the command bar leads to. */
export type FurtherPage = Omit<Destination, 'icon'>;

interface ShellProps {
  /** The slug of the address. */
  slug: string;
  destinations: readonly Destination[];
  furtherPages: readonly FurtherPage[];
  children: ReactNode;
}

/** What surrounds each page of a person who is signed in. Without a session it leads to the sign-in page. */
export function Shell({ slug, destinations, furtherPages, children }: ShellProps) {
  const [path] = useLocation();
  const search = useSearch();
  const { data: session, error, refetch } = useSession();
  if (session === null) return <Redirect to={signInAddress(search ? `${path}?${search}` : path)} replace />;
  const organisation = session?.organisations.find((each) => each.organisation === slug);
  const ofRole = <P extends FurtherPage>(pages: readonly P[]) =>
    organisation ? pages.filter(({ roles }) => roles === undefined || roles.includes(organisation.role)) : [];
  const listed = ofRole(destinations);
  // Such a page would ask for what the server refuses.
  const forbidden = destinations.find((each) => !listed.includes(each) && isAt(path, slug, each));
  return (
    <Frame
      session={session}
      organisation={organisation}
      destinations={listed}
      furtherPages={ofRole(furtherPages)}
      isKiosk={new URLSearchParams(search).has(KIOSK)}
    >
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : session === undefined ? (
        <Waiting />
      ) : organisation === undefined ? (
        <NoAccess {...shell.notMember(slug)} />
      ) : forbidden ? (
        <Forbidden title={forbidden.title} />
      ) : (
        <OrganisationContext value={organisation} key={slug}>
          <Boundary resetKey={path}>
            <Suspense fallback={<Waiting />}>{children}</Suspense>
          </Boundary>
        </OrganisationContext>
      )}
    </Frame>
  );
}

/** Leads from the console's own address to the first organisation of the person. */
export function Entrance() {
  const { data: session, error, refetch } = useSession();
  if (session === null) return <Redirect to={signInAddress('/')} replace />;
  const [first] = session?.organisations ?? [];
  if (first) return <Redirect to={`/${first.organisation}`} replace />;
  return (
    <Frame session={session} organisation={undefined} destinations={[]}>
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : session ? (
        <NoAccess {...shell.noOrganisation} />
      ) : (
        <Waiting />
      )}
    </Frame>
  );
}

function NoAccess({ title, advice }: { title: string; advice: string }) {
  return (
    <Page title={title}>
      <Notice title={title} advice={advice} />
    </Page>
  );
}

/** A page that the role of the person does not include. */
export function Forbidden({ title }: { title: string }) {
  return (
    <Page title={title}>
      <Notice {...texts.failures.forbidden} />
    </Page>
  );
}

/** Whether a path is that of a page of the list, or below it. */
function isAt(path: string, slug: string, { path: page }: Destination): boolean {
  const to = `/${slug}/${page}`;
  return path === to || path.startsWith(`${to}/`);
}

/** While something is loaded. */
export function Waiting() {
  return <Loader size="sm" role="status" aria-label={shell.loading} />;
}

interface FrameProps {
  session: Session | undefined;
  organisation: Organisation | undefined;
  destinations: readonly Destination[];
  furtherPages?: readonly FurtherPage[];
  isKiosk?: boolean;
  children: ReactNode;
}

function Frame({
  session,
  organisation,
  destinations,
  furtherPages = [],
  isKiosk = false,
  children,
}: FrameProps) {
  const [opened, { toggle, close }] = useDisclosure();
  const [path] = useLocation();
  const main = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the list of pages.
  useEffect(close, [path]);
  if (isKiosk) return <main className="kiosk">{children}</main>;
  return (
    <AppShell
      header={{ height: 48 }}
      navbar={{ width: 190, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding="md"
      transitionDuration={0}
    >
      <AppShell.Header>
        <UnstyledButton className="skip" onClick={() => main.current?.focus()}>
          {shell.skip}
        </UnstyledButton>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap" miw={0}>
            <Burger
              size="sm"
              hiddenFrom="sm"
              opened={opened}
              onClick={toggle}
              aria-label={opened ? shell.closeNavigation : shell.openNavigation}
              aria-expanded={opened}
              aria-controls={NAVIGATION_ID}
            />
            <Text fw={600} visibleFrom="sm">
              {texts.product}
            </Text>
            {session && organisation && <OrganisationMenu session={session} organisation={organisation} />}
          </Group>
          <Group gap={4} wrap="nowrap">
            {organisation && <GoTo organisation={organisation} pages={[...destinations, ...furtherPages]} />}
            <ColourSchemeMenu />
            {session && <AccountMenu session={session} organisation={organisation} />}
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar
        id={NAVIGATION_ID}
        aria-label={shell.navigation}
        p="xs"
        className="pages"
        mod={{ opened }}
      >
        {organisation &&
          destinations.map((destination) => {
            const { path: page, title, icon } = destination;
            const here = isAt(path, organisation.organisation, destination);
            return (
              <NavLink
                key={page}
                component={Link}
                href={`/${organisation.organisation}/${page}`}
                label={title}
                leftSection={<Icon name={icon} />}
                active={here}
                {...(here ? { 'aria-current': 'page' } : {})}
              />
            );
          })}
      </AppShell.Navbar>
      <AppShell.Main ref={main} tabIndex={-1}>
        {children}
      </AppShell.Main>
    </AppShell>
  );
}

/** Opens the command bar. Its code is loaded when somebody opens it. */
function GoTo({ organisation, pages }: { organisation: Organisation; pages: readonly FurtherPage[] }) {
  const [opened, { open, close }] = useDisclosure();
  const [isWanted, setIsWanted] = useState(false);
  const show = () => {
    setIsWanted(true);
    open();
  };
  useHotkeys([['mod+K', show]], []);
  return (
    <>
      <ActionIcon
        size="lg"
        aria-label={texts.commandBar.open}
        aria-keyshortcuts="Control+K Meta+K"
        onClick={show}
      >
        <Icon name="search" />
      </ActionIcon>
      {isWanted && (
        <OrganisationContext value={organisation}>
          <Suspense>
            <CommandBar pages={pages} opened={opened} close={close} />
          </Suspense>
        </OrganisationContext>
      )}
    </>
  );
}

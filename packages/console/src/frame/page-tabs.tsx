import { Tabs } from '@mantine/core';
import { type ComponentType, Suspense } from 'react';
import { useLocation, useSearch } from 'wouter';
import { Boundary } from './boundary.tsx';
import { type Role, useOrganisation } from './session.ts';
import { Waiting } from './shell.tsx';

/** A part of a page. */
export interface Tab {
  /** The value of `view` in the address. */
  name: string;
  title: string;
  /** The roles that see the tab; all of them without. */
  roles?: readonly Role[];
  Content: ComponentType;
}

interface PageTabsProps {
  label: string;
  /** The first one that the role sees is the default. */
  tabs: readonly Tab[];
}

/** The tabs of a page. `view` in the address names the open one. Another tab starts without the other parameters. */
export function PageTabs({ label, tabs }: PageTabsProps) {
  const { role } = useOrganisation();
  const [path, navigate] = useLocation();
  const view = new URLSearchParams(useSearch()).get('view');
  const seen = tabs.filter(({ roles }) => roles === undefined || roles.includes(role));
  const open = seen.find(({ name }) => name === view) ?? seen[0];
  if (!open) return null;
  return (
    <Tabs value={open.name} onChange={(name) => navigate(`${path}?view=${name}`)} keepMounted={false}>
      <Tabs.List aria-label={label} mb="md">
        {seen.map(({ name, title }) => (
          <Tabs.Tab key={name} value={name}>
            {title}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {seen.map(({ name, Content }) => (
        <Tabs.Panel key={name} value={name}>
          <Boundary resetKey={open.name}>
            <Suspense fallback={<Waiting />}>
              <Content />
            </Suspense>
          </Boundary>
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

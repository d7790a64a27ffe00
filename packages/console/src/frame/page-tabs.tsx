import { Tabs } from '@mantine/core';
import { type ComponentType, Suspense } from 'react';
import { useLocation, useSearch } from 'wouter';
import { Boundary } from './boundary.tsx';
import { Waiting } from './shell.tsx';

/** A part of a page. */
export interface Tab {
  /** The value of `view` in the address. */
  name: string;
  title: string;
  Content: ComponentType;
}

interface PageTabsProps {
  label: string;
  tabs: readonly Tab[];
  /** The name of the tab that is open by default; the first one without. */
  byDefault?: string;
}

/** The tabs of a page. `view` in the address names the open one. Another tab starts without the other parameters. */
export function PageTabs({ label, tabs, byDefault }: PageTabsProps) {
  const [path, navigate] = useLocation();
  const view = new URLSearchParams(useSearch()).get('view');
  const named = (wanted: string | null | undefined) => tabs.find(({ name }) => name === wanted);
  const open = named(view) ?? named(byDefault) ?? tabs[0];
  if (!open) return null;
  return (
    <Tabs value={open.name} onChange={(name) => navigate(`${path}?view=${name}`)} keepMounted={false}>
      <Tabs.List aria-label={label} mb="md">
        {tabs.map(({ name, title }) => (
          <Tabs.Tab key={name} value={name}>
            {title}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map(({ name, Content }) => (
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

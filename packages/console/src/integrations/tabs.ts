import { lazy } from 'react';
import type { Tab } from '../frame/page-tabs.tsx';
import { texts } from '../texts.ts';

const { tabs } = texts.integrations;

/** The tabs of the page, in order. */
export const TABS: readonly Tab[] = [
  { name: 'keys', title: tabs.keys, Content: lazy(() => import('./keys.tsx')) },
  { name: 'scim', title: tabs.scim, Content: lazy(() => import('./scim.tsx')) },
];

import { lazy } from 'react';
import type { Tab } from '../frame/page-tabs.tsx';
import { texts } from '../texts.ts';

const { tabs } = texts.integrations;

/** The tabs of the page, in order. */
export const TABS: readonly Tab[] = [
  { name: 'keys', title: tabs.keys, Content: lazy(() => import('./keys.tsx')) },
  { name: 'scim', title: tabs.scim, Content: lazy(() => import('./scim.tsx')) },
  { name: 'sources', title: texts.sources.title, Content: lazy(() => import('./sources.tsx')) },
  { name: 'refused', title: texts.refused.title, Content: lazy(() => import('./refused.tsx')) },
  { name: 'requests', title: texts.requests.title, Content: lazy(() => import('./requests.tsx')) },
];

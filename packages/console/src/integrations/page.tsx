import { Page } from '../frame/page.tsx';
import { PageTabs } from '../frame/page-tabs.tsx';
import { texts } from '../texts.ts';
import { TABS } from './tabs.ts';

const { integrations } = texts;

/** What programs and identity providers need, and what became of their events. */
export default function IntegrationsPage() {
  return (
    <Page title={integrations.title}>
      <PageTabs label={integrations.tabs.label} tabs={TABS} />
    </Page>
  );
}

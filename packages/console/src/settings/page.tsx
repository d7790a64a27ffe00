import type { ReactNode } from 'react';
import { Notice } from '../frame/notice.tsx';
import { Page } from '../frame/page.tsx';
import { PageTabs, type Tab } from '../frame/page-tabs.tsx';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { Audit } from './audit.tsx';
import { Methods } from './methods.tsx';
import { OrganisationSettings } from './organisation.tsx';
import { People } from './people.tsx';
import { RetentionSettings } from './retention.tsx';

const { settings } = texts;
const TABS: readonly Tab[] = [
  { name: 'people', title: settings.views.people, Content: () => <OfAdministrators content={<People />} /> },
  { name: 'organisation', title: settings.views.organisation, Content: OrganisationSettings },
  { name: 'retention', title: settings.views.retention, Content: RetentionSettings },
  { name: 'audit', title: settings.views.audit, Content: () => <OfAdministrators content={<Audit />} /> },
  { name: 'methods', title: settings.views.methods, Content: Methods },
];

/** The settings of the organisation. The address holds the part that is shown. */
export default function SettingsPage() {
  const { role } = useOrganisation();
  return (
    <Page title={settings.title}>
      <PageTabs
        label={settings.view}
        tabs={TABS}
        byDefault={role === 'administrator' ? 'people' : 'organisation'}
      />
    </Page>
  );
}

/** A part that only administrators see, or a notice. */
function OfAdministrators({ content }: { content: ReactNode }) {
  const { role } = useOrganisation();
  return role === 'administrator' ? content : <Notice {...texts.failures.forbidden} />;
}

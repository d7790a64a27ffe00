import { Stack, Tabs } from '@mantine/core';
import { useParameters } from '../frame/address.ts';
import { Notice } from '../frame/notice.tsx';
import { Page } from '../frame/page.tsx';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { Methods } from './methods.tsx';
import { OrganisationSettings } from './organisation.tsx';
import { People } from './people.tsx';

const { settings } = texts;
const VIEWS = ['people', 'organisation', 'methods'] as const;

/** The settings of the organisation. The address holds the part that is shown. */
export default function SettingsPage() {
  const { role } = useOrganisation();
  const [parameters, change] = useParameters();
  const wanted = parameters.get('view');
  const fallback = role === 'administrator' ? 'people' : 'organisation';
  const view = VIEWS.find((each) => each === wanted) ?? fallback;
  return (
    <Page title={settings.title}>
      <Tabs value={view} onChange={(value) => change({ view: value ?? undefined })} keepMounted={false}>
        <Tabs.List aria-label={settings.view}>
          {VIEWS.map((each) => (
            <Tabs.Tab key={each} value={each}>
              {settings.views[each]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Stack pt="md">
          <Tabs.Panel value="people">
            {role === 'administrator' ? <People /> : <Notice {...texts.failures.forbidden} />}
          </Tabs.Panel>
          <Tabs.Panel value="organisation">
            <OrganisationSettings isEditable={role === 'administrator'} />
          </Tabs.Panel>
          <Tabs.Panel value="methods">
            <Methods />
          </Tabs.Panel>
        </Stack>
      </Tabs>
    </Page>
  );
}

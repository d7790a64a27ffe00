import './style.css';
import { Anchor, Badge, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { NotFoundError } from '@rollcall/sdk';
import { Link } from 'wouter';
import { useParameters } from '../frame/address.ts';
import { Failure } from '../frame/failure.tsx';
import { nameOf } from '../frame/names.ts';
import { Notice } from '../frame/notice.tsx';
import { Page } from '../frame/page.tsx';
import { useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { texts } from '../texts.ts';
import { About } from './about.tsx';
import { type Profile, useProfile } from './answers.ts';
import { Log } from './log.tsx';
import { WeekView } from './week-view.tsx';

const { person, people } = texts;
const VIEWS = ['week', 'log', 'about'] as const;
const CONTENT = { week: WeekView, log: Log, about: About };

/** One person: weeks, the action log, and what belongs to them. The address holds the view and the week. */
export default function PersonPage({ userId }: { userId: string }) {
  const { organisation } = useOrganisation();
  const [parameters, change] = useParameters();
  const { data: profile, error, refetch } = useProfile(userId);
  const view = VIEWS.find((each) => each === parameters.get('tab')) ?? 'week';
  const Content = CONTENT[view];
  if (!profile) {
    if (!error) return <Waiting />;
    return (
      <Page title={person.title}>
        {error instanceof NotFoundError ? (
          <Notice {...person.unknown}>
            <Anchor component={Link} href={`/${organisation}/people`} size="sm">
              {person.back}
            </Anchor>
          </Notice>
        ) : (
          <Failure error={error} retry={() => void refetch()} />
        )}
      </Page>
    );
  }
  return (
    <Page
      title={nameOf(profile)}
      actions={
        <Anchor component={Link} href={`/${organisation}/people`} size="sm">
          {person.back}
        </Anchor>
      }
    >
      <Stack>
        <Summary profile={profile} />
        <SegmentedControl
          aria-label={person.views.label}
          value={view}
          onChange={(value) => change({ tab: value })}
          data={VIEWS.map((value) => ({ value, label: person.views[value] }))}
          className="views"
        />
        <Content profile={profile} />
      </Stack>
    </Page>
  );
}

function Summary({
  profile: { email, userName, status, groups, primaryLocationName },
}: {
  profile: Profile;
}) {
  const primary = groups.find((group) => group.primary)?.groupName;
  return (
    <Group gap="xs">
      <Text size="sm" c="dimmed">
        {[email ?? userName, primary, primaryLocationName].filter(Boolean).join(' · ')}
      </Text>
      {status === 'inactive' && (
        <Badge variant="outline" color="gray">
          {people.statuses.inactive}
        </Badge>
      )}
    </Group>
  );
}

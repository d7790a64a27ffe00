import { Anchor, Badge, Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import { Failure } from '../frame/failure.tsx';
import { formatWhole } from '../frame/format.ts';
import { Icon } from '../frame/icon.tsx';
import type { Key } from '../frame/keys/first-lines.ts';
import { CreateKey } from '../frame/keys/key-dialogs.tsx';
import { ShownKey } from '../frame/keys/shown-key.tsx';
import { Page } from '../frame/page.tsx';
import { useOrganisation } from '../frame/session.ts';
import { Forbidden, Waiting } from '../frame/shell.tsx';
import { texts } from '../texts.ts';
import { useProgress } from './answers.ts';
import { FirstEvent } from './first-event.tsx';

const { steps } = texts.setUp;

/** What leads to the first event. What is there already decides which steps are done. */
export default function StepsPage() {
  const { role } = useOrganisation();
  return role === 'administrator' ? <Steps /> : <Forbidden title={steps.title} />;
}

function Steps() {
  const { organisation } = useOrganisation();
  const { progress, error, refetch } = useProgress();
  const [creating, setCreating] = useState(false);
  const [shown, setShown] = useState<{ key: Key; secret: string }>();
  const page = (path: string) => `/${organisation}/${path}`;
  return (
    <Page title={steps.title}>
      <Stack>
        <Text size="sm">{steps.intro}</Text>
        {error && <Failure error={error} retry={refetch} />}
        {!progress && !error && <Waiting />}
        {progress && (
          <>
            <Step number={1} {...steps.places} isDone={progress.offices > 0}>
              {progress.offices > 0 && (
                <Text size="sm">{steps.places.done(formatWhole(progress.offices))}</Text>
              )}
              <Links links={[[page('places'), steps.places.link]]} />
            </Step>
            <Step number={2} {...steps.people} isDone={progress.hasPeople}>
              {progress.hasPeople && <Text size="sm">{steps.people.done}</Text>}
              <Links
                links={[
                  [page('people'), steps.people.link],
                  [page('integrations?view=scim'), steps.people.scim],
                ]}
              />
            </Step>
            <Step number={3} {...steps.key} isDone={progress.keys > 0}>
              {progress.keys > 0 && <Text size="sm">{steps.key.done(formatWhole(progress.keys))}</Text>}
              {shown ? (
                <ShownKey shown={shown} onDone={() => setShown(undefined)} />
              ) : (
                <Group>
                  <Button variant="default" size="xs" onClick={() => setCreating(true)}>
                    {steps.key.create}
                  </Button>
                  <Links links={[[page('integrations'), steps.key.link]]} />
                </Group>
              )}
            </Step>
            <Step
              number={4}
              title={steps.event.title}
              isDone={progress.arrivedAt !== undefined || progress.arrivedFrom !== undefined}
            >
              <FirstEvent progress={progress} />
            </Step>
          </>
        )}
      </Stack>
      {creating && (
        <CreateKey
          roles={['submitting-events']}
          queryKey={[organisation, 'keys']}
          onClose={() => setCreating(false)}
          onShown={(key) => {
            setShown(key);
            setCreating(false);
          }}
        />
      )}
    </Page>
  );
}

interface StepProps {
  number: number;
  title: string;
  advice?: string;
  isDone: boolean;
  children: ReactNode;
}

function Step({ number, title, advice, isDone, children }: StepProps) {
  return (
    <Paper component="section" withBorder p="md" aria-label={title}>
      <Stack gap="xs">
        <Group justify="space-between">
          <Title order={2}>{`${number}. ${title}`}</Title>
          <Badge variant="default" leftSection={isDone && <Icon name="tick" />}>
            {isDone ? steps.done : steps.open}
          </Badge>
        </Group>
        {advice && !isDone && <Text size="sm">{advice}</Text>}
        {children}
      </Stack>
    </Paper>
  );
}

function Links({ links }: { links: readonly (readonly [href: string, label: string])[] }) {
  return (
    <Group>
      {links.map(([href, label]) => (
        <Anchor key={href} component={Link} href={href} size="sm">
          {label}
        </Anchor>
      ))}
    </Group>
  );
}

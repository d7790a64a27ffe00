import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import type { Change, Reply } from '@rollcall/sdk';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { queryClient, useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { texts } from '../texts.ts';

type Settings = Reply<'GET /v1/manage/organisation'>;
type SettingsChange = Change<'PATCH /v1/manage/organisation'>;
const { organisation: labels, save, saved } = texts.settings;

/** What the organisation is called, its time zone, and how it makes groups. */
export function OrganisationSettings() {
  const { organisation, role } = useOrganisation();
  const { data, error, refetch } = useQuery({
    queryKey: ['organisation', organisation],
    queryFn: ({ signal }) => clientOf(organisation).manage.organisation({ signal }),
  });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  return data ? <SettingsForm settings={data} isEditable={role === 'administrator'} /> : <Waiting />;
}

function SettingsForm({ settings, isEditable }: { settings: Settings; isEditable: boolean }) {
  const { organisation } = useOrganisation();
  const { mutate, error, isPending, isSuccess } = useMutation({
    mutationFn: (change: SettingsChange) => clientOf(organisation).manage.updateOrganisation(change),
    onSuccess: async (changed) => {
      queryClient.setQueryData(['organisation', organisation], changed);
      // The session has the name and the time zone.
      await queryClient.invalidateQueries({ queryKey: ['session'] });
    },
  });
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    // A member that is left out keeps what another person may have changed meanwhile.
    mutate(changeOf(settings, new FormData(event.currentTarget)));
  };
  return (
    <form onSubmit={onSubmit}>
      <Stack maw={480}>
        <TextInput label={labels.slug} description={labels.slugHint} value={settings.slug} readOnly />
        <TextInput
          name="name"
          label={labels.name}
          defaultValue={settings.name}
          readOnly={!isEditable}
          required
          withAsterisk={false}
        />
        <TextInput
          name="timeZone"
          label={labels.timeZone}
          description={labels.timeZoneHint}
          defaultValue={settings.timeZone}
          readOnly={!isEditable}
          required
          withAsterisk={false}
        />
        <TextInput
          name="groupAttributes"
          label={labels.groupAttributes}
          description={labels.groupAttributesHint}
          defaultValue={settings.groupAttributes.join(', ')}
          readOnly={!isEditable}
        />
        <TextInput
          name="primaryGroupAttribute"
          label={labels.primaryGroupAttribute}
          description={labels.primaryGroupAttributeHint}
          defaultValue={settings.primaryGroupAttribute ?? ''}
          readOnly={!isEditable}
        />
        {error && <Failure error={error} />}
        {isEditable ? (
          <Group>
            <Button type="submit" loading={isPending}>
              {save}
            </Button>
            {isSuccess && (
              <Text size="sm" role="status">
                {saved}
              </Text>
            )}
          </Group>
        ) : (
          <Text size="sm">{labels.readOnly}</Text>
        )}
      </Stack>
    </form>
  );
}

/** The members that differ from what the page has shown. */
function changeOf(settings: Settings, fields: FormData): SettingsChange {
  const textOf = (name: string) => String(fields.get(name)).trim();
  const typed = {
    name: textOf('name'),
    timeZone: textOf('timeZone'),
    groupAttributes: textOf('groupAttributes')
      .split(',')
      .map((each) => each.trim())
      .filter(Boolean),
    primaryGroupAttribute: textOf('primaryGroupAttribute') || null,
  };
  const changed = Object.entries(typed).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(settings[name as keyof Settings]),
  );
  return Object.fromEntries(changed);
}

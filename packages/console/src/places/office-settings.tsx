import { Alert, Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import type { Reply } from '@rollcall/sdk';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { formatDay } from '../frame/format.ts';
import { queryClient, useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { texts } from '../texts.ts';

const { settings: words } = texts.places;
const { places } = texts;
const MOST_DAYS = 366;

type Settings = Reply<'GET /v1/manage/locations/{locationId}/settings'>;
/** The settings as the form has them. */
type Typed = Record<'horizonDays' | 'presenceReporting' | 'deskPresence' | 'releaseAssignedDesks', string>;

const settingsKey = (organisation: string, locationId: string) =>
  [organisation, 'settings', locationId] as const;

/** The settings of an office. */
export function OfficeSettings({ locationId }: { locationId: string }) {
  const { organisation, role } = useOrganisation();
  const { data, error, refetch } = useQuery({
    queryKey: settingsKey(organisation, locationId),
    queryFn: ({ signal }) => clientOf(organisation).manage.settings.get(locationId, { signal }),
    staleTime: 0,
  });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  return <SettingsForm settings={data} mayEdit={role === 'administrator'} />;
}

function SettingsForm({ settings, mayEdit }: { settings: Settings; mayEdit: boolean }) {
  const { organisation } = useOrganisation();
  const { locationId, horizonReached } = settings;
  const [typed, setTyped] = useState<Partial<Typed>>({});
  const stored: Typed = {
    horizonDays: String(settings.horizonDays),
    presenceReporting: settings.presenceReporting,
    deskPresence: settings.deskPresence,
    releaseAssignedDesks: String(settings.releaseAssignedDesks),
  };
  const shown = { ...stored, ...typed };
  const changed = Object.keys(stored).filter(
    (name) => shown[name as keyof Typed] !== stored[name as keyof Typed],
  ) as (keyof Typed)[];
  const isWrong = !/^\d{1,3}$/.test(shown.horizonDays) || Number(shown.horizonDays) > MOST_DAYS;
  const { mutate, isPending, error, isSuccess, reset } = useMutation({
    mutationFn: () =>
      clientOf(organisation).manage.settings.update(
        locationId,
        Object.fromEntries(changed.map((name) => [name, settingOf(name, shown[name])])),
      ),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: settingsKey(organisation, locationId) });
      setTyped({});
    },
  });
  const type = (name: keyof Typed) => (text: string | null) => {
    reset();
    setTyped({ ...typed, [name]: text ?? stored[name] });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (changed.length > 0 && !isWrong) mutate();
  };
  const choice = (
    name: Exclude<keyof Typed, 'horizonDays'>,
    values: Readonly<Record<string, string>>,
    description?: string,
  ) => (
    <Select
      label={words[name]}
      description={description}
      allowDeselect={false}
      readOnly={!mayEdit}
      value={shown[name]}
      onChange={type(name)}
      data={Object.entries(values).map(([value, label]) => ({ value, label }))}
    />
  );
  return (
    <form onSubmit={submit} noValidate aria-label={words.title}>
      <Stack>
        <TextInput
          label={words.horizonDays}
          description={words.horizonHint}
          inputMode="numeric"
          readOnly={!mayEdit}
          value={shown.horizonDays}
          error={isWrong && words.wrongDays}
          onChange={({ currentTarget: { value } }) => type('horizonDays')(value)}
        />
        <Text size="sm" c="dimmed">
          {horizonReached === null
            ? words.horizonNotReached
            : words.horizonReached(formatDay(horizonReached))}
        </Text>
        {choice('presenceReporting', words.presenceReportingValues, words.presenceReportingHint)}
        {choice('deskPresence', words.deskPresenceValues)}
        {choice('releaseAssignedDesks', words.releaseValues)}
        {error && <Failure error={error} />}
        {isSuccess && (
          <Alert role="status" variant="outline" color="green" p="xs">
            {places.saved}
          </Alert>
        )}
        {mayEdit ? (
          <Group>
            <Button type="submit" loading={isPending} disabled={changed.length === 0 || isWrong}>
              {places.save}
            </Button>
            {changed.length > 0 && (
              <Button variant="default" onClick={() => setTyped({})}>
                {places.reset}
              </Button>
            )}
          </Group>
        ) : (
          <Text size="sm" c="dimmed">
            {places.readOnly}
          </Text>
        )}
      </Stack>
    </form>
  );
}

function settingOf(name: keyof Typed, text: string): string | number | boolean {
  if (name === 'horizonDays') return Number(text);
  return name === 'releaseAssignedDesks' ? text === 'true' : text;
}

import { Alert, Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import type { Reply, Versioned } from '@rollcall/sdk';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { clientOf } from '../frame/client.ts';
import { Conflict } from '../frame/conflict.tsx';
import { Failure } from '../frame/failure.tsx';
import { formatDay } from '../frame/format.ts';
import { useTyped } from '../frame/kept.ts';
import { queryClient, useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { isOutdated, textOf } from '../frame/versions.ts';
import { texts } from '../texts.ts';

const { settings: words } = texts.places;
const { places } = texts;
const MOST_DAYS = 366;

type Settings = Versioned<Reply<'GET /v1/manage/locations/{locationId}/settings'>>;
const MEMBERS = ['horizonDays', 'presenceReporting', 'deskPresence', 'releaseAssignedDesks'] as const;
type Member = (typeof MEMBERS)[number];
type Typed = Partial<Record<Member, string>>;

const VALUES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  presenceReporting: words.presenceReportingValues,
  deskPresence: words.deskPresenceValues,
  releaseAssignedDesks: words.releaseValues,
};

const settingsKey = (organisation: string, locationId: string) =>
  [organisation, 'settings', locationId] as const;

/** The settings of an office. */
export function OfficeSettings({ locationId }: { locationId: string }) {
  const { organisation, role } = useOrganisation();
  const { data, error, refetch } = useQuery({
    queryKey: settingsKey(organisation, locationId),
    queryFn: ({ signal }) => clientOf(organisation).manage.settings.read(locationId, { signal }),
    staleTime: 0,
  });
  // A form that is there stays, with what was typed.
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  return <SettingsForm stored={data} mayEdit={role === 'administrator'} />;
}

function SettingsForm({ stored, mayEdit }: { stored: Settings; mayEdit: boolean }) {
  const { organisation } = useOrganisation();
  const { locationId, horizonReached } = stored.row;
  // What was typed, and the version that it is a change of.
  const [editing, setEditing] = useTyped<{ base: Settings; typed: Typed }>(`settings of ${locationId}`);
  const base = editing?.base ?? stored;
  const typed = editing?.typed ?? {};
  const shownText = (name: Member) => typed[name] ?? textOf(base.row, name);
  const changed = MEMBERS.filter((name) => shownText(name) !== textOf(base.row, name));
  const days = shownText('horizonDays');
  const isWrong = !/^\d{1,3}$/.test(days) || Number(days) > MOST_DAYS;
  const refresh = () => queryClient.invalidateQueries({ queryKey: settingsKey(organisation, locationId) });
  const { mutate, isPending, error, isSuccess, reset } = useMutation({
    mutationFn: () =>
      clientOf(organisation).manage.settings.update(
        locationId,
        Object.fromEntries(changed.map((name) => [name, settingOf(name, shownText(name))])),
        { ifVersion: base.version },
      ),
    onSuccess: async () => {
      await refresh();
      setEditing(undefined);
    },
    onError: (failure) => (isOutdated(failure) ? refresh() : undefined),
  });
  // While a change is sent, the newer version may be one's own.
  const differs = !isPending && base.version !== stored.version;
  const edit = (next: typeof editing) => {
    reset();
    setEditing(next);
  };
  const type = (name: Member) => (text: string | null) =>
    edit({ base, typed: { ...typed, [name]: text ?? shownText(name) } });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (changed.length > 0 && !isWrong && !differs) mutate();
  };
  const choice = (name: Exclude<Member, 'horizonDays'>, description?: string) => (
    <Select
      label={words[name]}
      description={description}
      allowDeselect={false}
      readOnly={!mayEdit}
      value={shownText(name)}
      onChange={type(name)}
      data={Object.entries(VALUES[name] ?? {}).map(([value, label]) => ({ value, label }))}
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
          value={days}
          error={isWrong && words.wrongDays}
          onChange={({ currentTarget: { value } }) => type('horizonDays')(value)}
        />
        <Text size="sm" c="dimmed">
          {horizonReached === null
            ? words.horizonNotReached
            : words.horizonReached(formatDay(horizonReached))}
        </Text>
        {choice('presenceReporting', words.presenceReportingHint)}
        {choice('deskPresence')}
        {choice('releaseAssignedDesks')}
        {differs && (
          <Conflict
            title={words.conflict}
            members={MEMBERS}
            labelOf={(member) => words[member as Member]}
            wordsFor={(member, text) => VALUES[member]?.[text] ?? text}
            before={base.row}
            now={stored.row}
            typed={typed}
            onKeep={() => edit({ base: stored, typed })}
            onTake={() => edit(undefined)}
          />
        )}
        {error && !(differs && isOutdated(error)) && <Failure error={error} />}
        {isSuccess && (
          <Alert role="status" variant="outline" color="green" p="xs">
            {places.saved}
          </Alert>
        )}
        {mayEdit ? (
          <Group>
            <Button type="submit" loading={isPending} disabled={changed.length === 0 || isWrong || differs}>
              {places.save}
            </Button>
            {changed.length > 0 && (
              <Button variant="default" onClick={() => edit(undefined)}>
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

function settingOf(name: Member, text: string): string | number | boolean {
  if (name === 'horizonDays') return Number(text);
  return name === 'releaseAssignedDesks' ? text === 'true' : text;
}

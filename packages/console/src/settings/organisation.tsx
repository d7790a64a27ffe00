import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import type { Change, Reply, Versioned } from '@rollcall/sdk';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { clientOf } from '../frame/client.ts';
import { Conflict } from '../frame/conflict.tsx';
import { Failure } from '../frame/failure.tsx';
import { useTyped } from '../frame/kept.ts';
import { queryClient, useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { isOutdated, textOf } from '../frame/versions.ts';
import { texts } from '../texts.ts';

type Settings = Versioned<Reply<'GET /v1/manage/organisation'>>;
const { organisation: labels, save, saved } = texts.settings;

const MEMBERS = ['name', 'timeZone', 'groupAttributes', 'primaryGroupAttribute'] as const;
type Member = (typeof MEMBERS)[number];
const REQUIRED: readonly Member[] = ['name', 'timeZone'];
const HINTS: Partial<Record<Member, string>> = {
  timeZone: labels.timeZoneHint,
  groupAttributes: labels.groupAttributesHint,
  primaryGroupAttribute: labels.primaryGroupAttributeHint,
};

/** What was typed, and the settings that it is a change of. */
interface Editing {
  base: Settings;
  typed: Partial<Record<Member, string>>;
}

const settingsKey = (organisation: string) => ['organisation', organisation];

/** What the organisation is called, its time zone, and how it makes groups. */
export function OrganisationSettings() {
  const { organisation, role } = useOrganisation();
  const { data, error, refetch } = useQuery({
    queryKey: settingsKey(organisation),
    queryFn: ({ signal }) => clientOf(organisation).manage.readOrganisation({ signal }),
    staleTime: 0,
  });
  // A form that is there stays, with what was typed.
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  return data ? <SettingsForm stored={data} isEditable={role === 'administrator'} /> : <Waiting />;
}

/** What somebody else stores meanwhile is shown beside what was typed, and overwrites nothing. */
function SettingsForm({ stored, isEditable }: { stored: Settings; isEditable: boolean }) {
  const { organisation } = useOrganisation();
  const [editing, setEditing] = useTyped<Editing>(`organisation ${organisation}`);
  const { base, typed } = editing ?? { base: stored, typed: {} };
  const shownText = (member: Member) => typed[member] ?? textOf(base.row, member);
  const changed = MEMBERS.filter((member) => shownText(member) !== textOf(base.row, member));
  const refresh = () => queryClient.invalidateQueries({ queryKey: settingsKey(organisation) });
  const { mutate, error, isPending, isSuccess, reset } = useMutation({
    mutationFn: () =>
      clientOf(organisation).manage.updateOrganisation(changeOf(changed, shownText), {
        ifVersion: base.version,
      }),
    onSuccess: async () => {
      // The session has the name and the time zone.
      await Promise.all([refresh(), queryClient.invalidateQueries({ queryKey: ['session'] })]);
      setEditing(undefined);
    },
    onError: (failure) => (isOutdated(failure) ? refresh() : undefined),
  });
  // While a change is sent, the newer version may be one's own.
  const differs = editing !== undefined && !isPending && base.version !== stored.version;
  const edit = (next: Editing | undefined) => {
    reset();
    setEditing(next);
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (changed.length > 0 && !differs) mutate();
  };
  return (
    <form onSubmit={onSubmit}>
      <Stack maw={480}>
        <TextInput label={labels.slug} description={labels.slugHint} value={stored.row.slug} readOnly />
        {MEMBERS.map((member) => (
          <TextInput
            key={member}
            label={labels[member]}
            description={HINTS[member]}
            readOnly={!isEditable}
            required={REQUIRED.includes(member)}
            withAsterisk={false}
            value={shownText(member)}
            onChange={({ currentTarget: { value } }) => edit({ base, typed: { ...typed, [member]: value } })}
          />
        ))}
        {differs && (
          <Conflict
            title={labels.conflict}
            members={MEMBERS}
            labelOf={(member) => labels[member as Member]}
            before={base.row}
            now={stored.row}
            typed={typed}
            onKeep={() => edit({ base: stored, typed })}
            onTake={() => edit(undefined)}
          />
        )}
        {error && !(differs && isOutdated(error)) && <Failure error={error} />}
        {isEditable ? (
          <Group>
            <Button type="submit" loading={isPending} disabled={changed.length === 0 || differs}>
              {save}
            </Button>
            {isSuccess && changed.length === 0 && (
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

/** The changed members, as the API takes them. */
function changeOf(
  changed: readonly Member[],
  shownText: (member: Member) => string,
): Change<'PATCH /v1/manage/organisation'> {
  const sentValue = (member: Member) => {
    const text = shownText(member).trim();
    if (member === 'primaryGroupAttribute') return text || null;
    if (member !== 'groupAttributes') return text;
    return text
      .split(',')
      .map((each) => each.trim())
      .filter(Boolean);
  };
  return Object.fromEntries(changed.map((member) => [member, sentValue(member)]));
}

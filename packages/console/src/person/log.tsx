import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useParameters } from '../frame/address.ts';
import { isDay } from '../frame/days.ts';
import { Failure } from '../frame/failure.tsx';
import { formatInstant, formatWeekdayAndDay } from '../frame/format.ts';
import { Notice } from '../frame/notice.tsx';
import { Waiting } from '../frame/shell.tsx';
import { ZoneNote } from '../frame/zone-note.tsx';
import { texts } from '../texts.ts';
import { type Change, type Profile, useChanges } from './answers.ts';

const { log } = texts.person;

/** The action log of a person in sentences, the newest first. */
export function Log({ profile: { userId, timeZone } }: { profile: Profile }) {
  const [parameters, change] = useParameters();
  const asked = parameters.get('day') ?? '';
  const day = isDay(asked) ? asked : undefined;
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useChanges(userId, day);
  const entries = data?.pages.flatMap(({ items }) => items);
  return (
    <Stack>
      <Group gap="sm" align="flex-end">
        <TextInput
          type="date"
          label={log.day}
          value={asked}
          onChange={({ currentTarget: { value } }) => change({ day: value }, { replace: true })}
        />
        {asked && (
          <Button variant="subtle" onClick={() => change({ day: undefined })}>
            {log.all}
          </Button>
        )}
      </Group>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!entries && !error && <Waiting />}
      {entries?.length === 0 && <Notice {...log.empty} />}
      {entries && entries.length > 0 && (
        <>
          <ol className="entries" aria-label={log.title}>
            {actionsOf(entries).map((action) => (
              <li key={action[0]?.entryId}>
                <Action action={action} timeZone={timeZone} />
              </li>
            ))}
          </ol>
          <ZoneNote timeZone={timeZone} />
        </>
      )}
      {hasNextPage && (
        <div>
          <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {log.more}
          </Button>
        </div>
      )}
    </Stack>
  );
}

/** A change of a plan and the change of the booking that it caused stand together, the plan first. */
function actionsOf(entries: readonly Change[]): Change[][] {
  const actions: Change[][] = [];
  for (const entry of entries) {
    const last = actions.at(-1);
    if (last?.[0]?.actionId === entry.actionId) last.unshift(entry);
    else actions.push([entry]);
  }
  return actions;
}

function Action({ action, timeZone }: { action: Change[]; timeZone: string }) {
  const [first] = action;
  if (!first) return null;
  return (
    <>
      <Text size="xs" c="dimmed">
        <time dateTime={first.eventTime}>{formatInstant(first.eventTime, timeZone)}</time>
      </Text>
      {action.map((entry) => (
        <Text key={entry.entryId} size="sm">
          {log.sentence(entry, formatWeekdayAndDay(entry.day))}
        </Text>
      ))}
    </>
  );
}

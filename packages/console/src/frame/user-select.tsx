import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { texts } from '../texts.ts';
import { clientOf } from './client.ts';
import { useOrganisation } from './session.ts';

const MOST_CHOICES = 20;
const PAUSE_MS = 200;

interface UserSelectProps {
  label: string;
  placeholder: string;
  nothingFound: string;
  /** The id of the chosen user. */
  value: string | undefined;
  onChange: (userId: string | undefined) => void;
}

/** Chooses an active user, searched on the server by parts of the name or e-mail address. */
export function UserSelect({ label, placeholder, nothingFound, value, onChange }: UserSelectProps) {
  const { organisation } = useOrganisation();
  const [text, setText] = useState('');
  const [search] = useDebouncedValue(text.trim(), PAUSE_MS);
  const { data = [], isFetching } = useQuery({
    queryKey: [organisation, 'users', 'choices', search],
    queryFn: ({ signal }) => findUsers(organisation, search, signal),
    enabled: search !== '' && value === undefined,
    placeholderData: keepPreviousData,
  });
  return (
    <Select
      label={label}
      placeholder={placeholder}
      miw={260}
      searchable
      clearable
      maxLength={100}
      // The server has searched already.
      filter={({ options }) => options}
      nothingFoundMessage={search === '' ? placeholder : isFetching ? texts.shell.loading : nothingFound}
      value={value ?? null}
      searchValue={text}
      onSearchChange={setText}
      onChange={(userId) => onChange(userId ?? undefined)}
      data={data}
    />
  );
}

async function findUsers(organisation: string, search: string, signal: AbortSignal) {
  const choices: { value: string; label: string }[] = [];
  const users = clientOf(organisation).manage.users.list({ search, status: 'active' }, { signal });
  for await (const { userId, userName, firstName, lastName } of users) {
    const name = [firstName, lastName].filter(Boolean).join(' ');
    const label = [name, userName].filter(Boolean).join(', ');
    if (choices.push({ value: userId, label }) === MOST_CHOICES) break;
  }
  return choices;
}

import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { clientOf } from '../frame/client.ts';
import { fullNameOf } from '../frame/names.ts';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';

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
  const filter = { search, status: 'active', limit: MOST_CHOICES };
  const { items } = await clientOf(organisation).manage.users.page(filter, { signal });
  return items.map((user) => ({ value: user.userId, label: fullNameOf(user) }));
}

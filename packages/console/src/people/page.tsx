import './style.css';
import { Stack, Text, TextInput, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { ImportKind } from '@rollcall/sdk';
import { useId } from 'react';
import { useParameters } from '../frame/address.ts';
import { useImport } from '../frame/csv-import/use-import.tsx';
import { Failure } from '../frame/failure.tsx';
import { Notice } from '../frame/notice.tsx';
import { Page } from '../frame/page.tsx';
import { hasTooManyWords, MOST_CHARACTERS, PAUSE_MS } from '../frame/search.ts';
import type { Role } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { VirtualList } from '../frame/virtual-list.tsx';
import { texts } from '../texts.ts';
import { type User, useCardHolders, usePeople } from './answers.ts';
import { PersonRow, ROW_HEIGHT } from './row.tsx';

const { people } = texts;
const LIST_HEIGHT = 560;

/** The kinds of files that each role may import here. */
const FILES: Readonly<Partial<Record<Role, readonly ImportKind[]>>> = {
  administrator: ['users', 'groups', 'access-credentials', 'week-plans'],
  planner: ['week-plans'],
};

/** Finds one of many people, or imports files of people. The address holds what one searches for or imports. */
export default function PeoplePage() {
  const { button, view } = useImport(FILES, people.backFromImport);
  return (
    <Page title={people.title} actions={button}>
      {view ?? <Search />}
    </Page>
  );
}

function Search() {
  const [parameters, change] = useParameters();
  const typed = parameters.get('search') ?? '';
  const [search] = useDebouncedValue(typed.trim(), PAUSE_MS);
  return (
    <Stack>
      <search>
        <TextInput
          type="search"
          label={people.search}
          description={people.searchHint}
          maw={420}
          maxLength={MOST_CHARACTERS}
          autoComplete="off"
          value={typed}
          error={hasTooManyWords(typed) ? people.tooManyWords : undefined}
          onChange={({ currentTarget: { value } }) => change({ search: value }, { replace: true })}
        />
      </search>
      <CardHolders search={search} />
      <Found search={search} />
    </Stack>
  );
}

function Found({ search }: { search: string }) {
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = usePeople(search);
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return hasTooManyWords(search) ? null : <Waiting />;
  const users = data.pages.flatMap(({ items }) => items);
  if (users.length === 0) return <Notice {...(search ? people.noMatch : people.empty)} />;
  return (
    <>
      <UserList
        key={search}
        label={people.list}
        users={users}
        onNearEnd={
          hasNextPage
            ? () => {
                if (!isFetchingNextPage && !error) void fetchNextPage();
              }
            : undefined
        }
      />
      {error && <Failure error={error} retry={() => void fetchNextPage()} />}
      <Text size="xs" c="dimmed" role="status">
        {isFetchingNextPage ? people.more : ''}
      </Text>
    </>
  );
}

function CardHolders({ search }: { search: string }) {
  const id = useId();
  const holders = useCardHolders(search);
  if (holders.length === 0) return null;
  return (
    <section aria-labelledby={id}>
      <Title order={2} id={id} mb="xs">
        {people.byCard}
      </Title>
      <UserList label={people.byCard} users={holders} />
    </section>
  );
}

interface UserListProps {
  label: string;
  users: readonly User[];
  onNearEnd?: (() => void) | undefined;
}

function UserList({ label, users, onNearEnd }: UserListProps) {
  return (
    <VirtualList
      label={label}
      count={users.length}
      rowHeight={ROW_HEIGHT}
      height={LIST_HEIGHT}
      row={(index) => {
        const user = users[index];
        return user && <PersonRow user={user} />;
      }}
      onNearEnd={onNearEnd}
    />
  );
}

import { Stack, Title } from '@mantine/core';
import type { ImportKind } from '@rollcall/sdk';
import { useId } from 'react';
import { useImport } from '../frame/csv-import/use-import.tsx';
import { Page } from '../frame/page.tsx';
import { FoundRows, SearchField, useSearch } from '../frame/search.tsx';
import type { Role } from '../frame/session.ts';
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
  const search = useSearch();
  const found = usePeople(search);
  return (
    <Stack>
      <SearchField label={people.search} hint={people.searchHint} />
      <CardHolders search={search} />
      <FoundRows found={found} search={search} none={search ? people.noMatch : people.empty}>
        {(users, onNearEnd) => (
          <UserList key={search} label={people.list} users={users} onNearEnd={onNearEnd} />
        )}
      </FoundRows>
    </Stack>
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

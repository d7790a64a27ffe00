import { Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { texts } from '../texts.ts';
import { useParameters } from './address.ts';
import { Failure } from './failure.tsx';
import { type Found, hasTooManyWords, MOST_CHARACTERS, PAUSE_MS } from './found.ts';
import { Notice } from './notice.tsx';
import { Waiting } from './shell.tsx';

/** What the address searches for, once nobody types any more. */
export function useSearch(): string {
  const [parameters] = useParameters();
  const [search] = useDebouncedValue((parameters.get('search') ?? '').trim(), PAUSE_MS);
  return search;
}

/** The field of the search in the address. Another search begins on the first page. */
export function SearchField({ label, hint }: { label: string; hint: string }) {
  const [parameters, change] = useParameters();
  const typed = parameters.get('search') ?? '';
  return (
    <search>
      <TextInput
        type="search"
        label={label}
        description={hint}
        maw={420}
        maxLength={MOST_CHARACTERS}
        autoComplete="off"
        value={typed}
        error={hasTooManyWords(typed) ? texts.search.tooManyWords : undefined}
        onChange={({ currentTarget: { value } }) =>
          change({ search: value, after: undefined }, { replace: true })
        }
      />
    </search>
  );
}

interface FoundRowsProps<Row> {
  found: Found<Row>;
  search: string;
  /** What to say if there is none. */
  none: { title: string; advice: string };
  /** Draws the rows. `onNearEnd` asks for more of them; undefined if no row follows. */
  children: (rows: readonly Row[], onNearEnd: (() => void) | undefined) => ReactNode;
}

/** The rows of `useFound`, or why there are none. */
export function FoundRows<Row>({ found, search, none, children }: FoundRowsProps<Row>) {
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = found;
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return hasTooManyWords(search) ? null : <Waiting />;
  const rows = data.pages.flatMap(({ items }) => items);
  if (rows.length === 0) return <Notice {...none} />;
  const onNearEnd = () => {
    if (!isFetchingNextPage && !error) void fetchNextPage();
  };
  return (
    <>
      {children(rows, hasNextPage ? onNearEnd : undefined)}
      {error && <Failure error={error} retry={() => void fetchNextPage()} />}
      <Text size="xs" c="dimmed" role="status">
        {isFetchingNextPage ? texts.search.more : ''}
      </Text>
    </>
  );
}

import { Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import {
  type InfiniteData,
  keepPreviousData,
  type QueryKey,
  type UseInfiniteQueryResult,
  useInfiniteQuery,
} from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { texts } from '../texts.ts';
import { useParameters } from './address.ts';
import { Failure } from './failure.tsx';
import { Notice } from './notice.tsx';
import { Waiting } from './shell.tsx';

/** The server takes at most so many words. */
const MOST_WORDS = 5;
/** The longest search that the server takes. */
const MOST_CHARACTERS = 100;
/** A search waits so long for the next letter. */
const PAUSE_MS = 200;
/** Rows of a page of the list. */
const PAGE = 100;

/** What the address searches for, once nobody types any more. */
export function useSearch(): string {
  const [parameters] = useParameters();
  const [search] = useDebouncedValue((parameters.get('search') ?? '').trim(), PAUSE_MS);
  return search;
}

/** The field of the search in the address. */
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
        onChange={({ currentTarget: { value } }) => change({ search: value }, { replace: true })}
      />
    </search>
  );
}

interface FoundPage<Row> {
  items: Row[];
  next?: string | null | undefined;
}
type Found<Row> = UseInfiniteQueryResult<InfiniteData<FoundPage<Row>>>;
interface PageFilter {
  search?: string;
  limit: number;
  after?: string;
}

/** The rows that the server finds, page by page. All rows if `search` is empty. */
export function useFound<Row>(
  queryKey: QueryKey,
  search: string,
  read: (filter: PageFilter, options: { signal: AbortSignal }) => Promise<FoundPage<Row>>,
): Found<Row> {
  return useInfiniteQuery({
    queryKey: [...queryKey, search],
    queryFn: ({ pageParam, signal }) =>
      read(
        { ...(search ? { search } : {}), limit: PAGE, ...(pageParam ? { after: pageParam } : {}) },
        { signal },
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    placeholderData: keepPreviousData,
    enabled: !hasTooManyWords(search),
  });
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

function hasTooManyWords(search: string): boolean {
  return search.split(/\s+/).filter((word) => word !== '').length > MOST_WORDS;
}

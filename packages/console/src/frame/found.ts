import {
  type InfiniteData,
  keepPreviousData,
  type QueryKey,
  type UseInfiniteQueryResult,
  useInfiniteQuery,
} from '@tanstack/react-query';

/** The longest search that the server takes. */
export const MOST_CHARACTERS = 100;
/** A search waits so long for the next letter. */
export const PAUSE_MS = 200;
/** The server takes at most so many words. */
const MOST_WORDS = 5;
/** Rows of a page of the list. */
const PAGE = 100;

export interface FoundPage<Row> {
  items: Row[];
  next?: string | null | undefined;
}
export type Found<Row> = UseInfiniteQueryResult<InfiniteData<FoundPage<Row>>>;
export interface PageFilter {
  search?: string;
  limit: number;
  after?: string;
}
/** Reads a page of what the server finds. */
export type ReadPage<Row> = (filter: PageFilter, options: { signal: AbortSignal }) => Promise<FoundPage<Row>>;

/** The rows that the server finds, page by page. All rows if `search` is empty. None until `isNeeded`. */
export function useFound<Row>(
  queryKey: QueryKey,
  search: string,
  read: ReadPage<Row>,
  isNeeded = true,
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
    enabled: isNeeded && !hasTooManyWords(search),
  });
}

export function hasTooManyWords(search: string): boolean {
  return wordsOf(search).length > MOST_WORDS;
}

/** As much of a search as the server takes. Each row of the whole search has these words, too. */
export function firstWords(search: string): string {
  return wordsOf(search).slice(0, MOST_WORDS).join(' ');
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

import type { Listing, Reply } from '@rollcall/sdk';
import { keepPreviousData, skipToken, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { clientOf } from '../frame/client.ts';
import { hasTooManyWords } from '../frame/search.ts';
import { useOrganisation } from '../frame/session.ts';

export type User = Listing<'GET /v1/manage/users'>;
type UserPage = Reply<'GET /v1/manage/users'>;

/** People of a page of the list. */
const PAGE = 100;

/** The people whom the server finds, page by page. All people if `search` is empty. */
export function usePeople(search: string) {
  const { organisation } = useOrganisation();
  return useInfiniteQuery({
    queryKey: [organisation, 'people', search],
    queryFn: ({ pageParam, signal }): Promise<UserPage> =>
      clientOf(organisation).manage.users.page(
        { ...(search ? { search } : {}), limit: PAGE, ...(pageParam ? { after: pageParam } : {}) },
        { signal },
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    placeholderData: keepPreviousData,
    enabled: !hasTooManyWords(search),
  });
}

/** Numbers of cards have a digit, and no blank or @ inside. */
const CARD = /^(?=.*\d)[^\s@]{3,}$/;

/** The people with a card of this number. Nobody if the text cannot be such a number. */
export function useCardHolders(search: string): User[] {
  const { organisation } = useOrganisation();
  const { data } = useQuery({
    queryKey: [organisation, 'people by card', search],
    queryFn: CARD.test(search)
      ? async ({ signal }) =>
          (await clientOf(organisation).manage.users.page({ card: search, limit: 10 }, { signal })).items
      : skipToken,
  });
  return data ?? [];
}

import type { Reply } from '@rollcall/sdk';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { clientOf } from '../frame/client.ts';
import { hasTooManyWords } from '../frame/search.ts';
import { useOrganisation } from '../frame/session.ts';

/** A person who may sign in. */
export type Account = Reply<'GET /v1/manage/accounts'>['items'][number];

type AccountPage = Reply<'GET /v1/manage/accounts'>;

/** A one-time link, which the server shows once. */
export type ShownLink = Pick<Reply<'POST /v1/manage/accounts/{accountId}/link'>, 'link' | 'expiresAt'> & {
  email: string;
};

export const ROLES = ['administrator', 'integrations', 'planner', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

/** The role of a choice. */
export function roleOf(value: string | null): Role | undefined {
  return ROLES.find((role) => role === value);
}

/** The key of what the page knows about the accounts of an organisation. */
export const accountsKey = (organisation: string) => ['accounts', organisation];

/** Accounts of a page of the list. */
const PAGE = 100;

/** The accounts that the server finds, page by page. All accounts if `search` is empty. */
export function useAccounts(search: string) {
  const { organisation } = useOrganisation();
  return useInfiniteQuery({
    queryKey: [...accountsKey(organisation), search],
    queryFn: ({ pageParam, signal }): Promise<AccountPage> =>
      clientOf(organisation).manage.accounts.page(
        { ...(search ? { search } : {}), limit: PAGE, ...(pageParam ? { after: pageParam } : {}) },
        { signal },
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    placeholderData: keepPreviousData,
    enabled: !hasTooManyWords(search),
  });
}

import type { Listing } from '@rollcall/sdk';
import { skipToken, useQuery } from '@tanstack/react-query';
import { clientOf } from '../frame/client.ts';
import { useFound } from '../frame/found.ts';
import { useOrganisation } from '../frame/session.ts';

export type User = Listing<'GET /v1/manage/users'>;

/** The people whom the server finds, page by page. All people if `search` is empty. */
export function usePeople(search: string) {
  const { organisation } = useOrganisation();
  return useFound<User>([organisation, 'people'], search, (filter, options) =>
    clientOf(organisation).manage.users.page(filter, options),
  );
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

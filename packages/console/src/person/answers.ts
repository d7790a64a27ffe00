import type { Listing, Reply } from '@rollcall/sdk';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { clientOf } from '../frame/client.ts';
import { addDays, type Day } from '../frame/days.ts';
import { queryClient, useOrganisation } from '../frame/session.ts';

export type Profile = Reply<'GET /v1/manage/users/{userId}/profile'>;
export type PersonDay = Reply<'GET /v1/manage/users/{userId}/attendance'>[number];
export type Change = Listing<'GET /v1/manage/users/{userId}/changes'>;

/** Entries of a page of the action log. */
const PAGE = 50;

export function useManage() {
  return clientOf(useOrganisation().organisation).manage;
}

export function useProfile(userId: string) {
  const { organisation } = useOrganisation();
  const manage = useManage();
  return useQuery<Profile>({
    queryKey: [organisation, 'person', userId, 'profile'],
    queryFn: ({ signal }) => manage.users.profile(userId, { signal }),
  });
}

/** The seven days from a Monday on. */
export function useWeek(userId: string, monday: Day) {
  const { organisation } = useOrganisation();
  const manage = useManage();
  return useQuery<PersonDay[]>({
    queryKey: [organisation, 'person', userId, 'week', monday],
    queryFn: async ({ signal }) =>
      manage.users.attendance(userId, { startDate: monday, endDate: addDays(monday, 6) }, { signal }),
  });
}

/** The action log, the newest first, page by page. `day` selects the changes of one day. */
export function useChanges(userId: string, day: Day | undefined) {
  const { organisation } = useOrganisation();
  const manage = useManage();
  return useInfiniteQuery({
    queryKey: [organisation, 'person', userId, 'changes', day],
    queryFn: ({ pageParam, signal }) =>
      manage.users.changesPage(
        userId,
        { ...(day ? { day } : {}), limit: PAGE, after: pageParam },
        { signal },
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    // An entry may be added at any time.
    staleTime: 0,
  });
}

/** Asks again for everything about a person. */
export function forgetPerson(organisation: string, userId: string): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: [organisation, 'person', userId] });
}

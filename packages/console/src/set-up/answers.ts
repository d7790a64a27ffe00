import type { Reply } from '@rollcall/sdk';
import { useQuery } from '@tanstack/react-query';
import { clientOf } from '../frame/client.ts';
import { useOrganisation } from '../frame/session.ts';
import type { Source } from '../frame/sources.ts';

type Office = Reply<'GET /v1/manage/today'>['offices'][number];
export type Refusal = Reply<'GET /v1/manage/refused-events'>['items'][number];

/** What is there already. */
export interface Progress {
  offices: number;
  hasPeople: boolean;
  /** Active keys that may submit presence events. */
  keys: number;
  /** An office with an event of its day; undefined while there is none. */
  arrivedAt: Office | undefined;
  /** Another source whose event was accepted; undefined while there is none. */
  arrivedFrom: Source | undefined;
}

/** An organisation has no more active keys. */
const MOST_KEYS = 1_000;
const ASK_EVERY_MS = 1_000;
const ASK_SLOWLY_MS = 5_000;

/** How far set-up is. It asks again while somebody can see the page. */
export function useProgress() {
  const { organisation } = useOrganisation();
  const { manage } = clientOf(organisation);
  const today = useQuery({
    queryKey: [organisation, 'today'],
    queryFn: ({ signal }) => manage.today({ signal }),
    refetchInterval: ({ state }) => (arrivedIn(state.data?.offices) ? false : ASK_EVERY_MS),
    staleTime: 0,
  });
  const people = useQuery({
    queryKey: [organisation, 'has people'],
    queryFn: async ({ signal }) => (await manage.users.page({ limit: 1 }, { signal })).items.length > 0,
    refetchInterval: ({ state }) => (state.data ? false : ASK_SLOWLY_MS),
    staleTime: 0,
  });
  const keys = useQuery({
    queryKey: [organisation, 'keys'],
    queryFn: ({ signal }) => manage.keys.page({ active: true, limit: MOST_KEYS }, { signal }),
    staleTime: 0,
  });
  const isWaiting =
    keys.data !== undefined && submitting(keys.data.items) > 0 && !arrivedIn(today.data?.offices);
  const arrivedFrom = useAcceptedSource(isWaiting);
  const answers = [today, people, keys];
  const progress: Progress | undefined =
    today.data && people.data !== undefined && keys.data
      ? {
          offices: today.data.offices.length,
          hasPeople: people.data,
          keys: submitting(keys.data.items),
          arrivedAt: arrivedIn(today.data.offices),
          arrivedFrom,
        }
      : undefined;
  return {
    progress,
    error: answers.find(({ error }) => error)?.error,
    refetch: () => {
      for (const each of answers) if (each.error) void each.refetch();
    },
  };
}

/**
 * A source whose event was accepted, which it asks for while `isWaiting`. It knows events of other days and of other
 * kinds, which no office shows today.
 */
function useAcceptedSource(isWaiting: boolean): Source | undefined {
  const { organisation } = useOrganisation();
  const { data } = useQuery<Source | null>({
    queryKey: [organisation, 'accepted source'],
    queryFn: async ({ signal }) =>
      (await clientOf(organisation).manage.sources({ signal })).find(hasAccepted) ?? null,
    enabled: isWaiting,
    refetchInterval: ({ state: { data, dataUpdateCount } }) =>
      data ? false : dataUpdateCount === 0 ? ASK_EVERY_MS : ASK_SLOWLY_MS,
    // The page is there before it asks for this.
    initialData: null,
    staleTime: ASK_EVERY_MS,
  });
  return data ?? undefined;
}

/** The latest refused event, which it asks for again and again while `isWaiting`. */
export function useLastRefusal(isWaiting: boolean): Refusal | undefined {
  const { organisation } = useOrganisation();
  const { data } = useQuery<Refusal | null>({
    queryKey: [organisation, 'last refusal'],
    queryFn: async ({ signal }) => {
      const { items } = await clientOf(organisation).manage.refusedEventsPage({ limit: 1 }, { signal });
      return items[0] ?? null;
    },
    enabled: isWaiting,
    refetchInterval: ASK_EVERY_MS,
    // The page is there before it asks for this.
    initialData: null,
    staleTime: ASK_EVERY_MS,
  });
  return data ?? undefined;
}

/** How many keys may submit presence events. */
function submitting(keys: readonly { role: string }[]): number {
  return keys.filter(({ role }) => role === 'submitting-events' || role === 'all').length;
}

function hasAccepted({ days }: Source): boolean {
  return days.accepted.some((count) => count > 0);
}

function arrivedIn(offices: readonly Office[] | undefined): Office | undefined {
  return offices?.find(({ lastSeenAt, visitors }) => lastSeenAt !== null || visitors > 0);
}

import type { Reply } from '@rollcall/sdk';
import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query';
import { clientOf } from '../frame/client.ts';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';

export type CountedCause = Reply<'GET /v1/manage/refused-events/causes'>['items'][number];
export type RefusedEvent = Reply<'GET /v1/manage/refused-events'>['items'][number];
export type Cause = NonNullable<CountedCause['cause']>;

export const STATES = ['open', 'mended'] as const;
export type State = (typeof STATES)[number];

/** Events on a page of the list. */
const PAGE = 50;
/** The first part of the keys of all questions about refused events. */
export const REFUSED = 'refused events';

/** What the address asks for. */
export interface Question {
  state: State;
  cause: Cause | undefined;
  /** The `sourceId` of the events; undefined for all sources. */
  source: string | undefined;
  /** The position after which the page of the list begins. */
  after: string | undefined;
  /** The id of the event whose details are open. */
  event: string | undefined;
}

export function questionOf(parameters: URLSearchParams): Question {
  const cause = parameters.get('cause') ?? '';
  return {
    state: parameters.get('state') === 'mended' ? 'mended' : 'open',
    cause: Object.hasOwn(texts.refused.causes, cause) ? (cause as Cause) : undefined,
    source: parameters.get('source') || undefined,
    after: parameters.get('after') ?? undefined,
    event: parameters.get('event') ?? undefined,
  };
}

/** The refused events of each cause, counted. */
export function useCauses({ state, source }: Pick<Question, 'state' | 'source'>) {
  const { organisation } = useOrganisation();
  return useQuery<CountedCause[]>({
    queryKey: [organisation, REFUSED, 'causes', state, source],
    queryFn: ({ signal }) =>
      clientOf(organisation).manage.refusalCauses({ state, sourceId: source }, { signal }),
  });
}

/** A page of refused events, the newest first. */
export function useEvents({ state, cause, source, after }: Question) {
  const { organisation } = useOrganisation();
  return useQuery<Reply<'GET /v1/manage/refused-events'>>({
    queryKey: [organisation, REFUSED, 'events', state, cause, source, after],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      clientOf(organisation).manage.refusedEventsPage(
        { state, cause, sourceId: source, after, limit: PAGE },
        { signal },
      ),
  });
}

/** One refused event in any state; null if there is none. */
export function useEvent(refusalId: string | undefined) {
  const { organisation } = useOrganisation();
  return useQuery<RefusedEvent | null>({
    queryKey: [organisation, REFUSED, 'event', refusalId],
    queryFn:
      refusalId === undefined
        ? skipToken
        : async ({ signal }) => {
            const page = await clientOf(organisation).manage.refusedEventsPage(
              { state: 'all', refusalId },
              { signal },
            );
            return page.items[0] ?? null;
          },
  });
}

/** The name of a cause, and what to do about it. */
export function explanationOf(cause: Cause | null): { name: string; advice: string } {
  return cause === null ? texts.refused.noCause : texts.refused.causes[cause];
}

import { useQuery } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { clientOf } from '../../frame/client.ts';
import { queryClient, useOrganisation } from '../../frame/session.ts';
import type { Plan } from '../plan.ts';
import { draftCalls } from './draft-calls.ts';
import { DraftSession, type SessionState } from './draft-session.ts';

const draftKey = (organisation: string, levelId: string) => [organisation, 'floor draft', levelId] as const;

// A session must store nothing after its person has signed out: the next one has the same browser.
queryClient.getQueryCache().subscribe(({ type, query }) => {
  if (type === 'removed' && query.state.data instanceof DraftSession) query.state.data.end();
});

/** The session of a level's draft; null if there is no draft. It is kept, with what is not stored, until `forgetDraft`. */
export function useDraft(levelId: string) {
  const { organisation } = useOrganisation();
  return useQuery<DraftSession | null>({
    queryKey: draftKey(organisation, levelId),
    queryFn: async () => {
      const calls = draftCalls(clientOf(organisation), levelId);
      const draft = await calls.read();
      return draft && new DraftSession(calls, draft);
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
  });
}

/** Makes the first draft of a level. `basedOn` is the version of the published plan that one has seen. */
export async function beginDraft(
  organisation: string,
  levelId: string,
  plan: Plan,
  basedOn: number | null,
): Promise<void> {
  const calls = draftCalls(clientOf(organisation), levelId);
  const session = new DraftSession(calls, await calls.store(plan, null, basedOn));
  queryClient.setQueryData(draftKey(organisation, levelId), session);
}

/** The next visit reads the draft again. */
export function forgetDraft(organisation: string, levelId: string): void {
  queryClient.removeQueries({ queryKey: draftKey(organisation, levelId) });
}

export function useSessionState(session: DraftSession): SessionState {
  return useSyncExternalStore(session.subscribe, session.state);
}

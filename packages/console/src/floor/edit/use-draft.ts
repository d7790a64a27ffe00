import { useQuery } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { clientOf } from '../../frame/client.ts';
import { noteTyped, takeTyped } from '../../frame/kept.ts';
import { loseSession, queryClient, useOrganisation } from '../../frame/session.ts';
import { readFloor } from '../answers.ts';
import type { Plan } from '../plan.ts';
import type { DraftCalls, SessionState, UnstoredDraft, VersionedDraft } from './draft.ts';
import { draftCalls } from './draft-calls.ts';
import { DraftSession } from './draft-session.ts';

const draftKey = (organisation: string, levelId: string) => [organisation, 'floor draft', levelId] as const;
const keptKey = (organisation: string, levelId: string) => `draft of ${organisation} ${levelId}`;

// A session must store nothing after its person has signed out: the next one has the same browser.
queryClient.getQueryCache().subscribe(({ type, query }) => {
  if (type === 'removed' && query.state.data instanceof DraftSession) query.state.data.end();
});

/**
 * The session of a level's draft; null if there is no draft. A session is kept, with what is not stored, until
 * `forgetDraft`.
 */
export function useDraft(levelId: string) {
  const { organisation } = useOrganisation();
  const queryKey = draftKey(organisation, levelId);
  return useQuery<DraftSession | null>({
    queryKey,
    queryFn: async () => {
      const open = queryClient.getQueryData<DraftSession | null>(queryKey);
      // The session may have more than the server.
      if (open && !open.isOver) return open;
      const calls = callsOf(organisation, levelId);
      return sessionOf(calls, keptKey(organisation, levelId), await calls.read());
    },
    // Somebody else may begin a draft.
    staleTime: ({ state: { data } }) => (data ? Number.POSITIVE_INFINITY : 0),
    gcTime: Number.POSITIVE_INFINITY,
  });
}

/** What the first draft of a level begins with. */
export interface FirstDraft {
  plan: Plan;
  /** The version of the published plan that one has seen; 0 if there was none. */
  basedOn: number;
  /** How many placements of that plan are hidden, if the draft begins with it. */
  hidden?: number;
}

/**
 * Makes the first draft of a level.
 *
 * @throws ConflictError if somebody else has begun a draft, or if a hidden node has come back.
 */
export async function beginDraft(
  organisation: string,
  levelId: string,
  { plan, basedOn, hidden }: FirstDraft,
): Promise<void> {
  const calls = callsOf(organisation, levelId);
  const stored = await calls.store(plan, null, basedOn, hidden);
  const session = sessionOf(calls, keptKey(organisation, levelId), stored);
  queryClient.setQueryData(draftKey(organisation, levelId), session);
}

/** Asks again whether the level has a draft. A session that is there stays. */
export function readDraftAgain(organisation: string, levelId: string): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: draftKey(organisation, levelId) });
}

/** The next visit reads the draft again. A page that shows it keeps it. */
export function forgetDraft(organisation: string, levelId: string): void {
  queryClient.removeQueries({ queryKey: draftKey(organisation, levelId), type: 'inactive' });
}

export function useSessionState(session: DraftSession): SessionState {
  return useSyncExternalStore(session.subscribe, session.state);
}

function callsOf(organisation: string, levelId: string): DraftCalls {
  return draftCalls(clientOf(organisation), levelId, {
    signIn: loseSession,
    // The page then shows the same nodes.
    nodeIds: async () => (await readFloor(organisation, levelId)).items.map(({ nodeId }) => nodeId),
  });
}

/** The session of a draft, with what was not stored when its person had to sign in again. */
function sessionOf(calls: DraftCalls, kept: string, draft: VersionedDraft | null): DraftSession | null {
  const unstored = takeTyped<UnstoredDraft>(kept);
  const session = unstored
    ? DraftSession.resumed(calls, unstored, draft)
    : draft && new DraftSession(calls, draft);
  if (!session) return null;
  /** The browser asks before it closes a page with changes that are not stored. */
  const warn = (event: Event) => event.preventDefault();
  const note = () => {
    noteTyped(kept, session.unstored);
    if (session.isStored) removeEventListener('beforeunload', warn);
    else addEventListener('beforeunload', warn);
  };
  session.subscribe(note);
  note();
  return session;
}

import { AuthenticationError, type Reply } from '@rollcall/sdk';
import { MutationCache, QueryCache, QueryClient, useQuery } from '@tanstack/react-query';
import { createContext, use } from 'react';
import { clientOf } from './client.ts';
import { forgetTyped, keepTyped } from './kept.ts';

export type Session = Reply<'GET /v1/session'>;
export type Organisation = Session['organisations'][number];
/** What a person may do in an organisation. */
export type Role = Organisation['role'];

/** Whether a role may see who is where. */
export function seesPeople(role: Role): boolean {
  return role === 'administrator' || role === 'planner';
}

const SESSION = ['session'];

/** The `meta` of a change that signs in: its 401 is about what was typed, and not about the session. */
export const SIGNS_IN = { signsIn: true };

/** What the pages know. A 401 to any question or change means that nobody is signed in any more. */
export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (error instanceof AuthenticationError) loseSession();
    },
  }),
  mutationCache: new MutationCache({
    onError: (error, _variables, _result, { meta }) => {
      if (error instanceof AuthenticationError && !meta?.signsIn) loseSession();
    },
  }),
  // The client of the API has retried already.
  defaultOptions: { queries: { retry: false, staleTime: 60_000 } },
});

/** Who is signed in; null if nobody is. Undefined until that is known. */
export function useSession() {
  return useQuery<Session | null>({
    queryKey: SESSION,
    queryFn: ({ signal }) =>
      clientOf()
        .session.get({ signal })
        .catch((error: unknown) => {
          if (error instanceof AuthenticationError) return null;
          throw error;
        }),
  });
}

/** Starts with nothing but the new session, because the data may be another person's. */
export function enterSession(session: Session): void {
  forgetTyped({ exceptOf: session.account.accountId });
  queryClient.clear();
  queryClient.setQueryData(SESSION, session);
}

/** Notes what the server says about the session after a change of the account. */
export function updateSession(session: Session): void {
  queryClient.setQueryData(SESSION, session);
}

/** Leads to the sign-in page, because the session has ended. What was typed waits for the same person. */
export function loseSession(): void {
  const session = queryClient.getQueryData<Session | null>(SESSION);
  if (session) keepTyped(session.account.accountId);
  forgetData();
}

/** Removes all data from memory, and leads to the sign-in page. */
export function forgetEverything(): void {
  forgetTyped();
  forgetData();
}

function forgetData(): void {
  queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION[0] });
  queryClient.setQueryData(SESSION, null);
}

/** The other tabs of this browser have the same session. */
const otherTabs = new BroadcastChannel('rollcall-sign-out');
otherTabs.onmessage = forgetEverything;

/** Signs out on the server, then forgets what the pages of all tabs know. */
export async function signOut(): Promise<void> {
  await clientOf()
    .session.signOut()
    .catch((error: unknown) => {
      if (!(error instanceof AuthenticationError)) throw error;
    });
  forgetEverything();
  otherTabs.postMessage(null);
}

export const OrganisationContext = createContext<Organisation | undefined>(undefined);

/** The organisation that the address names. */
export function useOrganisation(): Organisation {
  const organisation = use(OrganisationContext);
  if (!organisation) throw new Error('There is no organisation around this component.');
  return organisation;
}

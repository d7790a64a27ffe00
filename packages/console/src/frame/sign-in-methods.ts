import { queryOptions } from '@tanstack/react-query';
import { clientOf } from './client.ts';

/** The question how people sign in to this server. */
export const signInMethods = queryOptions({
  queryKey: ['sign-in methods'],
  queryFn: ({ signal }) => clientOf().session.methods({ signal }),
});

import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { DayAuthor } from '../store/workday/action-log.ts';
import { type Access, callerOf } from './guard.ts';

/** The configuration of the routes below /v1/manage. */
export const CONFIG = { access: { scheme: 'bearer', roles: ['all'] } satisfies Access };
/** The tags and security of these routes in the OpenAPI document. */
export const DOCUMENTED = { tags: ['Management'], security: [{ bearer: [] }] };

/**
 * The caller, a key or a person, as the author of changes of days. The action log records `reason`, unless a change has
 * a reason of its own. Throws if the route has no guard.
 *
 * @param clock milliseconds since the epoch
 */
export function authorOf(
  request: FastifyRequest,
  clock: () => number,
  reason: string | null = null,
): DayAuthor {
  return {
    actor: { changedBy: 'admin', name: callerOf(request).name, reason },
    at: new Date(clock()),
  };
}

/** The parameter of the query by which a link of the console names the organisation: for a route with `organisationInQuery`. */
export const ORGANISATION_QUERY = {
  organisation: Type.Optional(
    Type.String({
      description:
        'for a person with a session: the slug of the organisation, in place of the header Rollcall-Organisation, which a link cannot have',
    }),
  ),
};

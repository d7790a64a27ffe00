import type { FastifyRequest } from 'fastify';
import { HttpProblem } from '../http/errors.ts';
import type { AccountRole } from '../store/auth/account-roles.ts';
import type { SessionRow } from '../store/auth/sessions.ts';
import type { Caller } from './caller.ts';
import { peopleRolesOf } from './people-access.ts';
import { refuseOtherOrigin, requireSameOrigin } from './same-origin.ts';
import type { Sessions } from './sessions.ts';

/** The header by which a person's request names the organisation, by its slug. */
export const ORGANISATION_HEADER = 'rollcall-organisation';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A link of the console may open the route. It takes `ORGANISATION_QUERY`, from pages of the own origin only. */
    organisationInQuery?: true;
  }
}

/** The session of a request's cookie. Throws a 401 if it has ended, and a 403 for a change from another origin. */
export async function requireSession(
  request: FastifyRequest,
  sessions: Sessions,
  challenge: string,
): Promise<SessionRow> {
  const session = await sessions.prove(request);
  if (!session) throw noSession(challenge);
  requireSameOrigin(request);
  return session;
}

/** 401, also for a session that has ended since the request began. */
export function noSession(challenge: string): HttpProblem {
  return new HttpProblem(401, 'There is no session, or it has ended; sign in again.', {
    headers: { 'www-authenticate': challenge },
  });
}

/** The person of a session as the caller of a route. Throws a 403 for another organisation. */
export function callerOfSession(
  request: FastifyRequest,
  session: SessionRow,
): Extract<Caller, { kind: 'account' }> {
  const { tenantId, role } = membershipOf(request, session);
  const { accountId, email, emailFolded } = session;
  return { kind: 'account', tenantId, name: email, nameFolded: emailFolded, role, accountId };
}

/** Throws a 403 if a person with this role may not call the route. */
export function requireRole(request: FastifyRequest, role: AccountRole): void {
  const { url = '' } = request.route;
  const roles = peopleRolesOf({ method: request.method, url }) ?? [];
  if (!roles.includes(role)) {
    throw new HttpProblem(
      403,
      roles.length === 0
        ? 'People may not call this; it takes a key or a token.'
        : `A person with the role ${role} may not call this; roles that may: ${roles.join(', ')}.`,
      { refusal: 'role' },
    );
  }
}

function organisationInQuery(request: FastifyRequest): string | undefined {
  if (!request.routeOptions.config.organisationInQuery) return undefined;
  const { organisation } = request.query as { organisation?: string };
  // The browser sends the cookie with a link of another page, too.
  if (organisation !== undefined) refuseOtherOrigin(request);
  return organisation;
}

function membershipOf(request: FastifyRequest, { organisations }: SessionRow) {
  const slug = request.headers[ORGANISATION_HEADER] ?? organisationInQuery(request);
  const [only, ...others] = organisations;
  if (slug === undefined && others.length > 0) {
    throw new HttpProblem(
      403,
      'You belong to several organisations; name one in the header Rollcall-Organisation.',
    );
  }
  const membership = slug === undefined ? only : organisations.find((each) => each.slug === slug);
  if (!membership) {
    throw new HttpProblem(403, 'You do not belong to this organisation, or there is no such organisation.');
  }
  return membership;
}

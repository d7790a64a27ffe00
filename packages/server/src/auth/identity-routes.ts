import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { HttpProblem } from '../http/errors.ts';
import { problems } from '../http/schema.ts';
import { type IdentityRemoval, listIdentities, removeIdentity } from '../store/auth/identities.ts';
import type { Database } from '../store/connections/db.ts';
import { parseGuid } from '../store/values/guid.ts';
import { sessionOf } from './guard.ts';
import { protectSignIns, TAGS } from './session-views.ts';
import type { Sessions } from './sessions.ts';

export interface IdentityRoutesOptions {
  database: Database;
  sessions: Sessions;
  /** The issuer of the server's identity provider; null without one. */
  usableIssuer: string | null;
}

const MaybeText = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

const IdentityView = Type.Object({
  identityId: Type.String(),
  issuer: Type.String({ description: 'the identity provider' }),
  subject: Type.String({ description: 'the id of the person at the provider' }),
  email: MaybeText('the address of the person at the provider, at the last sign-in'),
  connectedAt: Type.String({ format: 'date-time' }),
  lastUsedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  usable: Type.Boolean({ description: 'whether it is an identity at the present provider of the server' }),
  current: Type.Boolean({ description: 'whether the session of this request began with it' }),
});

const OWN = { tags: TAGS, security: [{ session: [] }] };

/** The identities with which a person signs in: a person sees the own ones, and disconnects them. */
export const identityRoutes: FastifyPluginAsyncTypebox<IdentityRoutesOptions> = async (app, options) => {
  const { database, sessions, usableIssuer } = options;
  protectSignIns(app, sessions);

  app.route({
    method: 'GET',
    url: '/v1/session/identities',
    config: { access: 'session' },
    schema: {
      ...OWN,
      summary: "List one's own identities at identity providers, the oldest first",
      response: { 200: Type.Object({ items: Type.Array(IdentityView) }), ...problems(401, 503) },
    },
    handler: async (request) => {
      const session = sessionOf(request);
      const rows = await database.inSystem((tx) => listIdentities(tx, session.accountId, usableIssuer));
      return {
        items: rows.map(({ linkedAt, lastUsedAt, ...identity }) => ({
          ...identity,
          connectedAt: linkedAt.toISOString(),
          lastUsedAt: lastUsedAt?.toISOString() ?? null,
          current: identity.identityId === session.identityId,
        })),
      };
    },
  });

  app.route({
    method: 'DELETE',
    url: '/v1/session/identities/:identityId',
    config: { access: 'session' },
    schema: {
      ...OWN,
      summary: 'Disconnect an identity; takes a sign-in of the last 10 minutes',
      description:
        'All other sessions that began with it end, and so do the roles of its claim. The answer is 409, and the identity ' +
        'stays, if it is the last way to sign in, if no role would be left, or if an organisation would lose its last ' +
        'administrator.',
      params: Type.Object({ identityId: Type.String() }),
      response: { 204: Type.Null(), ...problems(401, 403, 404, 409, 503) },
    },
    handler: async (request, reply) => {
      const session = sessionOf(request);
      sessions.requireFresh(session);
      const { accountId, sessionId: keptSessionId } = session;
      const identityId = parseGuid(request.params.identityId);
      if (!identityId) throw refusalOf('unknown');
      const outcome = await database.inSystem(async (tx) => {
        const removed = await removeIdentity(tx, { accountId, identityId, keptSessionId, usableIssuer });
        if (removed === 'done')
          await app.audit.addOwn(tx, request, session, 'account.identity-disconnected', {});
        return removed;
      });
      if (outcome !== 'done') throw refusalOf(outcome);
      return reply.code(204).send(null);
    },
  });
};

/** 409: without it, nobody could sign in to the account any more. */
export function lastWay(): HttpProblem {
  return new HttpProblem(
    409,
    'This is the only way to sign in to your account; add another one first, or set a password by a link.',
  );
}

function refusalOf(outcome: Exclude<IdentityRemoval, 'done'>): HttpProblem {
  switch (outcome) {
    case 'unknown':
      return new HttpProblem(404, 'You have no identity with this id.');
    case 'last way':
      return lastWay();
    case 'last role':
      return new HttpProblem(
        409,
        'Your only roles come from this identity; an administrator must give you a role first.',
      );
    case 'last administrator':
      return new HttpProblem(
        409,
        'This identity makes you the last administrator of an organisation; make another person an administrator first.',
      );
  }
}

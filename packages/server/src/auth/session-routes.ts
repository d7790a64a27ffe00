import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { HttpProblem } from '../http/errors.ts';
import { Maybe, problems } from '../http/schema.ts';
import { changeOwnAccount } from '../store/auth/accounts.ts';
import { endSessions, listSessions } from '../store/auth/sessions.ts';
import type { Database } from '../store/connections/db.ts';
import { parseGuid } from '../store/values/guid.ts';
import { checkedName } from './account-texts.ts';
import { sessionOf } from './guard.ts';
import { PasskeyAnswer } from './passkey-json.ts';
import type { PasskeySignIns } from './passkey-sign-ins.ts';
import {
  ListedSessionView,
  listedSessions,
  protectSignIns,
  SessionView,
  SIGN_IN_PROBLEMS,
  TAGS,
  viewOf,
} from './session-views.ts';
import type { Sessions } from './sessions.ts';
import type { SecondFactor, SignIns } from './sign-ins.ts';

export interface SessionRoutesOptions {
  database: Database;
  sessions: Sessions;
  signIns: SignIns;
  passkeySignIns: PasskeySignIns;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

/** Unknown callers use these routes, so the server reads no more than a password and a link need. */
const BODY_LIMIT_BYTES = 8 * 1024;
const Passkey = Maybe(PasskeyAnswer);
const OWN = { tags: TAGS, security: [{ session: [] }] };

/** /v1/session: people sign in and out, and see their own sessions. */
export const sessionRoutes: FastifyPluginAsyncTypebox<SessionRoutesOptions> = async (app, options) => {
  const { database, sessions, signIns, passkeySignIns, clock } = options;
  protectSignIns(app, sessions);

  app.route({
    method: 'POST',
    url: '/v1/session',
    bodyLimit: BODY_LIMIT_BYTES,
    config: { access: 'public' },
    schema: {
      tags: TAGS,
      summary: 'Sign in with a password',
      description:
        'An account may require a passkey besides. If `passkey` is missing, the answer is a 400 that names it.',
      body: Type.Object({ email: Type.String(), password: Type.String(), passkey: Passkey }),
      response: { 200: SessionView, ...SIGN_IN_PROBLEMS },
    },
    handler: async (request, reply) => {
      const { passkey = null, ...credentials } = request.body;
      const secondFactor: SecondFactor = (attempt) =>
        passkeySignIns.asSecondFactor(request, reply, passkey as never, attempt);
      const signedIn = await signIns.byPassword(request, credentials, secondFactor);
      app.audit.noteSignIn(request, signedIn.session);
      await sessions.sendToken(request, reply, signedIn);
      return viewOf(signedIn.session);
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/session/link',
    bodyLimit: BODY_LIMIT_BYTES,
    config: { access: 'public' },
    schema: {
      tags: TAGS,
      summary: 'Redeem a one-time link: sign in, accept an invitation or set a password',
      description:
        'A link that sets a password takes a new `password`, and no other way to sign in works afterwards: a link for another ' +
        'password, and the invitation of an account that has accepted no role. Another invitation takes the password of the ' +
        'account, unless the request has a session of it, which goes on. If `password` is missing, the answer is a 400 that ' +
        'names it, and the link can be used again. The same goes for `passkey`, if the account requires one.',
      body: Type.Object({
        token: Type.String({ description: 'the part of the link after `#token=`' }),
        name: Maybe(Type.String({ description: 'name of the person' })),
        password: Maybe(Type.String()),
        passkey: Passkey,
      }),
      response: { 200: SessionView, ...SIGN_IN_PROBLEMS, ...problems(409) },
    },
    handler: async (request, reply) => {
      const { token: linkToken, name = null, password = null, passkey = null } = request.body;
      const secondFactor: SecondFactor = (attempt) =>
        passkeySignIns.asSecondFactor(request, reply, passkey as never, attempt);
      const proof = { token: linkToken, name, password };
      const signedIn = await signIns.byLink(request, proof, secondFactor);
      app.audit.noteSignIn(request, signedIn.session);
      await sessions.sendToken(request, reply, signedIn);
      return viewOf(signedIn.session);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/session',
    config: { access: 'session' },
    schema: {
      ...OWN,
      summary: 'Read who is signed in',
      response: { 200: SessionView, ...problems(401, 503) },
    },
    handler: async (request) => viewOf(sessionOf(request)),
  });

  app.route({
    method: 'PATCH',
    url: '/v1/session',
    bodyLimit: BODY_LIMIT_BYTES,
    config: { access: 'session' },
    schema: {
      ...OWN,
      summary: "Change one's own account",
      body: Type.Object({
        name: Maybe(Type.String({ description: 'name of the person' })),
        passkeyRequired: Maybe(
          Type.Boolean({
            description:
              'whether a password or a link is not enough without a passkey; takes a sign-in of the last 10 minutes',
          }),
        ),
      }),
      response: { 200: SessionView, ...problems(400, 401, 403, 408, 409, 413, 415, 503) },
    },
    handler: async (request) => {
      const session = sessionOf(request);
      const { name = null, passkeyRequired = null } = request.body;
      if (passkeyRequired !== null) sessions.requireFresh(session);
      const change = { name: name === null ? null : checkedName(name), passkeyRequired };
      await database.inSystem(async (tx) => {
        if (!(await changeOwnAccount(tx, session.accountId, change))) {
          throw new HttpProblem(409, 'The account has no passkey; add one first.');
        }
        const members = Object.entries(change).flatMap(([member, value]) => (value === null ? [] : member));
        await app.audit.addOwn(tx, request, session, 'account.changed', { members });
      });
      return viewOf({
        ...session,
        name: change.name ?? session.name,
        passkeyRequired: passkeyRequired ?? session.passkeyRequired,
      });
    },
  });

  app.route({
    method: 'DELETE',
    url: '/v1/session',
    config: { access: 'session' },
    schema: { ...OWN, summary: 'Sign out', response: { 204: Type.Null(), ...problems(401, 403, 503) } },
    handler: async (request, reply) => {
      const session = sessionOf(request);
      await database.inSystem(async (tx) => {
        await endSessions(tx, session.accountId, session.sessionId);
        await app.audit.addOwn(tx, request, session, 'session.ended', { sessions: 'own' });
      });
      await sessions.clearToken(request, reply);
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: 'PUT',
    url: '/v1/session/password',
    bodyLimit: BODY_LIMIT_BYTES,
    config: { access: 'session' },
    schema: {
      ...OWN,
      summary: "Change one's own password; all other sessions end",
      body: Type.Object({ currentPassword: Type.String(), newPassword: Type.String() }),
      response: { 204: Type.Null(), ...problems(400, 401, 403, 408, 413, 415, 429, 503) },
    },
    handler: async (request, reply) => {
      const session = sessionOf(request);
      const token = await signIns.changePassword(request, session, request.body);
      await sessions.sendToken(request, reply, { session: { ...session, method: 'password' }, token });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/session/sessions',
    config: { access: 'session' },
    schema: {
      ...OWN,
      summary: "List one's own sessions, the newest first",
      response: { 200: Type.Object({ items: Type.Array(ListedSessionView) }), ...problems(401, 503) },
    },
    handler: async (request) => {
      const { accountId, sessionId } = sessionOf(request);
      const rows = await database.inSystem((tx) => listSessions(tx, accountId));
      return { items: listedSessions(rows, clock(), sessionId) };
    },
  });

  app.route({
    method: 'DELETE',
    url: '/v1/session/sessions/:sessionId',
    config: { access: 'session' },
    schema: {
      ...OWN,
      summary: "End one of one's own sessions",
      params: Type.Object({ sessionId: Type.String() }),
      response: { 204: Type.Null(), ...problems(401, 403, 404, 503) },
    },
    handler: async (request, reply) => {
      const own = sessionOf(request);
      const sessionId = parseGuid(request.params.sessionId);
      const nothing = new HttpProblem(404, 'You have no session with this id.');
      if (!sessionId) throw nothing;
      await database.inSystem(async (tx) => {
        if ((await endSessions(tx, own.accountId, sessionId)) === 0) throw nothing;
        await app.audit.addOwn(tx, request, own, 'session.ended', { sessions: 'one' });
      });
      if (sessionId === own.sessionId) await sessions.clearToken(request, reply);
      return reply.code(204).send(null);
    },
  });
};

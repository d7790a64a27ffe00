import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { HttpProblem } from '../http/errors.ts';
import { Maybe, problems } from '../http/schema.ts';
import { ACCOUNT_ROLES } from '../store/auth/account-roles.ts';
import { endSessions, type ListedSession, listSessions, type SessionRow } from '../store/auth/sessions.ts';
import type { Database } from '../store/connections/db.ts';
import { parseGuid } from '../store/values/guid.ts';
import { sessionOf } from './guard.ts';
import { refuseOtherOrigin } from './same-origin.ts';
import { expiresAt, type Sessions } from './sessions.ts';
import type { SignedIn, SignIns } from './sign-ins.ts';

export interface SessionRoutesOptions {
  database: Database;
  sessions: Sessions;
  signIns: SignIns;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

/** Unknown callers use these routes, so the server reads no more than a password and a link need. */
const BODY_LIMIT_BYTES = 8 * 1024;
const METHODS = ['password', 'link'] as const;
const Instant = Type.String({ format: 'date-time' });
const Text = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

/** Who is signed in. */
export const SessionView = Type.Object({
  account: Type.Object({ accountId: Type.String(), email: Type.String(), name: Text('name of the person') }),
  organisations: Type.Array(
    Type.Object({
      organisation: Type.String({ description: 'slug, for the header Rollcall-Organisation' }),
      name: Type.String(),
      timeZone: Type.String({ description: 'IANA time zone' }),
      role: Type.String({ enum: [...ACCOUNT_ROLES] }),
    }),
  ),
  method: Type.String({ enum: [...METHODS], description: 'how the person signed in' }),
  createdAt: Instant,
  expiresAt: Type.String({
    format: 'date-time',
    description: 'when the session ends if it is not used any more',
  }),
});

/** A session in a list. */
export const ListedSessionView = Type.Object({
  sessionId: Type.String(),
  method: Type.String({ enum: [...METHODS] }),
  createdAt: Instant,
  lastUsedAt: Type.String({ format: 'date-time', description: 'to the minute' }),
  expiresAt: Instant,
  address: Type.String({ description: 'network address from which the person signed in' }),
  userAgent: Text('the browser, as it named itself'),
  current: Type.Boolean({ description: 'whether it is the session of this request' }),
});

const TAGS = ['Sessions'];
const OWN = { tags: TAGS, security: [{ session: [] }] };
export const SIGN_IN_PROBLEMS = problems(400, 401, 403, 408, 413, 415, 429, 503);

/** Answers of these routes are stored nowhere. Those for unknown callers come from the server's own pages only. */
export function protectSignIns(app: Pick<FastifyInstance, 'addHook'>, sessions: Sessions): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store');
    if (request.route.config.access !== 'public') return;
    refuseOtherOrigin(request);
    await sessions.requireCookies(request);
  });
}

/** /v1/session: people sign in and out, and see their own sessions. */
export const sessionRoutes: FastifyPluginAsyncTypebox<SessionRoutesOptions> = async (app, options) => {
  const { database, sessions, signIns, clock } = options;
  protectSignIns(app, sessions);

  app.route({
    method: 'POST',
    url: '/v1/session',
    bodyLimit: BODY_LIMIT_BYTES,
    config: { access: 'public' },
    schema: {
      tags: TAGS,
      summary: 'Sign in with a password',
      body: Type.Object({ email: Type.String(), password: Type.String() }),
      response: { 200: SessionView, ...SIGN_IN_PROBLEMS },
    },
    handler: async (request, reply) => {
      const { session, token }: SignedIn = await signIns.byPassword(request, request.body);
      await sessions.sendToken(request, reply, token);
      return viewOf(session);
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
        'A link that sets a password takes a new `password`. An invitation for an account with a password takes that ' +
        'password, unless the request has a session of the account. If `password` is missing, the answer is a 400 that ' +
        'names it, and the link can be used again.',
      body: Type.Object({
        token: Type.String({ description: 'the part of the link after `#token=`' }),
        name: Maybe(Type.String({ description: 'name of the person' })),
        password: Maybe(Type.String()),
      }),
      response: { 200: SessionView, ...SIGN_IN_PROBLEMS },
    },
    handler: async (request, reply) => {
      const { token: linkToken, name = null, password = null } = request.body;
      const { session, token } = await signIns.byLink(request, { token: linkToken, name, password });
      await sessions.sendToken(request, reply, token);
      return viewOf(session);
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
    method: 'DELETE',
    url: '/v1/session',
    config: { access: 'session' },
    schema: { ...OWN, summary: 'Sign out', response: { 204: Type.Null(), ...problems(401, 403, 503) } },
    handler: async (request, reply) => {
      const { accountId, sessionId } = sessionOf(request);
      await database.inSystem((tx) => endSessions(tx, accountId, sessionId));
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
      const token = await signIns.changePassword(request, sessionOf(request), request.body);
      await sessions.sendToken(request, reply, token);
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
      const ended = sessionId && (await database.inSystem((tx) => endSessions(tx, own.accountId, sessionId)));
      if (!ended) throw new HttpProblem(404, 'You have no session with this id.');
      if (sessionId === own.sessionId) await sessions.clearToken(request, reply);
      return reply.code(204).send(null);
    },
  });
};

/** The sessions that are not over, for a list. */
export function listedSessions(rows: ListedSession[], nowMs: number, currentId: string | undefined) {
  return rows
    .filter((row) => expiresAt(row).getTime() > nowMs)
    .map((row) => ({
      ...row,
      createdAt: row.createdAt.toISOString(),
      lastUsedAt: row.lastUsedAt.toISOString(),
      expiresAt: expiresAt(row).toISOString(),
      current: row.sessionId === currentId,
    }));
}

/** A session as its own person sees it. */
export function viewOf(session: SessionRow) {
  const { accountId, email, name, organisations, method, createdAt } = session;
  return {
    account: { accountId, email, name },
    organisations: organisations.map(({ slug, name: organisationName, timeZone, role }) => ({
      organisation: slug,
      name: organisationName,
      timeZone,
      role,
    })),
    method,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt(session).toISOString(),
  };
}

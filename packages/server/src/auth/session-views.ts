import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { problems } from '../http/schema.ts';
import { ACCOUNT_ROLES } from '../store/auth/account-roles.ts';
import { type ListedSession, SESSION_METHODS, type SessionRow } from '../store/auth/sessions.ts';
import { refuseOtherOrigin } from './same-origin.ts';
import { expiresAt, type Sessions } from './sessions.ts';

const Instant = Type.String({ format: 'date-time' });
const Text = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

/** Who is signed in. */
export const SessionView = Type.Object({
  account: Type.Object({
    accountId: Type.String(),
    email: Type.String(),
    name: Text('name of the person'),
    hasPassword: Type.Boolean(),
    passkeyRequired: Type.Boolean({
      description: 'whether a password or a link is not enough without a passkey',
    }),
  }),
  organisations: Type.Array(
    Type.Object({
      organisation: Type.String({ description: 'slug, for the header Rollcall-Organisation' }),
      name: Type.String(),
      timeZone: Type.String({ description: 'IANA time zone' }),
      role: Type.String({ enum: [...ACCOUNT_ROLES] }),
    }),
  ),
  method: Type.String({ enum: [...SESSION_METHODS], description: 'how the person signed in' }),
  createdAt: Instant,
  expiresAt: Type.String({
    format: 'date-time',
    description: 'when the session ends if it is not used any more',
  }),
});

/** A session in a list. */
export const ListedSessionView = Type.Object({
  sessionId: Type.String(),
  method: Type.String({ enum: [...SESSION_METHODS] }),
  createdAt: Instant,
  lastUsedAt: Type.String({ format: 'date-time', description: 'to the minute' }),
  expiresAt: Instant,
  address: Type.String({ description: 'network address from which the person signed in' }),
  userAgent: Text('the browser, as it named itself'),
  current: Type.Boolean({ description: 'whether it is the session of this request' }),
});

export const TAGS = ['Sessions'];
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
  const { accountId, email, name, hasPassword, passkeyRequired, organisations, method, createdAt } = session;
  return {
    account: { accountId, email, name, hasPassword, passkeyRequired },
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

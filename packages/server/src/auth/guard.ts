import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { HttpProblem } from '../http/errors.ts';
import type { FailedLogin } from '../http/failed-logins.ts';
import type { ApiKeyRole } from '../store/auth/api-keys.ts';
import type { ScimTokenRow } from '../store/auth/scim-tokens.ts';
import type { SessionRow } from '../store/auth/sessions.ts';
import type { ApiKey } from './api-key.ts';
import { type ApiKeys, presentedSecret } from './api-keys.ts';
import { type Caller, callerOfKey } from './caller.ts';
import { BASIC_CHALLENGE, BEARER_CHALLENGE } from './challenges.ts';
import { type Authorization, readAuthorization } from './credentials.ts';
import { requireAllowedNetwork } from './network-check.ts';
import { checkPeopleAccess, documentPeople } from './people-access.ts';
import { isScimToken } from './scim-tokens.ts';
import { callerOfSession, requireRole, requireSession } from './session-caller.ts';
import { mayHaveSession } from './session-cookie.ts';
import type { Sessions } from './sessions.ts';
import type { Tokens } from './tokens.ts';

export { type Caller, officeIdsOf } from './caller.ts';

/** Who may call a route that takes keys. People may call those with the `scheme` bearer, as people-access.ts says. */
export interface KeyAccess {
  scheme: 'bearer' | 'basic';
  roles: readonly ApiKeyRole[];
  /** Keys that are bound to offices may call the route, too. It keeps to `officeIdsOf` of its caller. */
  ofOffices?: true | undefined;
  /** SCIM tokens may call the route, too; with the `scheme` bearer only. */
  scimTokens?: true;
}

/**
 * Who may call a route. Every route declares it; a public route says `public`. A route about a person's own session says
 * `session`; it runs for no organisation.
 */
export type Access = 'public' | 'session' | KeyAccess;

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyInstance {
    /** Every route of the server, in the order of registration. */
    routeTable: readonly RouteOptions[];
  }
  interface FastifyRequest {
    /** Set by the guard, also before a 403; null on routes that are public or about a session. */
    caller: Caller | null;
    /** Set by the guard if the request has the cookie of a session in place of other credentials. */
    session: SessionRow | null;
  }
}

interface Deps {
  apiKeys: ApiKeys;
  tokens: Tokens;
  /** A SCIM token that may be used now. */
  proveScimToken(token: string): Promise<ScimTokenRow | undefined>;
  sessions: Sessions;
}

/**
 * Guards every route before the server reads its body: 401 for missing or invalid credentials, then 403 for the wrong
 * role. The server does not start if a route does not declare who may call it.
 */
export function guardRoutes(app: FastifyInstance, deps: Deps): void {
  const routes: RouteOptions[] = [];
  app.decorate('routeTable', routes);
  app.decorateRequest('caller', null);
  app.decorateRequest('session', null);
  app.addHook('onRoute', (route) => {
    documentPeople(route);
    routes.push(route);
  });
  app.addHook('onReady', async () => {
    const undeclared = routes
      .filter((route) => !route.config?.access)
      .map((route) => `${route.method} ${route.url}`);
    if (undeclared.length > 0) {
      throw new Error(`Routes that do not declare who may call them: ${undeclared.join(', ')}`);
    }
    checkPeopleAccess(routes);
  });
  app.addHook('onRequest', (request, reply, done) => {
    if (request.is404) return done();
    const { access } = request.route.config;
    // A public route has nothing to wait for. A promise for each login would cost a measurable part of it.
    if (access === 'public') return done();
    admit(request, reply, access, deps).then(() => done(), done);
  });
}

/**
 * Sets the caller of a guarded route, and who may store its answer; a route may say otherwise. Throws a 401, a 403, a 429 or
 * `StoreUnavailableError` if there is none.
 */
async function admit(
  request: FastifyRequest,
  reply: FastifyReply,
  access: Exclude<Access, 'public'> | undefined,
  deps: Deps,
): Promise<void> {
  if (!access) throw new HttpProblem(403, 'This route is closed.');
  const authorization = readAuthorization(request.headers);
  if (access === 'session' || takesSession(request, access, authorization)) {
    // A later person at the same browser must not find this answer.
    reply.header('cache-control', 'no-store');
    request.session = await requireSession(request, deps.sessions, BEARER_CHALLENGE);
    if (access === 'session') return;
    request.caller = callerOfSession(request, request.session);
    requireRole(request, request.caller.role);
    return;
  }
  // Programs may keep an answer if they ask each time. No cache between them and the server may.
  if (isRead(request)) reply.header('cache-control', 'private, no-cache');
  const scimToken = scimTokenOf(authorization);
  if (access.scheme === 'bearer' && scimToken !== undefined) {
    request.caller = await callerWithScimToken(scimToken, access, deps);
    return;
  }
  const key =
    access.scheme === 'bearer'
      ? await provenByBearer(request, authorization, deps)
      : await provenByBasic(request, authorization, deps);
  // Also a refused caller is known: the record of requests has it.
  request.caller = callerOfKey(key);
  requireAllowedNetwork(key, access.scheme === 'bearer' ? 'Bearer token' : 'Basic', request.ip);
  requireAccess(key, access);
  deps.apiKeys.noteUse(key);
}

/** Throws a 403 if a key may not call a route. */
function requireAccess({ role, officeIds }: ApiKey, access: KeyAccess): void {
  if (!access.roles.includes(role)) {
    throw new HttpProblem(
      403,
      `A key with the role ${role} may not call this; roles that may: ${access.roles.join(', ')}.`,
      { refusal: 'role' },
    );
  }
  if (officeIds && !access.ofOffices) {
    throw new HttpProblem(
      403,
      'This key is bound to offices, and what this call takes or gives belongs to no single office.',
      { refusal: 'offices' },
    );
  }
}

/** The answer to any other method is stored by no cache (RFC 9111 section 3), and submissions need no header more. */
function isRead({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Other credentials come first. A browser sends the cookie with every request, also with those that have a token. */
function takesSession(request: FastifyRequest, { scheme }: KeyAccess, authorization: Authorization): boolean {
  return scheme === 'bearer' && authorization.scheme === 'none' && mayHaveSession(request);
}

/** The caller of a route that the guard let through. */
export function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw new Error('A guarded route ran without its guard.');
  return request.caller;
}

/** The session of a route for which the guard required one. */
export function sessionOf(request: FastifyRequest): SessionRow {
  if (!request.session) throw new Error('A route about a session ran without its guard.');
  return request.session;
}

function scimTokenOf(authorization: Authorization): string | undefined {
  return authorization.scheme === 'bearer' && isScimToken(authorization.token)
    ? authorization.token
    : undefined;
}

async function callerWithScimToken(token: string, access: KeyAccess, deps: Deps): Promise<Caller> {
  const invalid = `${BEARER_CHALLENGE}, error="invalid_token"`;
  if (!access.scimTokens) {
    throw challenge(invalid, 'A SCIM token is valid for paths under /scim/v2 only; log in with a key here.');
  }
  const row = await deps.proveScimToken(token);
  if (!row) {
    throw challenge(
      invalid,
      'The SCIM token is wrong, expired or revoked; "rollcall scim-tokens" creates tokens.',
      {
        by: 'SCIM token',
      },
    );
  }
  return { kind: 'scim-token', tenantId: row.tenantId, name: row.tokenId, nameFolded: row.tokenId };
}

async function provenByBearer(
  request: FastifyRequest,
  authorization: Authorization,
  { apiKeys, tokens }: Deps,
): Promise<ApiKey> {
  if (authorization.scheme === 'basic') {
    throw challenge(
      BEARER_CHALLENGE,
      `This path takes a Bearer token from /v1/auth or /v1/auth/token; ${basicHint(request)}.`,
    );
  }
  if (authorization.scheme !== 'bearer') {
    const { access } = request.routeOptions.config;
    const token =
      typeof access === 'object' && access.scimTokens ? 'a SCIM token, or the token' : 'the token';
    throw challenge(
      BEARER_CHALLENGE,
      `Send ${token} of /v1/auth or /v1/auth/token, as "Authorization: Bearer <token>".`,
    );
  }
  const claims = await tokens.verify(authorization.token);
  const key = claims && (await apiKeys.findForToken(claims.apiKey, claims.secretVersion));
  if (!key) {
    throw challenge(
      `${BEARER_CHALLENGE}, error="invalid_token"`,
      'The token is invalid, expired or revoked; log in again.',
    );
  }
  return key;
}

async function provenByBasic(
  request: FastifyRequest,
  authorization: Authorization,
  { apiKeys }: Deps,
): Promise<ApiKey> {
  if (authorization.scheme === 'bearer') {
    throw challenge(
      BASIC_CHALLENGE,
      `This path takes HTTP Basic; with a token, call ${bearerPath(request)}.`,
    );
  }
  if (authorization.scheme !== 'basic') {
    throw challenge(BASIC_CHALLENGE, 'Send the id and secret of a key as HTTP Basic credentials.');
  }
  const { credentials } = authorization;
  const proven =
    credentials &&
    (await apiKeys.prove(
      { by: 'Basic', apiKey: credentials.apiKey, address: request.ip },
      presentedSecret(credentials.secret),
    ));
  if (!proven) {
    throw challenge(BASIC_CHALLENGE, 'The id or the secret is wrong, or the key is no longer valid.', {
      by: 'Basic',
      apiKey: credentials?.apiKey,
    });
  }
  const { key } = proven;
  if (key.authentication !== 'basic') {
    throw new HttpProblem(
      403,
      'This key is for HMAC only: log in at /v1/auth, or use a key of the type Basic and HMAC.',
    );
  }
  return key;
}

function challenge(header: string, detail: string, failedLogin?: FailedLogin): HttpProblem {
  return new HttpProblem(401, detail, {
    headers: { 'www-authenticate': header },
    ...(failedLogin ? { failedLogin } : {}),
  });
}

function basicHint(request: FastifyRequest): string {
  const { url = '' } = request.routeOptions;
  const twin = `${url}/basic`;
  // The path below a wildcard is unknown.
  return !url.endsWith('*') && request.server.hasRoute({ method: request.method as 'GET', url: twin })
    ? `for HTTP Basic, call ${twin}`
    : 'there is no path for HTTP Basic';
}

function bearerPath(request: FastifyRequest): string {
  return (request.routeOptions.url ?? '').replace(/\/basic$/, '');
}

import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem } from '../http/errors.ts';
import type { FailedLogin } from '../http/failed-logins.ts';
import { networkOf } from '../http/network.ts';
import { type SessionMethod, type SessionRow, touchSession } from '../store/auth/sessions.ts';
import type { NewSession } from '../store/auth/sign-ins.ts';
import type { Database } from '../store/connections/db.ts';
import type { CredentialLookUps } from './credential-look-ups.ts';
import { cookieNameOf, mayHaveSession, readCookie, setCookie } from './session-cookie.ts';

const HOUR_MS = 3_600_000;
/** A session ends after this time without a request: longer than a working day, and over before the next one. */
export const IDLE_LIMIT_MS = 12 * HOUR_MS;
/** A session ends this long after the sign-in, however much it is used, so that a stolen cookie is good for a week at most. */
export const ABSOLUTE_LIMIT_MS = 7 * 24 * HOUR_MS;
/** The server writes the last use at most this often, because every request is a use. */
const LAST_USED_STEP_MS = 60_000;
/** For this time after signing in, a person may change how the account is proved. A stolen cookie is older as a rule. */
const FRESH_MS = 600_000;
/** How the log names a method. */
const LOGGED_METHODS: Record<SessionMethod, FailedLogin['by']> = {
  password: 'password',
  link: 'link',
  openid: 'OpenID Connect',
  passkey: 'passkey',
};
const LONGEST_USER_AGENT = 500;
const LONGEST_TOKEN = 64;

interface Deps {
  database: Database;
  lookUps: CredentialLookUps;
  /** The GUID of this instance, which names the cookie on this machine. */
  instanceId: () => Promise<string>;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

/** The SHA-256 of a token, in the cookie or in a link. The database keeps only this hash. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** A new token of a session or a link: 256 random bits, in characters that a cookie and a URL take as they are. */
export function generateToken(): string {
  return randomBytes(32).toString('base64url');
}

/** When a session ends if nobody uses it any more. */
export function expiresAt({ createdAt, lastUsedAt }: Pick<SessionRow, 'createdAt' | 'lastUsedAt'>): Date {
  return new Date(Math.min(createdAt.getTime() + ABSOLUTE_LIMIT_MS, lastUsedAt.getTime() + IDLE_LIMIT_MS));
}

/** The sessions of people. The server looks a session up at each request, so every replica refuses an ended one at once. */
export class Sessions {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** The session of a request's cookie. Undefined if there is no cookie, or if the session has ended. */
  async prove(request: FastifyRequest): Promise<SessionRow | undefined> {
    const token = await this.tokenOf(request);
    return token === undefined ? undefined : this.find(token);
  }

  /** The token in the cookie of a request. */
  async tokenOf(request: FastifyRequest): Promise<string | undefined> {
    if (!mayHaveSession(request)) return undefined;
    const name = cookieNameOf(request, await this.#deps.instanceId());
    return name === undefined ? undefined : readCookie(request, name);
  }

  /** The SHA-256 of that token; null if there is none. */
  async presentedHash(request: FastifyRequest): Promise<Buffer | null> {
    const token = await this.tokenOf(request);
    return token === undefined ? null : hashToken(token);
  }

  /** The session with this token, if it may be used now. Notes its use. Throws `StoreUnavailableError`. */
  async find(token: string): Promise<SessionRow | undefined> {
    const { lookUps, database, clock } = this.#deps;
    if (token.length > LONGEST_TOKEN) return undefined;
    const row = await lookUps.session(hashToken(token));
    const nowMs = clock();
    if (!row || expiresAt(row).getTime() <= nowMs) return undefined;
    if (nowMs - row.lastUsedAt.getTime() < LAST_USED_STEP_MS) return row;
    const lastUsedAt = new Date(nowMs);
    await database.inSystem((tx) => touchSession(tx, row.sessionId, lastUsedAt));
    return { ...row, lastUsedAt };
  }

  /** Throws a 403 if browsers must not get a session's cookie by this connection. */
  async requireCookies(request: FastifyRequest): Promise<void> {
    if (cookieNameOf(request, await this.#deps.instanceId()) !== undefined) return;
    throw new HttpProblem(
      403,
      'Signing in over plain http works on this machine only; use https, or name the TLS proxy with --trust-proxy.',
    );
  }

  /** Throws a 403 unless the person has proved the account a few minutes ago. */
  requireFresh({ provenAt }: SessionRow): void {
    if (provenAt && this.#deps.clock() - provenAt.getTime() <= FRESH_MS) return;
    throw new HttpProblem(403, 'This needs a sign-in of the last 10 minutes; sign in again, and repeat it.');
  }

  /**
   * A new session for a request, and its token. The person proves the account now; a sign-in by an identity provider,
   * and a link that is redeemed in another session, say otherwise.
   */
  create(request: FastifyRequest, method: SessionMethod): { session: NewSession; token: string } {
    const token = generateToken();
    const at = new Date(this.#deps.clock());
    const session = {
      sessionId: randomUUID(),
      tokenHash: hashToken(token),
      method,
      at,
      createdAt: null,
      provenAt: at,
      identityId: null,
      address: request.ip,
      userAgent: request.headers['user-agent']?.slice(0, LONGEST_USER_AGENT) ?? null,
      network: networkOf(request.ip),
    };
    return { session, token };
  }

  /**
   * Gives the browser the token of a session that has just been proved, and notes that for the log. The cookie lives as
   * long as a session can; the server judges the rest.
   */
  async sendToken(
    request: FastifyRequest,
    reply: FastifyReply,
    { session, token }: { session: Pick<SessionRow, 'accountId' | 'method'>; token: string },
  ): Promise<void> {
    request.provenLogin = { by: LOGGED_METHODS[session.method], accountId: session.accountId };
    const name = cookieNameOf(request, await this.#deps.instanceId());
    if (name !== undefined) setCookie(reply, name, token, ABSOLUTE_LIMIT_MS / 1_000);
  }

  /** Removes the cookie from the browser. */
  async clearToken(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const name = cookieNameOf(request, await this.#deps.instanceId());
    if (name !== undefined) setCookie(reply, name, '', 0);
  }
}

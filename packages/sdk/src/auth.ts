import { AuthenticationError } from './errors.ts';
import type { Settings } from './options.ts';
import type { Operations } from './types.gen.ts';

/** Sends a login request and returns the JSON of its answer. */
export type LogIn = <T>(path: string, body: unknown) => Promise<T>;

interface Token {
  header: string;
  renewAtMs: number;
}

/** A Unix time above this number is in milliseconds: in seconds it would be after the year 5000. */
const GREATEST_SECONDS = 1e11;
/** The client renews a token a minute before it expires, or when a tenth of a shorter lifetime is left. */
const RENEW_AHEAD_MS = 60_000;

/** Endpoints with a twin for HTTP Basic. All of /v1/analytics has twins too. */
const BASIC_TWINS = [
  '/v1/presence',
  '/v1/directory-management/group-relationships',
  '/v1/directory-management/user-attributes',
];

/** Adds credentials to requests. All calls of a client share one token, and the login that fetches it. */
export class Authenticator {
  readonly #settings: Settings;
  readonly #logIn: LogIn;
  #token: Promise<Token> | undefined;

  constructor(settings: Settings, logIn: LogIn) {
    this.#settings = settings;
    this.#logIn = logIn;
  }

  /**
   * The path to which the client sends a request.
   * @throws AuthenticationError if `basic` is set and the endpoint has no twin.
   */
  pathOf(path: string): string {
    if (this.#settings.authentication !== 'basic') return path;
    if (path.startsWith('/v1/analytics/') || BASIC_TWINS.includes(path)) return `${path}/basic`;
    throw new AuthenticationError(
      `${path} does not support HTTP Basic: set authentication to hmac or client-credentials.`,
    );
  }

  /** The value of the header `Authorization`. Undefined for a session. */
  async header(): Promise<string | undefined> {
    const { authentication } = this.#settings;
    if (authentication === 'session') return undefined;
    if (authentication === 'basic') return this.#basic();
    const held = this.#token;
    if (held && (await held).renewAtMs > Date.now()) return (await held).header;
    // While this call waited, another call may have started the new login.
    if (this.#token === held) this.#token = this.#fetchToken();
    return (await (this.#token as Promise<Token>)).header;
  }

  /** Forgets a token that the server refused. Returns whether a retry with a new token may help. */
  async refused(header: string | undefined): Promise<boolean> {
    const held = this.#token;
    if (!held) return false;
    const current = await held.catch(() => undefined);
    if (current?.header === header && this.#token === held) this.#token = undefined;
    return true;
  }

  #fetchToken(): Promise<Token> {
    const fetched = this.#settings.authentication === 'hmac' ? this.#byHash() : this.#byCredentials();
    fetched.catch(() => {
      if (this.#token === fetched) this.#token = undefined;
    });
    return fetched;
  }

  /** `POST /v1/auth`: the HMAC-SHA256 of the key id and the time in seconds, with the secret as key. */
  async #byHash(): Promise<Token> {
    const { apiKey, secret } = this.#settings;
    const timestamp = Math.floor(Date.now() / 1000);
    const hash = await hmacHex(secret, `${apiKey}${timestamp}`);
    const reply = await this.#logIn<Operations['POST /v1/auth']['reply']>('/v1/auth', {
      apiKey,
      timestamp,
      hash,
    });
    const expiresAtMs = reply.expiration > GREATEST_SECONDS ? reply.expiration : reply.expiration * 1000;
    return tokenOf(reply.token, expiresAtMs - Date.now());
  }

  /** `POST /v1/auth/token`: the client credentials grant (RFC 6749, section 4.4). */
  async #byCredentials(): Promise<Token> {
    const reply = await this.#logIn<Operations['POST /v1/auth/token']['reply']>('/v1/auth/token', {
      grant_type: 'client_credentials',
      client_id: this.#settings.apiKey,
      client_secret: this.#settings.secret,
    });
    return tokenOf(reply.access_token, reply.expires_in * 1000);
  }

  #basic(): string {
    const bytes = new TextEncoder().encode(`${this.#settings.apiKey}:${this.#settings.secret}`);
    return `Basic ${btoa(String.fromCharCode(...bytes))}`;
  }
}

function tokenOf(token: string, lifeMs: number): Token {
  return {
    header: `Bearer ${token}`,
    renewAtMs: Date.now() + lifeMs - Math.min(RENEW_AHEAD_MS, lifeMs / 10),
  };
}

async function hmacHex(secret: string, message: string): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const subtle = crypto.subtle as SubtleCrypto | undefined;
  if (!subtle)
    throw new AuthenticationError(
      'hmac needs Web Crypto. Browsers have it only on pages with TLS and on localhost.',
    );
  const key = await subtle.importKey('raw', encoder.encode(secret), algorithm, false, ['sign']);
  const signature = new Uint8Array(await subtle.sign('HMAC', key, encoder.encode(message)));
  return Array.from(signature, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

import { AuthenticationError, type RollcallError } from './errors.ts';
import type { Increment } from './types.ts';

/** How the client authenticates. */
export type Authentication = 'hmac' | 'client-credentials' | 'basic' | 'session';

/** A retry that the client is about to make. */
export interface Retry {
  /** Why the last attempt failed. */
  error: RollcallError;
  /** The number of retries of this call so far, from 0. */
  retries: number;
  /** Milliseconds until the client sends the call again. */
  delayMs: number;
}

/**
 * Options of a client. It reads some options that you leave out from environment variables, if the runtime
 * has them.
 */
export interface RollcallOptions {
  /** Address of the server, such as `https://rollcall.example.com`. Environment: `ROLLCALL_BASE_URL`. */
  baseUrl?: string | undefined;
  /** Id of the key. Environment: `ROLLCALL_API_KEY`. */
  apiKey?: string | undefined;
  /** Secret of the key. Environment: `ROLLCALL_SECRET`. */
  secret?: string | undefined;
  /**
   * `hmac`, the default, logs in with a hash and never sends the secret. `client-credentials` is the grant of
   * OAuth 2.0. `basic` sends key and secret with every call; it works for the endpoints that have a /basic
   * twin. With `session` the browser sends the cookies of the page, and no key is needed. Environment:
   * `ROLLCALL_AUTHENTICATION`.
   */
  authentication?: Authentication | undefined;
  /**
   * A person's session in place of a key, on a page of the server itself: the browser sends its cookie.
   * `organisation` is the slug of the organisation for which calls are made. You may leave it out if the person
   * belongs to one only. It sets `authentication` to `session`.
   */
  session?: { organisation?: string | undefined } | undefined;
  /**
   * The vendor's region: `usce1`, the default, or `ause1`. Rollcall ignores it. Environment:
   * `ROLLCALL_REGION`.
   */
  region?: string | undefined;
  /**
   * Time limit of an attempt, in milliseconds. In an export, the limit of each wait for more rows. Default:
   * 30,000.
   */
  timeoutMs?: number | undefined;
  /**
   * The most retries of a call after network errors, time-outs, incomplete answers, 429, 502, 503 and 504.
   * Default: 5.
   */
  maxRetries?: number | undefined;
  /**
   * The longest wait before a retry, in milliseconds. If `Retry-After` is longer, the call fails at once.
   * Default: 60,000.
   */
  maxRetryDelayMs?: number | undefined;
  /** The client calls this function before each retry. If it throws, the call ends with that error. */
  onRetry?: ((retry: Retry) => void) | undefined;
  /** The function that sends requests, instead of the global `fetch`. */
  fetch?: typeof globalThis.fetch | undefined;
}

/** Options that every call takes as its last argument. */
export interface CallOptions {
  /** Aborts the call. The call then throws the reason of the signal. */
  signal?: AbortSignal | undefined;
  /** Replaces the client's `timeoutMs` for this call, in milliseconds. */
  timeoutMs?: number | undefined;
  /**
   * The client sends it with each request of the call. At most 128 visible ASCII characters. Default: a new
   * random id.
   */
  correlationId?: string | undefined;
}

/** Options of a call that downloads a file. */
export interface DownloadOptions extends CallOptions {
  /** Is called after each piece with the number of bytes so far. After a retry, the number begins at 0 again. */
  onBytes?: ((bytes: number) => void) | undefined;
}

/** Options of a change of one row. */
export interface ChangeOptions extends CallOptions {
  /**
   * The version of the row, as `read` returned it. The call fails if somebody has changed the row meanwhile. The client
   * does not retry if the answer is lost, because a second call would conflict with the first.
   */
  ifVersion?: string | undefined;
}

/** Options of an export that has no days. */
export type ExportOptions = CallOptions & Increment;

/** The options after the defaults are set. */
export interface Settings {
  baseUrl: string;
  apiKey: string;
  secret: string;
  authentication: Authentication;
  /** The slug of the organisation, for a session. */
  organisation: string | undefined;
  region: string;
  timeoutMs: number;
  maxRetries: number;
  maxRetryDelayMs: number;
  onRetry: ((retry: Retry) => void) | undefined;
  fetch: typeof globalThis.fetch;
}

const AUTHENTICATIONS: readonly string[] = ['hmac', 'client-credentials', 'basic', 'session'];

interface Surroundings {
  process?: { env?: Record<string, string | undefined> };
  location?: { origin?: string };
}

/**
 * @throws AuthenticationError if a required option is missing, or if `authentication` has an unknown value.
 */
export function settingsOf(options: RollcallOptions): Settings {
  const authentication = options.session
    ? 'session'
    : (options.authentication ?? fromEnvironment('AUTHENTICATION') ?? 'hmac');
  const session = authentication === 'session';
  const page = session ? (globalThis as Surroundings).location?.origin : undefined;
  const baseUrl = options.baseUrl ?? fromEnvironment('BASE_URL') ?? page;
  const apiKey = options.apiKey ?? (session ? '' : (fromEnvironment('API_KEY') ?? ''));
  const secret = options.secret ?? (session ? '' : (fromEnvironment('SECRET') ?? ''));
  if (!AUTHENTICATIONS.includes(authentication))
    throw new AuthenticationError(`authentication must be one of ${AUTHENTICATIONS.join(', ')}`);
  if (!baseUrl) throw new AuthenticationError('baseUrl is missing: pass it, or set ROLLCALL_BASE_URL');
  if (!session && !(apiKey && secret))
    throw new AuthenticationError(
      'apiKey or secret is missing: pass both, or set ROLLCALL_API_KEY and ROLLCALL_SECRET',
    );
  return {
    baseUrl: baseUrl.replace(/\/+$/, ''),
    apiKey,
    secret,
    authentication: authentication as Authentication,
    organisation: options.session?.organisation,
    region: options.region ?? fromEnvironment('REGION') ?? 'usce1',
    timeoutMs: options.timeoutMs ?? 30_000,
    maxRetries: options.maxRetries ?? 5,
    maxRetryDelayMs: options.maxRetryDelayMs ?? 60_000,
    onRetry: options.onRetry,
    // In browsers, `fetch` fails when it is called as a method of another object.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
  };
}

/**
 * Reads an environment variable. Returns undefined if it is empty, if the runtime has no environment, or if
 * Deno denies access to it.
 */
function fromEnvironment(name: string): string | undefined {
  try {
    return (globalThis as Surroundings).process?.env?.[`ROLLCALL_${name}`] || undefined;
  } catch {
    return undefined;
  }
}

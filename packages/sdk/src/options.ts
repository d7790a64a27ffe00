import { AuthenticationError, type RollcallError } from './errors.ts';
import type { Increment } from './types.ts';

/** How the client shows who it is. */
export type Authentication = 'hmac' | 'client-credentials' | 'basic' | 'session';

/** A call that is about to be repeated. */
export interface Retry {
  /** Why the last attempt failed. */
  error: RollcallError;
  /** How often the call was repeated before. */
  retries: number;
  /** Milliseconds until it is repeated. */
  delayMs: number;
}

/** What a client is made with. What is left out is read from the environment, where there is one. */
export interface RollcallOptions {
  /** Address of the server, such as `https://rollcall.example.com`. Environment: `ROLLCALL_BASE_URL`. */
  baseUrl?: string | undefined;
  /** Id of the key. Environment: `ROLLCALL_API_KEY`. */
  apiKey?: string | undefined;
  /** Secret of the key. Environment: `ROLLCALL_SECRET`. */
  secret?: string | undefined;
  /**
   * `hmac`, the default, logs in with a hash, so that the secret never leaves. `client-credentials` is OAuth 2.0. `basic`
   * sends key and secret with every call, to the endpoints that have a /basic twin. `session` sends the cookies of the
   * page that it runs in, and needs no key. Environment: `ROLLCALL_AUTHENTICATION`.
   */
  authentication?: Authentication | undefined;
  /** The vendor's region, `usce1` by default, or `ause1`; without effect on Rollcall. Environment: `ROLLCALL_REGION`. */
  region?: string | undefined;
  /** Milliseconds that an attempt may take, and an export may be silent; by default 30,000. */
  timeoutMs?: number | undefined;
  /** How often a call is repeated after network errors, time-outs, 429, 502, 503 and 504; by default 5. */
  maxRetries?: number | undefined;
  /** Longest wait between attempts in milliseconds; a `Retry-After` beyond it is not waited for. By default 60,000. */
  maxRetryDelayMs?: number | undefined;
  /** Called before a call is repeated. What it throws ends the call. */
  onRetry?: ((retry: Retry) => void) | undefined;
  /** Used in place of the global `fetch`. */
  fetch?: typeof globalThis.fetch | undefined;
}

/** What every call takes last. */
export interface CallOptions {
  /** Ends the call; it then throws the signal's reason. */
  signal?: AbortSignal | undefined;
  /** In place of the client's `timeoutMs`, in milliseconds. */
  timeoutMs?: number | undefined;
  /** Sent with each request of the call: up to 128 visible ASCII characters. By default a new one. */
  correlationId?: string | undefined;
}

/** What an export without days takes. */
export type ExportOptions = CallOptions & Increment;

/** The options with nothing left open. */
export interface Settings {
  baseUrl: string;
  apiKey: string;
  secret: string;
  authentication: Authentication;
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

/** @throws AuthenticationError where something is missing or cannot be meant. */
export function settingsOf(options: RollcallOptions): Settings {
  const authentication = options.authentication ?? fromEnvironment('AUTHENTICATION') ?? 'hmac';
  const session = authentication === 'session';
  const page = session ? (globalThis as Surroundings).location?.origin : undefined;
  const baseUrl = options.baseUrl ?? fromEnvironment('BASE_URL') ?? page;
  const apiKey = options.apiKey ?? (session ? '' : (fromEnvironment('API_KEY') ?? ''));
  const secret = options.secret ?? (session ? '' : (fromEnvironment('SECRET') ?? ''));
  if (!AUTHENTICATIONS.includes(authentication))
    throw new AuthenticationError(`authentication: not one of ${AUTHENTICATIONS.join(', ')}`);
  if (!baseUrl) throw new AuthenticationError('baseUrl is missing: give it, or set ROLLCALL_BASE_URL');
  if (!session && !(apiKey && secret))
    throw new AuthenticationError(
      'apiKey or secret is missing: give both, or set ROLLCALL_API_KEY and ROLLCALL_SECRET',
    );
  return {
    baseUrl: baseUrl.replace(/\/+$/, ''),
    apiKey,
    secret,
    authentication: authentication as Authentication,
    region: options.region ?? fromEnvironment('REGION') ?? 'usce1',
    timeoutMs: options.timeoutMs ?? 30_000,
    maxRetries: options.maxRetries ?? 5,
    maxRetryDelayMs: options.maxRetryDelayMs ?? 60_000,
    onRetry: options.onRetry,
    // Browsers' fetch does not work as a method of anything else.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
  };
}

/** A variable of the environment; undefined where it is empty, where there is no environment, and where Deno does not let it be read. */
function fromEnvironment(name: string): string | undefined {
  try {
    return (globalThis as Surroundings).process?.env?.[`ROLLCALL_${name}`] || undefined;
  } catch {
    return undefined;
  }
}

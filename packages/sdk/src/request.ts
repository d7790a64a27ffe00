import { Authenticator } from './auth.ts';
import { Deadline, sleep, unlessAborted } from './deadline.ts';
import { errorOf, NetworkError, RollcallError, TimeoutError, TransferError } from './errors.ts';
import type { CallOptions, Settings } from './options.ts';

/** Parameters of a query: lists are joined by commas, undefined and null are left out. */
export type Query = Record<string, unknown>;

export interface Request {
  method: string;
  /** Below the base URL. */
  path: string;
  query?: Query | undefined;
  headers?: Record<string, string>;
  body?: unknown;
  /** A repeat would be answered otherwise: where it is not known whether the call was carried out, it is not repeated. */
  once?: boolean;
}

/** An answer whose body is still to be read. The deadline is paused: who reads lets it run, and ends it. */
export interface Answer {
  response: Response;
  deadline: Deadline;
  correlationId: string;
}

const RETRIED_STATUSES = [429, 502, 503, 504];
/** Those of them that say that nothing was done: 502 and 504 are of a proxy, which does not know. */
const UNDONE_STATUSES = [429, 503];
const FIRST_DELAY_MS = 250;
const LONGEST_BACKOFF_MS = 10_000;

/** Sends requests, again and again where that may help. */
export class Transport {
  readonly #settings: Settings;
  readonly #authenticator: Authenticator;

  constructor(settings: Settings) {
    this.#settings = settings;
    // A login belongs to all calls that wait for it: none of them can abort it.
    this.#authenticator = new Authenticator(settings, <T>(path: string, body: unknown) =>
      this.#repeat<T>({ method: 'POST', path, body }, {}, readJson, false),
    );
  }

  /** The JSON of an answer; undefined where there is none. */
  json<T>(request: Request, options: CallOptions = {}): Promise<T> {
    return this.exchange<T>(request, options, readJson);
  }

  /** What `read` makes of an answer: it may be the answer itself. The request is repeated when reading it fails, too. */
  exchange<T>(request: Request, options: CallOptions, read: (answer: Answer) => Promise<T>): Promise<T> {
    return this.#repeat(request, options, read, true);
  }

  async #repeat<T>(
    request: Request,
    options: CallOptions,
    read: (answer: Answer) => Promise<T>,
    authenticated: boolean,
  ): Promise<T> {
    const correlationId = options.correlationId ?? newCorrelationId();
    let mayRenew = authenticated;
    for (let retries = 0; ; ) {
      // A login that fails was repeated by itself already: to repeat the call would multiply its attempts.
      const authorization = authenticated
        ? await unlessAborted(this.#authenticator.header(), options.signal)
        : undefined;
      try {
        return await this.#attempt(request, options, correlationId, authorization, authenticated, read);
      } catch (error) {
        if (options.signal?.aborted) throw options.signal.reason;
        if (!(error instanceof RollcallError)) throw error;
        if (error.status === 401 && authorization && mayRenew) {
          mayRenew = false;
          if (await this.#authenticator.refused(authorization)) continue;
        }
        if (!isWorthARetry(error, request.once) || retries >= this.#settings.maxRetries) throw error;
        const delayMs = delayOf(retries, error.retryAfterMs);
        if (delayMs > this.#settings.maxRetryDelayMs) throw error;
        this.#settings.onRetry?.({ error, retries, delayMs });
        retries++;
        await sleep(delayMs, options.signal);
      }
    }
  }

  async #attempt<T>(
    request: Request,
    options: CallOptions,
    sentId: string,
    authorization: string | undefined,
    authenticated: boolean,
    read: (answer: Answer) => Promise<T>,
  ): Promise<T> {
    const { baseUrl, region, timeoutMs, fetch } = this.#settings;
    const { method, body } = request;
    const path = authenticated ? this.#authenticator.pathOf(request.path) : request.path;
    const headers: Record<string, string> = {
      ...request.headers,
      correlationId: sentId,
      'x-calven-region': region,
    };
    if (authorization) headers.Authorization = authorization;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const deadline = new Deadline(options.timeoutMs ?? timeoutMs, options.signal);
    let correlationId = sentId;
    let handedOver = false;
    try {
      deadline.start();
      const response = await fetch(`${baseUrl}${path}${queryOf(request.query)}`, {
        method,
        headers,
        signal: deadline.signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      correlationId = response.headers.get('correlationId') ?? sentId;
      if (!response.ok)
        throw errorOf(response.status, await response.text(), {
          correlationId,
          retryAfterMs: waitOf(response),
        });
      const answer: Answer = { response, deadline, correlationId };
      const result: unknown = await read(answer);
      handedOver = result === answer;
      return result as T;
    } catch (error) {
      throw failureOf(error, deadline.signal, correlationId);
    } finally {
      if (handedOver) deadline.pause();
      else deadline.end();
    }
  }
}

/** What a call that threw `error` fails with. */
export function failureOf(error: unknown, signal: AbortSignal, correlationId: string): unknown {
  if (signal.aborted) {
    const { reason } = signal;
    return reason instanceof TimeoutError ? new TimeoutError(reason.detail, { correlationId }) : reason;
  }
  if (error instanceof RollcallError) return error;
  const inner = (error as Error).cause;
  const reason = inner instanceof Error && inner.message ? inner : (error as Error);
  return new NetworkError(`The connection failed: ${reason.message}`, { correlationId, cause: error });
}

/** The JSON of an answer; undefined where it has none.
 * @throws TransferError where it is not whole, or no JSON */
export async function readJson<T>({ response, correlationId }: Answer): Promise<T> {
  const text = await response.text();
  if (!text) return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    const { status } = response;
    throw new TransferError('The answer is not JSON, or not all of it.', { status, correlationId, cause });
  }
}

function isWorthARetry(error: RollcallError, once = false): boolean {
  const { status } = error;
  if (status !== undefined && status >= 300)
    return (once ? UNDONE_STATUSES : RETRIED_STATUSES).includes(status);
  return !once && [TimeoutError, NetworkError, TransferError].some((each) => error instanceof each);
}

/** The server's wish, else a random part of what doubles with every retry: clients must not come back in step. */
function delayOf(retries: number, retryAfterMs = 0): number {
  const backoffMs = Math.min(FIRST_DELAY_MS * 2 ** retries, LONGEST_BACKOFF_MS) * (0.5 + Math.random() / 2);
  return retryAfterMs > 0 ? retryAfterMs + Math.random() * FIRST_DELAY_MS : backoffMs;
}

/** `Retry-After` in milliseconds: seconds, or a date, which is taken by the server's own clock where it gives it. */
function waitOf({ headers }: Response): number | undefined {
  const value = headers.get('Retry-After');
  if (!value) return undefined;
  const waitMs = /^\d+$/.test(value)
    ? Number(value) * 1000
    : Date.parse(value) - Date.parse(headers.get('Date') ?? new Date().toUTCString());
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}

function queryOf(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue;
    parameters.set(name, value instanceof Date ? value.toISOString() : String(value));
  }
  const text = parameters.toString();
  return text && `?${text}`;
}

/** 32 hexadecimal digits. Unlike randomUUID, it is there on pages without TLS, too. */
export function newCorrelationId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

import { Authenticator } from './auth.ts';
import { Deadline, sleep, unlessAborted } from './deadline.ts';
import { errorOf, NetworkError, RollcallError, TimeoutError, TransferError } from './errors.ts';
import type { CallOptions, Settings } from './options.ts';

/** Query parameters. The client joins lists with commas, and omits undefined and null. */
export type Query = Record<string, unknown>;

export interface Request {
  method: string;
  /** The path after the base URL. */
  path: string;
  query?: Query | undefined;
  headers?: Record<string, string>;
  body?: unknown;
  /** A body that is not JSON, with its content type. */
  file?: { content: Blob | string | Uint8Array<ArrayBuffer>; type: string };
  /**
   * A second call would get a different answer. The client retries only if the server has certainly not
   * carried out the first call.
   */
  once?: boolean;
  /** A person waits for the answer, so the client reports a 429 at once. */
  reportsRateLimit?: boolean;
}

/** An answer with an unread body. The reader of the body starts the deadline, pauses it, and ends it. */
export interface Answer {
  response: Response;
  deadline: Deadline;
  correlationId: string;
}

const RETRIED_STATUSES = [429, 502, 503, 504];
/** After these, the server has certainly done nothing. A proxy sends 502 and 504, and does not know. */
const UNDONE_STATUSES = [429, 503];
const FIRST_DELAY_MS = 250;
const LONGEST_BACKOFF_MS = 10_000;

/** Sends requests, and retries where that may help. */
export class Transport {
  readonly #settings: Settings;
  readonly #authenticator: Authenticator;

  constructor(settings: Settings) {
    this.#settings = settings;
    // Several calls may wait for one login, so none of them can abort it.
    this.#authenticator = new Authenticator(settings, <T>(path: string, body: unknown) =>
      this.#repeat<T>({ method: 'POST', path, body }, {}, readJson, false),
    );
  }

  /** Sends a request and returns the JSON of its answer. Returns undefined if the body is empty. */
  json<T>(request: Request, options: CallOptions = {}): Promise<T> {
    return this.exchange<T>(request, options, readJson);
  }

  /**
   * Sends a request and returns the result of `read`. If `read` returns the answer itself, the caller reads
   * the body. The client also retries when `read` fails with an error that a retry may help.
   */
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
      // A login has its own retries. To retry the call after a failed login would multiply them.
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
        if (request.reportsRateLimit && error.status === 429) throw error;
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
    const { baseUrl, region, timeoutMs, fetch, authentication, organisation } = this.#settings;
    const { method, file } = request;
    const body = file?.content ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
    const path = authenticated ? this.#authenticator.pathOf(request.path) : request.path;
    const headers: Record<string, string> = {
      ...request.headers,
      correlationId: sentId,
      'x-calven-region': region,
    };
    if (authorization) headers.Authorization = authorization;
    if (organisation !== undefined) headers['Rollcall-Organisation'] = organisation;
    if (body !== undefined) headers['Content-Type'] = file?.type ?? 'application/json';
    const deadline = new Deadline(options.timeoutMs ?? timeoutMs, options.signal);
    let correlationId = sentId;
    let handedOver = false;
    try {
      deadline.start();
      const response = await fetch(`${baseUrl}${path}${queryOf(request.query)}`, {
        method,
        headers,
        signal: deadline.signal,
        ...(authentication === 'session' ? { credentials: 'same-origin' as const } : {}),
        ...(body === undefined ? {} : { body }),
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

/** The error that the caller gets when an attempt threw `error`. */
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

/**
 * The JSON of an answer. Undefined if the body is empty.
 * @throws TransferError if the body is incomplete, or is not JSON.
 */
export async function readJson<T>({ response, correlationId }: Answer): Promise<T> {
  const text = await response.text();
  if (!text) return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    const { status } = response;
    throw new TransferError('The answer is not JSON, or is incomplete.', { status, correlationId, cause });
  }
}

/** The body of an answer. Calls `onBytes` with the bytes so far, after each piece. A retry begins at 0 again. */
export async function readBlob({ response }: Answer, onBytes?: (bytes: number) => void): Promise<Blob> {
  if (!onBytes || !response.body) return response.blob();
  let bytes = 0;
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      bytes += piece.length;
      onBytes(bytes);
      controller.enqueue(piece);
    },
  });
  const { headers } = response;
  return new Response(response.body.pipeThrough(counted), { headers }).blob();
}

/**
 * The body of an answer as it arrives. The deadline runs only while the client waits for the server. A body that breaks off is a
 * `TransferError`.
 */
export function streamBody({ response, deadline, correlationId }: Answer): ReadableStream<Uint8Array> {
  const reader = response.body?.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          deadline.start();
          const piece = await reader?.read();
          deadline.pause();
          if (piece?.value) return controller.enqueue(piece.value);
          deadline.end();
          controller.close();
        } catch (error) {
          deadline.end();
          const failure = failureOf(error, deadline.signal, correlationId);
          const { status } = response;
          controller.error(
            failure instanceof RollcallError
              ? new TransferError(failure.detail, { status, correlationId, cause: error })
              : failure,
          );
        }
      },
      async cancel(reason) {
        deadline.end();
        await reader?.cancel(reason);
      },
    },
    // Asks for nothing before the caller does.
    { highWaterMark: 0 },
  );
}

function isWorthARetry(error: RollcallError, once = false): boolean {
  const { status } = error;
  if (status !== undefined && status >= 300)
    return (once ? UNDONE_STATUSES : RETRIED_STATUSES).includes(status);
  return !once && [TimeoutError, NetworkError, TransferError].some((each) => error instanceof each);
}

/**
 * The wait that the server asked for, else an exponential backoff. Both have a random part, so that clients
 * do not retry at the same time.
 */
function delayOf(retries: number, retryAfterMs = 0): number {
  const backoffMs = Math.min(FIRST_DELAY_MS * 2 ** retries, LONGEST_BACKOFF_MS) * (0.5 + Math.random() / 2);
  return retryAfterMs > 0 ? retryAfterMs + Math.random() * FIRST_DELAY_MS : backoffMs;
}

/**
 * `Retry-After` in milliseconds. The header has seconds or a date. A date counts from the answer's `Date`, if
 * it has one, because the clocks of client and server may differ.
 */
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

/** Returns 32 random hexadecimal digits. `crypto.randomUUID` does not exist on pages without TLS. */
export function newCorrelationId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

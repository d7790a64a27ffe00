import { NetworkError, type Retry, TimeoutError } from '@rollcall/sdk';
import { CliError } from './errors.ts';
import { remark } from './output.ts';
import { post } from './post.ts';

/** The longest wait for a server that has never answered. It is short, because a wrong address stays wrong. */
const FIRST_ANSWER_S = 15;
/** The longest wait for a server that has answered before. It is longer, because the server may be restarting. */
const NEXT_ANSWER_S = 300;
/** A shorter outage is not printed. */
const SILENT_MS = 1_000;
/** Error codes that a retry does not change: a wrong certificate (Node's TLS errors), or a wrong address. */
const LASTING = /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO$|HOSTNAME_MISMATCH)/;

/** Watches whether a server answers. Prints when it does not, and ends calls when the wait is over. */
export class ReachabilityMonitor {
  readonly #baseUrl: string;
  readonly #maxWaitS: number | undefined;
  #hasAnswered = false;
  #saidAtMs: number | undefined;
  /** The time since which every call failed; undefined while calls succeed. */
  #awaySinceMs: number | undefined;

  /** `maxWaitS`: the command ends if the server does not answer for this many seconds. */
  constructor(baseUrl: string, maxWaitS: number | undefined) {
    this.#baseUrl = baseUrl;
    this.#maxWaitS = maxWaitS;
  }

  /** As the global `fetch`, but it ends a call when the wait is over. Pass it to a client. */
  readonly fetch: typeof globalThis.fetch = async (input, init = {}) => {
    const response = await (this.#hasAnswered ? send(input, init) : this.#fetchFirst(input, init));
    this.#hasAnswered = true;
    if (response.status < 500 && response.status !== 429) this.#awaySinceMs = undefined;
    return response;
  };

  /** Only calls before the first answer need a signal of their own, which costs each of them some time. */
  readonly #fetchFirst: typeof globalThis.fetch = async (input, init = {}) => {
    this.#awaySinceMs ??= performance.now();
    const end = new AbortController();
    const signals = [end.signal, ...(init.signal ? [init.signal] : [])];
    const timers = [
      setTimeout(() => this.#say('cannot reach', 'no answer yet'), SILENT_MS),
      setTimeout(() => end.abort(new Error('there is no answer')), this.#leftMs()),
    ];
    try {
      return await globalThis.fetch(input, { ...init, signal: AbortSignal.any(signals) });
    } finally {
      for (const timer of timers) clearTimeout(timer);
    }
  };

  /** Throws `CliError` if the client should not repeat a call any more. Pass it to a client. */
  readonly onRetry = ({ error, delayMs }: Retry): void => {
    this.#awaySinceMs ??= performance.now();
    const isUnreached = error instanceof NetworkError || error instanceof TimeoutError;
    const fault = isUnreached ? 'cannot reach' : 'cannot use';
    const isLasting = isUnreached && LASTING.test(codeOf(error));
    if (isLasting || delayMs > this.#leftMs())
      throw new CliError(`${fault} ${this.#baseUrl}: ${plain(error.detail)}`);
    if (performance.now() + delayMs - this.#awaySinceMs >= SILENT_MS) this.#say(fault, error.detail);
  };

  #leftMs(): number {
    const waitS = this.#maxWaitS ?? (this.#hasAnswered ? NEXT_ANSWER_S : FIRST_ANSWER_S);
    const sinceMs = this.#awaySinceMs ?? performance.now();
    return Math.max(0, sinceMs + waitS * 1_000 - performance.now());
  }

  /** Prints once for each outage. */
  #say(fault: string, reason: string): void {
    if (this.#saidAtMs !== undefined && this.#saidAtMs === this.#awaySinceMs) return;
    this.#saidAtMs = this.#awaySinceMs;
    remark(`${fault} ${this.#baseUrl}, trying again (${plain(reason)})`);
  }
}

/** As the global `fetch`. A redirection is rare, and a POST may be repeated: the server stores an event once. */
const send: typeof globalThis.fetch = async (input, init = {}) => {
  const { method, body, headers, signal } = init;
  if (method !== 'POST' || typeof body !== 'string') return globalThis.fetch(input, init);
  const response = await post(String(input), {
    body,
    headers: headers as Record<string, string>,
    ...(signal ? { signal } : {}),
  });
  return response.status >= 300 && response.status < 400 ? globalThis.fetch(input, init) : response;
};

/** The code of the innermost error, such as ECONNREFUSED. */
function codeOf(error: unknown): string {
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (cause instanceof Error) return codeOf(cause);
  return typeof code === 'string' ? code : '';
}

function plain(reason: string): string {
  return reason.replace(/^The connection failed: /, '').replace(/\.$/, '');
}

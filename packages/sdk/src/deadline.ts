import { TimeoutError } from './errors.ts';

/** The longest delay that `setTimeout` supports, 2^31 - 1 milliseconds. A longer time limit is no limit. */
const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * A signal that aborts when the caller's signal does, or when the timer has run for `timeoutMs` without a
 * pause.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timeoutMs: number;
  readonly #outer: AbortSignal | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(timeoutMs: number, outer?: AbortSignal) {
    this.#timeoutMs = timeoutMs;
    this.#outer = outer;
    outer?.addEventListener('abort', this.#onAbort);
    if (outer?.aborted) this.#onAbort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Starts the timer again from zero. */
  start(): void {
    this.pause();
    if (this.#timeoutMs > LONGEST_TIMER_MS) return;
    this.#timer = setTimeout(
      () => this.#controller.abort(new TimeoutError(`No answer within ${this.#timeoutMs} ms.`)),
      this.#timeoutMs,
    );
  }

  pause(): void {
    clearTimeout(this.#timer);
  }

  /** Removes the timer and the listener. */
  end(): void {
    this.pause();
    this.#outer?.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => this.#controller.abort(this.#outer?.reason);
}

/**
 * Waits for `promise`, or throws the reason of `signal` if that aborts first. Does not stop the work behind
 * `promise`.
 */
export async function unlessAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return promise;
  signal.throwIfAborted();
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort);
  });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}

/** Waits for `ms` milliseconds, or throws the reason of `signal` if that aborts first. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const waited = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await unlessAborted(waited, signal).finally(() => clearTimeout(timer));
}

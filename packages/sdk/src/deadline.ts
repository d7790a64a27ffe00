import { TimeoutError } from './errors.ts';

/** The longest time that timers take: 2^31 - 1 milliseconds. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** A signal that falls when the caller's does, or when time has run for `timeoutMs` without a pause. */
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

  /** Lets the time run, from its beginning. */
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

  /** Leaves neither timer nor listener behind. */
  end(): void {
    this.pause();
    this.#outer?.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => this.#controller.abort(this.#outer?.reason);
}

/** What `promise` comes to, unless `signal` falls before; `promise` itself goes on. */
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

/** Waits, unless `signal` falls before. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const waited = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await unlessAborted(waited, signal).finally(() => clearTimeout(timer));
}

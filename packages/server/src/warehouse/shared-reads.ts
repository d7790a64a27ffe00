import { LRUCache } from 'lru-cache';

interface Read<T> {
  startedMs: number;
  /** How long it took; undefined while it runs. */
  tookMs: number | undefined;
  answer: Promise<T>;
}

export interface SharedReadsOptions {
  /** A monotonic clock, in milliseconds. */
  stopwatch: () => number;
  /** An answer may be this old, however fast it was read. */
  freshMs: number;
}

/** A screen that asks once a second shows an event less than two seconds after it was stored. */
export const SCREEN_FRESH_MS = 500;
const MOST_KEYS = 1_000;
/** At most this share of the time is spent on reads of one key. */
const MOST_SHARE = 0.1;

/**
 * Answers many callers who ask for the same again and again. All callers of a key share one read at a time, and its answer
 * for a while: as long as `freshMs` says, and longer where reading takes long. So more callers cost no more reads.
 */
export class SharedReads<T> {
  readonly #options: SharedReadsOptions;
  readonly #reads = new LRUCache<string, Read<T>>({ max: MOST_KEYS });

  constructor(options: SharedReadsOptions) {
    this.#options = options;
  }

  /** The answer for a key. A failed read is not kept. */
  get(key: string, read: () => Promise<T>): Promise<T> {
    const known = this.#reads.get(key);
    if (known && this.#isFresh(known)) return known.answer;
    const { stopwatch } = this.#options;
    const started: Read<T> = { startedMs: stopwatch(), tookMs: undefined, answer: read() };
    this.#reads.set(key, started);
    started.answer.then(
      () => {
        started.tookMs = stopwatch() - started.startedMs;
      },
      () => {
        if (this.#reads.peek(key) === started) this.#reads.delete(key);
      },
    );
    return started.answer;
  }

  #isFresh({ startedMs, tookMs }: Read<T>): boolean {
    if (tookMs === undefined) return true;
    const { stopwatch, freshMs } = this.#options;
    return stopwatch() - startedMs < Math.max(freshMs, tookMs / MOST_SHARE);
  }
}

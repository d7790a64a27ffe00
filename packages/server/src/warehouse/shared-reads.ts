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
const MOST_TENANTS = 1_000;
/** More screens of one organisation than this share fewer reads. Other organisations keep theirs. */
const MOST_KEYS_OF_TENANT = 100;
/** At most this share of the time is spent on reads of one key. */
const MOST_SHARE = 0.1;

/**
 * Answers many callers who ask for the same again and again. All callers of an organisation who ask for the same key share one
 * read at a time, and its answer for a while: as long as `freshMs` says, and longer where reading takes long. So more callers
 * cost no more reads.
 */
export class SharedReads<T> {
  readonly #options: SharedReadsOptions;
  /** By tenant id, and by key. */
  readonly #reads = new LRUCache<string, LRUCache<string, Read<T>>>({ max: MOST_TENANTS });

  constructor(options: SharedReadsOptions) {
    this.#options = options;
  }

  /** The answer for a key of an organisation. A failed read is not kept. */
  get(tenantId: string, key: string, read: () => Promise<T>): Promise<T> {
    const reads = this.#readsOf(tenantId);
    const known = reads.get(key);
    if (known && this.#isFresh(known)) return known.answer;
    const { stopwatch } = this.#options;
    const started: Read<T> = { startedMs: stopwatch(), tookMs: undefined, answer: read() };
    reads.set(key, started);
    started.answer.then(
      () => {
        started.tookMs = stopwatch() - started.startedMs;
      },
      () => {
        if (reads.peek(key) === started) reads.delete(key);
      },
    );
    return started.answer;
  }

  #readsOf(tenantId: string): LRUCache<string, Read<T>> {
    const reads = this.#reads.get(tenantId) ?? new LRUCache<string, Read<T>>({ max: MOST_KEYS_OF_TENANT });
    this.#reads.set(tenantId, reads);
    return reads;
  }

  #isFresh({ startedMs, tookMs }: Read<T>): boolean {
    if (tookMs === undefined) return true;
    const { stopwatch, freshMs } = this.#options;
    return stopwatch() - startedMs < Math.max(freshMs, tookMs / MOST_SHARE);
  }
}

import { HttpProblem } from './errors.ts';
import type { ShareName } from './rates/met-limit.ts';

export interface SlotsOptions {
  /** The plural word for the work of slots, for error messages: `exports`. */
  what: string;
  /** The name of the limit, for the metrics. */
  limit: ShareName;
  /** The number of slots. */
  size: number;
  /** A monotonic clock, in milliseconds. */
  stopwatch: () => number;
}

/** A requested slot. */
export interface Slot {
  /** Resolves when the slot is held. Rejects with a 503 that has the reason if that takes too long. */
  held: Promise<void>;
  /** Frees the slot, or leaves the queue for it. Further calls do nothing. */
  end(): void;
}

/** Even patient clients, and many proxies, give up after 30 s without a byte. */
export const LONGEST_WAIT_S = 20;
/** Enough for a script that loads a year in parallel: 12 months of each of four datasets. */
export const MOST_WAITING = 50;
const RETRY_AFTER_S = 10;

interface Waiting {
  sinceMs: number;
  grant(): void;
  refuse(reason: string): void;
}

interface Share {
  held: number;
  waiting: Waiting[];
}

/** The most slots that one organisation may hold: half of them, so that one alone never has all. */
export function shareOf(size: number): number {
  return Math.max(1, Math.floor(size / 2));
}

/**
 * Slots that organisations share. Each organisation holds at most its share at once. Its other requests wait in a
 * queue of its own, which is bounded in number and time. A free slot goes to the organisation that holds the fewest
 * slots; among equals, to the one that got its last slot the longest time ago.
 */
export class Slots {
  readonly #options: SlotsOptions;
  readonly #share: number;
  #free: number;
  /** By tenant id; the organisation that got its last slot the longest time ago comes first. */
  readonly #shares = new Map<string, Share>();

  constructor(options: SlotsOptions) {
    this.#options = options;
    this.#share = shareOf(options.size);
    this.#free = options.size;
  }

  take(tenantId: string): Slot {
    const share = this.#shares.get(tenantId) ?? { held: 0, waiting: [] };
    this.#shares.set(tenantId, share);
    let end: () => void = () => undefined;
    const held = new Promise<void>((resolve, reject) => {
      const waiting: Waiting = {
        sinceMs: this.#options.stopwatch(),
        grant: () => {
          end = () => this.#giveBack(share);
          resolve();
        },
        refuse: (reason) => {
          end = () => undefined;
          reject(this.#refusal(reason));
        },
      };
      end = () => {
        share.waiting.splice(share.waiting.indexOf(waiting), 1);
        waiting.refuse('The client has gone.');
      };
      if (share.waiting.length >= MOST_WAITING) {
        waiting.refuse(`${this.#allUsed(share)}, and ${MOST_WAITING} more requests already wait`);
        return;
      }
      share.waiting.push(waiting);
      this.#grantFree();
    });
    return {
      held,
      end() {
        const once = end;
        end = () => undefined;
        once();
      },
    };
  }

  /** The part of the slots that each organisation holds. */
  *parts(): Iterable<[tenantId: string, part: number]> {
    for (const [tenantId, { held }] of this.#shares)
      if (held > 0) yield [tenantId, held / this.#options.size];
  }

  /** Refuses the requests that have waited too long. */
  refuseOld(): void {
    const latestMs = this.#options.stopwatch() - LONGEST_WAIT_S * 1_000;
    for (const share of this.#shares.values()) {
      while (share.waiting[0] && share.waiting[0].sinceMs <= latestMs) {
        const reason = `${this.#allUsed(share)}, and this request waited ${LONGEST_WAIT_S} s for a slot`;
        share.waiting.shift()?.refuse(reason);
      }
    }
    this.#forgetIdle();
  }

  #giveBack(share: Share): void {
    share.held--;
    this.#free++;
    this.#grantFree();
    this.#forgetIdle();
  }

  #grantFree(): void {
    for (let next = this.#next(); next; next = this.#next()) {
      const [tenantId, share] = next;
      this.#shares.delete(tenantId);
      this.#shares.set(tenantId, share);
      share.held++;
      this.#free--;
      share.waiting.shift()?.grant();
    }
  }

  #next(): [string, Share] | undefined {
    let next: [string, Share] | undefined;
    if (this.#free === 0) return next;
    for (const entry of this.#shares) {
      const [, { held, waiting }] = entry;
      if (waiting.length > 0 && held < (next?.[1].held ?? this.#share)) next = entry;
    }
    return next;
  }

  #forgetIdle(): void {
    for (const [tenantId, { held, waiting }] of this.#shares) {
      if (held === 0 && waiting.length === 0) this.#shares.delete(tenantId);
    }
  }

  #refusal(reason: string): HttpProblem {
    return new HttpProblem(503, `${reason}; please try again.`, {
      headers: { 'retry-after': String(RETRY_AFTER_S) },
      metLimit: { limit: this.#options.limit, of: 'share' },
    });
  }

  #allUsed({ held }: Share): string {
    const { what } = this.#options;
    return held >= this.#share
      ? `Your organisation already runs ${held} ${held === 1 ? what.replace(/s$/, '') : what}, the most that it may run at once`
      : `The server already runs as many ${what} as it can`;
  }
}

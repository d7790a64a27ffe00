import { HttpProblem } from '../http/errors.ts';

export interface SlotsOptions {
  /** What a slot is for, as an error names several: `exports`. */
  what: string;
  /** Slots in all. */
  size: number;
  /** Milliseconds that only ever grow. */
  stopwatch: () => number;
}

/** A slot that was asked for. */
export interface Slot {
  /** Resolves when the slot is held. Rejects with a 503 that says why, where that takes too long. */
  held: Promise<void>;
  /** Gives the slot back, or the turn of one that is still waited for. Further calls do nothing. */
  end(): void;
}

/** The clients that wait most patiently give up after 30 s without a byte, and so do many proxies. */
export const LONGEST_WAIT_S = 20;
/** A script that asks for a year month by month in parallel, for each of four datasets, is still let in. */
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
 * Slots that organisations share. Each holds at most its share at once. Its other requests wait in a queue of its own,
 * bounded in number and time. A slot that becomes free goes to the organisation that holds the fewest, and of equals to
 * the one whose last turn is longest ago.
 */
export class Slots {
  readonly #options: SlotsOptions;
  readonly #share: number;
  #free: number;
  /** By tenant id; the organisation whose last turn is longest ago comes first. */
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
          reject(refusal(reason));
        },
      };
      end = () => {
        share.waiting.splice(share.waiting.indexOf(waiting), 1);
        waiting.refuse('The client has gone.');
      };
      if (share.waiting.length >= MOST_WAITING) {
        waiting.refuse(`${this.#allInHand(share)}, and ${MOST_WAITING} more requests wait already`);
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

  /** Refuses the requests that have waited too long. */
  refuseOld(): void {
    const latestMs = this.#options.stopwatch() - LONGEST_WAIT_S * 1_000;
    for (const share of this.#shares.values()) {
      while (share.waiting[0] && share.waiting[0].sinceMs <= latestMs) {
        const reason = `${this.#allInHand(share)}, and this request waited ${LONGEST_WAIT_S} s for its turn`;
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

  #allInHand({ held }: Share): string {
    const { what } = this.#options;
    return held >= this.#share
      ? `Your organisation has ${held} ${what} in hand, as many as it may have at once`
      : `The server has as many ${what} in hand as it can take`;
  }
}

function refusal(reason: string): HttpProblem {
  return new HttpProblem(503, `${reason}; please try again.`, {
    headers: { 'retry-after': String(RETRY_AFTER_S) },
  });
}

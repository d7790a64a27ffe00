import { TenantBusyError } from './unavailable.ts';

/** As long as a request waits for a connection of a pool. */
const LONGEST_WAIT_MS = 5_000;
/** More than so many for each turn would hardly get one before they are given up. */
const WAITING_PER_TURN = 50;

interface Waiting {
  grant(): void;
  timer: NodeJS.Timeout;
}

/**
 * Bounds how many connections of a pool one organisation uses at once: what it asks for beyond that waits in a queue of
 * its own, and connections are left for the others.
 */
export class TenantConnectionLimit {
  readonly #most: number;
  readonly #held = new Map<string, number>();
  readonly #waiting = new Map<string, Waiting[]>();

  /** `most`: turns that one organisation has at once. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Runs `work` when the organisation has a turn. Throws `TenantBusyError` where its turn does not come in time. */
  async run<T>(tenantId: string, work: () => Promise<T>): Promise<T> {
    await this.#enter(tenantId);
    try {
      return await work();
    } finally {
      this.#leave(tenantId);
    }
  }

  #enter(tenantId: string): Promise<void> | undefined {
    const held = this.#held.get(tenantId) ?? 0;
    if (held < this.#most) {
      this.#held.set(tenantId, held + 1);
      return undefined;
    }
    const queue = this.#waiting.get(tenantId) ?? [];
    this.#waiting.set(tenantId, queue);
    if (queue.length >= WAITING_PER_TURN * this.#most) {
      throw new TenantBusyError('Too many requests of the organisation wait already.');
    }
    return new Promise((grant, reject) => {
      const timer = setTimeout(() => {
        queue.splice(queue.indexOf(waiting), 1);
        reject(new TenantBusyError('The request waited too long behind others of its organisation.'));
      }, LONGEST_WAIT_MS);
      const waiting: Waiting = { grant, timer };
      queue.push(waiting);
    });
  }

  /** The turn goes on to the request of the organisation that has waited longest. */
  #leave(tenantId: string): void {
    const queue = this.#waiting.get(tenantId);
    const next = queue?.shift();
    if (queue?.length === 0) this.#waiting.delete(tenantId);
    if (next) {
      clearTimeout(next.timer);
      next.grant();
      return;
    }
    const held = (this.#held.get(tenantId) ?? 1) - 1;
    if (held > 0) this.#held.set(tenantId, held);
    else this.#held.delete(tenantId);
  }
}

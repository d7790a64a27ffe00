import { TenantBusyError } from './unavailable.ts';

/** A request waits equally long for a connection of a pool. */
const LONGEST_WAIT_MS = 5_000;
/** With more waiting requests for each connection, hardly any would get one before the time limit. */
const WAITING_PER_CONNECTION = 50;

interface Waiting {
  grant(): void;
  timer: NodeJS.Timeout;
}

/**
 * Limits how many connections of a pool one organisation uses at once. Its further requests wait in a queue of its
 * own, so connections remain for other organisations.
 */
export class TenantConnectionLimit {
  readonly #most: number;
  readonly #held = new Map<string, number>();
  readonly #waiting = new Map<string, Waiting[]>();

  /** `most`: the number of connections that one organisation may use at once. */
  constructor(most: number) {
    this.#most = most;
  }

  /** The part of the connections of one organisation that each organisation holds. */
  *parts(): Iterable<[tenantId: string, part: number]> {
    for (const [tenantId, held] of this.#held) yield [tenantId, held / this.#most];
  }

  /**
   * Runs `work` when the organisation has a free connection of its share. Throws `TenantBusyError` if none becomes
   * free in time, or too many requests already wait.
   */
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
    if (queue.length >= WAITING_PER_CONNECTION * this.#most) {
      throw new TenantBusyError('Too many requests of the organisation already wait for a connection.');
    }
    return new Promise((grant, reject) => {
      const timer = setTimeout(() => {
        queue.splice(queue.indexOf(waiting), 1);
        reject(
          new TenantBusyError(
            'The request waited too long for a connection, behind other requests of its organisation.',
          ),
        );
      }, LONGEST_WAIT_MS);
      const waiting: Waiting = { grant, timer };
      queue.push(waiting);
    });
  }

  /** Lets the request of the organisation run that has waited longest, if one waits. */
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

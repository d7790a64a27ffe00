/**
 * Runs the writers of one organisation one after another, in the order of their calls. In the database they would wait
 * for one another, too, each with a connection, or fail because of one another. Then no connection would be left for
 * other requests.
 */
export class TenantWriteQueue {
  readonly #last = new Map<string, Promise<void>>();

  /** Runs `work` after the earlier work of the same organisation has ended. */
  async take<T>(tenantId: string, work: () => Promise<T>): Promise<T> {
    const mine = (this.#last.get(tenantId) ?? Promise.resolve()).then(work);
    const ended = mine.then(ignore, ignore);
    this.#last.set(tenantId, ended);
    try {
      return await mine;
    } finally {
      if (this.#last.get(tenantId) === ended) this.#last.delete(tenantId);
    }
  }
}

const ignore = () => undefined;

/**
 * Runs the writers of one organisation's directory one after another, in the order of their calls. In the database
 * they would also wait for one another (`lockDirectory`), but each would hold a connection. Then no connection
 * would be left for the events of others.
 */
export class DirectoryWriteQueue {
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

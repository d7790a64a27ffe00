/**
 * Lets the writers of one organisation's directory take turns, in the order in which they came. They would wait
 * for one another in the database anyway (`lockDirectory`), but each on a connection of its own, until there is
 * none left for anyone else's events.
 */
export class DirectoryWriteQueue {
  readonly #last = new Map<string, Promise<void>>();

  /** Runs `work` once the work before it, of the same organisation, has ended. */
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

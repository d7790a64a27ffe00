/** The number of refusals in one turn. They take about 2 ms of the thread. */
const REFUSED_PER_TURN = 8;

/**
 * Makes refused requests take turns with all other work of the thread, because they wait for nothing else: not for the
 * database, and not for a share. A refused client sends its next request after the answer, so only refused clients wait
 * while the thread is busy.
 */
export class RefusalScheduler {
  #waiting: (() => void)[] = [];
  #isDue = false;

  /** Waits for a turn. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#startSoon();
    });
  }

  #startSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    // `setImmediate` runs after the thread has read everything that has arrived.
    setImmediate(() => {
      this.#isDue = false;
      for (const resolve of this.#waiting.splice(0, REFUSED_PER_TURN)) resolve();
      if (this.#waiting.length > 0) this.#startSoon();
    });
  }
}

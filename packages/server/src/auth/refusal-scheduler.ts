/** Some 2 ms of the thread. */
const REFUSED_PER_TURN = 8;

/**
 * Has refusals of credentials take turns with all other work of the thread. Clients whose logins are refused send the next one
 * after the answer: while there are too many for the thread, only they wait.
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
    // After everything that has arrived by now was read.
    setImmediate(() => {
      this.#isDue = false;
      for (const resolve of this.#waiting.splice(0, REFUSED_PER_TURN)) resolve();
      if (this.#waiting.length > 0) this.#startSoon();
    });
  }
}

import { RoundRobin } from './round-robin.ts';

/** Bodies of so many bytes are handled in one turn of the thread, which is some milliseconds with what they bring about. */
const BYTES_PER_TURN = 64 * 1024;
/** What a request costs beside its body, as bytes of a body: 64 requests with one event fill a turn. */
const BYTES_PER_REQUEST = 768;

interface Work {
  cost: number;
  run: () => void;
}

/**
 * Has requests whose bodies have arrived take turns with everything else that the thread does. Holders take turns with
 * one another, so that one with many requests delays its own. Without it, all bodies that have arrived are handled before
 * the thread looks at anything else: four hundred requests with a hundred events each take seconds.
 */
export class WorkTurns {
  readonly #waiting = new RoundRobin<Work>();
  #spent = 0;
  #isDue = false;

  /**
   * Runs `run` at once where this turn has room, else in a later turn. `holder` names an organisation or a network,
   * `bytes` is the length of the body.
   */
  take(holder: string, bytes: number, run: () => void): void {
    const work = { cost: bytes + BYTES_PER_REQUEST, run };
    if (this.#waiting.isEmpty && this.#hasRoom()) this.#do(work);
    else this.#waiting.add(holder, work);
  }

  /** The last one of a turn may be larger than what is left of it: it has to be done some time. */
  #hasRoom(): boolean {
    return this.#spent < BYTES_PER_TURN;
  }

  #do({ cost, run }: Work): void {
    this.#spent += cost;
    this.#endTurnSoon();
    run();
  }

  #endTurnSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#spent = 0;
      for (let work = this.#next(); work; work = this.#next()) this.#do(work);
    });
  }

  #next(): Work | undefined {
    return this.#hasRoom() ? this.#waiting.next() : undefined;
  }
}

import { RoundRobin } from '../store/values/round-robin.ts';

/** The size of the bodies that the thread handles in one turn. Their whole work takes a few milliseconds. */
const BYTES_PER_TURN = 64 * 1024;
/** The fixed cost of a request, in bytes of a body: 64 requests with one event fill a turn. */
const BYTES_PER_REQUEST = 768;

interface Work {
  cost: number;
  run: () => void;
}

/**
 * Makes requests with complete bodies take turns with all other work of the thread. Holders take turns, too, so that a
 * holder with many requests delays its own. Without turns, the thread handles all complete bodies before anything else:
 * four hundred requests with a hundred events each take seconds.
 */
export class WorkTurns {
  readonly #waiting = new RoundRobin<Work>();
  #spent = 0;
  #isDue = false;

  /**
   * Runs `run` at once if this turn has room, otherwise in a later turn. `holder` names an organisation or a network;
   * `bytes` is the length of the body.
   */
  take(holder: string, bytes: number, run: () => void): void {
    const work = { cost: bytes + BYTES_PER_REQUEST, run };
    if (this.#waiting.isEmpty && this.#hasRoom()) this.#do(work);
    else this.#waiting.add(holder, work);
  }

  /** The last request of a turn may exceed the turn, because a large one must run at some time. */
  #hasRoom(): boolean {
    return this.#spent < BYTES_PER_TURN;
  }

  #do({ cost, run }: Work): void {
    this.#spent += cost;
    if (!this.#hasRoom()) this.#endTurnSoon();
    run();
  }

  /** A turn ends when it is full. Small requests that fill none need no timer. */
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

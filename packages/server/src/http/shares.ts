/** An owner of a part of a limited capacity. */
export interface ShareHolder {
  name: string;
  /** The holder may have this many times the free capacity. */
  timesFree: number;
}

/**
 * Divides a capacity among an unknown number of holders. Each may have a multiple of the free capacity. So a holder
 * that is alone gets most of the capacity, several get equal parts, and some capacity always stays free for later ones.
 * (Choudhury and Hahne, Dynamic queue length thresholds, 1998.)
 */
export class Shares {
  readonly #capacity: number;
  readonly #heldBy = new Map<string, number>();
  #held = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /**
   * Takes `amount` for all of `holders`, which belong to one request, or takes nothing and returns false. `own` is the
   * amount that this request has taken before. A request that is alone is never refused, because it could never
   * succeed.
   */
  take(holders: readonly ShareHolder[], amount: number, own = 0): boolean {
    const free = this.#capacity - this.#held - amount;
    if (this.#held > own) {
      for (const { name, timesFree } of holders) {
        if ((this.#heldBy.get(name) ?? 0) + amount > timesFree * free) return false;
      }
    }
    this.#held += amount;
    for (const { name } of holders) this.#heldBy.set(name, (this.#heldBy.get(name) ?? 0) + amount);
    return true;
  }

  /** The part of the capacity that each holder has. */
  *parts(): Iterable<[name: string, part: number]> {
    for (const [name, held] of this.#heldBy) yield [name, held / this.#capacity];
  }

  giveBack(holders: readonly ShareHolder[], amount: number): void {
    this.#held -= amount;
    for (const { name } of holders) {
      const left = (this.#heldBy.get(name) ?? 0) - amount;
      if (left > 0) this.#heldBy.set(name, left);
      else this.#heldBy.delete(name);
    }
  }
}

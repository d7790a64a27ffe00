/** Somebody who holds a part of something that there is only so much of. */
export interface ShareHolder {
  name: string;
  /** How many times as much as is free it may hold. */
  timesFree: number;
}

/**
 * Divides a capacity among holders whose number nobody knows beforehand. Each may hold a multiple of what is free, so that
 * one that is alone gets most of the capacity, several get equal parts, and something is left for those who come
 * later, however many there are. (Choudhury and Hahne, Dynamic queue length thresholds, 1998.)
 */
export class Shares {
  readonly #capacity: number;
  readonly #heldBy = new Map<string, number>();
  #held = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /**
   * Takes `amount` for all of `holders`, which stand for one request, or takes nothing and returns false. `own` is what this request has taken
   * before: a request that is alone is never refused, because it could never succeed otherwise.
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

  giveBack(holders: readonly ShareHolder[], amount: number): void {
    this.#held -= amount;
    for (const { name } of holders) {
      const left = (this.#heldBy.get(name) ?? 0) - amount;
      if (left > 0) this.#heldBy.set(name, left);
      else this.#heldBy.delete(name);
    }
  }
}

const FREE = -1;
const FIRST_SIZE = 16;

/**
 * How often each number was added. Numbers are integers from 0 to 2³¹ − 1. It is a hash table with open addressing: it
 * needs less than half of the memory of a `Map`, and no object for an entry.
 */
export class NumberCounts {
  #numbers = new Int32Array(FIRST_SIZE).fill(FREE);
  #counts = new Int32Array(FIRST_SIZE);
  #size = 0;
  #total = 0;

  /** The number of different numbers. */
  get size(): number {
    return this.#size;
  }

  /** How often a number was added, over all numbers. */
  get total(): number {
    return this.#total;
  }

  /** Returns how often the number was added by now. */
  add(number: number, count = 1): number {
    if (2 * this.#size >= this.#numbers.length) this.#grow();
    const at = this.#slotOf(number);
    if (this.#numbers[at] === FREE) {
      this.#numbers[at] = number;
      this.#size++;
    }
    this.#total += count;
    const counted = (this.#counts[at] as number) + count;
    this.#counts[at] = counted;
    return counted;
  }

  /** Each number with how often it was added, in no order. */
  *entries(): Generator<[number: number, count: number]> {
    for (const [at, number] of this.#numbers.entries())
      if (number !== FREE) yield [number, this.#counts[at] as number];
  }

  #slotOf(number: number): number {
    const mask = this.#numbers.length - 1;
    // Users' numbers are dense. The multiplier spreads them over the table.
    let at = Math.imul(number, 0x9e3779b1) >>> 7;
    for (at &= mask; this.#numbers[at] !== FREE && this.#numbers[at] !== number; ) at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const [numbers, counts] = [this.#numbers, this.#counts];
    this.#numbers = new Int32Array(2 * numbers.length).fill(FREE);
    this.#counts = new Int32Array(2 * numbers.length);
    for (const [from, number] of numbers.entries()) {
      if (number === FREE) continue;
      const at = this.#slotOf(number);
      this.#numbers[at] = number;
      this.#counts[at] = counts[from] as number;
    }
  }
}

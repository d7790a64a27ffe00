import { addTo } from './group-by.ts';

/** Holders take turns: each turn takes the first item of one holder. A holder names an organisation or a network. */
export class RoundRobin<T> {
  /** The order of the holders is the order of the turns. */
  readonly #items = new Map<string, T[]>();

  get isEmpty(): boolean {
    return this.#items.size === 0;
  }

  add(holder: string, item: T): void {
    addTo(this.#items, holder, item);
  }

  /** Takes the next item; undefined if there is none. */
  next(): T | undefined {
    const [first] = this.#items;
    if (!first) return undefined;
    const [holder, items] = first;
    this.#items.delete(holder);
    const item = items.shift();
    // The holder goes behind all others.
    if (items.length > 0) this.#items.set(holder, items);
    return item;
  }

  /** Takes the first items of each holder for which `isDue` is true. */
  takeWhile(isDue: (item: T) => boolean): T[] {
    const taken: T[] = [];
    for (const [holder, items] of this.#items) {
      const kept = items.findIndex((item) => !isDue(item));
      taken.push(...items.splice(0, kept === -1 ? items.length : kept));
      if (items.length === 0) this.#items.delete(holder);
    }
    return taken;
  }
}

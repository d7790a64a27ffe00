/** The most kinds of removals that an answer lists. */
const MOST_LISTED = 50;
/** The most kinds that are told apart; a file may have a hundred thousand. */
const MOST_KINDS = 500;

/** Counts what was taken out of a file. */
export class Removals {
  readonly #counts = new Map<string, number>();

  readonly note = (what: string): void => {
    const kind = this.#counts.has(what) || this.#counts.size < MOST_KINDS ? what : 'other parts';
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  };

  /** In words, each kind once. */
  list(): string[] {
    const all = [...this.#counts].map(([what, count]) => (count === 1 ? what : `${what} (${count} times)`));
    const more = all.length - MOST_LISTED;
    return more > 0 ? [...all.slice(0, MOST_LISTED), `and ${more} more kinds`] : all;
  }
}

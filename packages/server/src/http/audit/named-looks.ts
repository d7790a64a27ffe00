/** People whom the looks of a program name within a minute. Its other looks are only counted. */
export const MOST_NAMED = 20;
const WINDOW_MS = 60_000;

interface Window {
  sinceMs: number;
  userIds: Set<string>;
}

/**
 * Whom the looks of programs name. A program that copies a directory looks at everybody, and an entry for each person
 * would say no more than their number.
 */
export class NamedLooks {
  readonly #windows = new Map<string, Window>();

  /** Those of `userIds` whom a look of the program names. */
  namedBy(program: string, userIds: readonly string[], nowMs: number): string[] {
    let window = this.#windows.get(program);
    if (!window || isOver(window, nowMs)) {
      window = { sinceMs: nowMs, userIds: new Set() };
      this.#windows.set(program, window);
    }
    const { userIds: named } = window;
    return userIds.filter((userId) => {
      if (named.size < MOST_NAMED) named.add(userId);
      return named.has(userId);
    });
  }

  /** Forgets the minutes that are over. */
  end(nowMs: number): void {
    for (const [program, window] of this.#windows) if (isOver(window, nowMs)) this.#windows.delete(program);
  }
}

/** The clock may have been set back. */
function isOver({ sinceMs }: Window, nowMs: number): boolean {
  return nowMs < sinceMs || nowMs >= sinceMs + WINDOW_MS;
}

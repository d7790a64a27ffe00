/** The most elements that a drawing may come to when everything that refers to something is replaced by it. */
const MOST_DRAWN = 1_000_000;

interface Element {
  parent: number;
  references: string[];
}

/**
 * Counts what a browser draws. An element that is used ten times, by elements that are used ten times, grows a small file
 * to a drawing that no browser ever ends.
 */
export class Expansion {
  readonly #elements: Element[] = [];
  readonly #byId = new Map<string, number>();

  /** Adds an element; `parent` is the number of the one that it is in, -1 for the root. Returns its number. */
  add(parent: number): number {
    return this.#elements.push({ parent, references: [] }) - 1;
  }

  name(element: number, id: string): void {
    if (!this.#byId.has(id)) this.#byId.set(id, element);
  }

  refer(element: number, id: string): void {
    this.#elements[element]?.references.push(id);
  }

  /** Why the drawing cannot be drawn; undefined if it can. */
  fault(): string | undefined {
    const own = this.#elements.map(() => [] as number[]);
    for (const [index, { parent }] of this.#elements.entries()) own[parent]?.push(index);
    const sizes = new Map<number, number>();
    const open = new Set<number>();
    // Without recursion: a chain of references can be as long as the file.
    const stack = [0];
    while (stack.length > 0) {
      const element = stack.at(-1) as number;
      if (sizes.has(element)) {
        stack.pop();
        continue;
      }
      const needed = [...(own[element] ?? []), ...this.#targets(element)];
      if (!open.has(element)) {
        open.add(element);
        const missing = needed.filter((each) => !sizes.has(each));
        if (missing.some((each) => open.has(each))) return 'An element of the SVG refers to itself.';
        stack.push(...missing);
        continue;
      }
      stack.pop();
      const size = needed.reduce((sum, each) => sum + (sizes.get(each) ?? 0), 1);
      if (size > MOST_DRAWN)
        return `The SVG draws more than ${MOST_DRAWN.toLocaleString('en')} elements, because elements are used again and again.`;
      sizes.set(element, size);
      open.delete(element);
    }
    return undefined;
  }

  #targets(element: number): number[] {
    return (this.#elements[element]?.references ?? []).flatMap((id) => this.#byId.get(id) ?? []);
  }
}

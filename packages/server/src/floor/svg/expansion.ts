import { setImmediate as nextTurn } from 'node:timers/promises';

/** The most elements that a drawing may come to when everything that refers to something is replaced by it. */
const MOST_DRAWN = 1_000_000;
/** The thread takes so many steps, then does other work. It takes a millisecond. */
const STEPS_PER_TURN = 10_000;

const NONE = -1;
const OPEN = 1;
const DONE = 2;

/**
 * Counts what a browser draws. An element that is used ten times, by elements that are used ten times, grows a small file
 * to a drawing that no browser ever ends.
 */
export class Expansion {
  readonly #firstChild: number[] = [];
  readonly #nextSibling: number[] = [];
  /** By element: the ids that it refers to. */
  readonly #references = new Map<number, readonly string[]>();
  readonly #byId = new Map<string, number>();

  /** Adds an element; `parent` is the number of the one that it is in, -1 for the root. Returns its number. */
  add(parent: number, references: readonly string[]): number {
    const element = this.#firstChild.push(NONE) - 1;
    this.#nextSibling.push(this.#firstChild[parent] ?? NONE);
    if (parent !== NONE) this.#firstChild[parent] = element;
    if (references.length > 0) this.#references.set(element, references);
    return element;
  }

  /** The first element with an id is the one that references to it mean. */
  name(element: number, id: string): void {
    if (!this.#byId.has(id)) this.#byId.set(id, element);
  }

  /** Why the drawing cannot be drawn; undefined if it can. */
  async fault(): Promise<string | undefined> {
    const count = this.#firstChild.length;
    const sizes = new Float64Array(count).fill(1);
    const states = new Uint8Array(count);
    const nextChild = Int32Array.from(this.#firstChild);
    const nextReference = new Int32Array(count);
    // Without recursion: a chain of references can be as long as the file.
    const stack = [0];
    for (let steps = 1; stack.length > 0; steps++) {
      if (steps % STEPS_PER_TURN === 0) await nextTurn();
      const element = stack.at(-1) as number;
      states[element] = OPEN;
      const needed = this.#next(element, nextChild, nextReference);
      if (needed === undefined) {
        states[element] = DONE;
        stack.pop();
        const above = stack.at(-1);
        if (above !== undefined) addSize(sizes, above, element);
      } else if (states[needed] === OPEN) return 'An element of the SVG refers to itself.';
      else if (states[needed] === DONE) addSize(sizes, element, needed);
      else stack.push(needed);
      if ((sizes[element] ?? 0) > MOST_DRAWN) {
        return `The SVG draws more than ${MOST_DRAWN.toLocaleString('en')} elements, because elements are used again and again.`;
      }
    }
    return undefined;
  }

  /** The next element that is drawn with this one: first those in it, then those to which it refers. */
  #next(element: number, nextChild: Int32Array, nextReference: Int32Array): number | undefined {
    const child = nextChild[element] ?? NONE;
    if (child !== NONE) {
      nextChild[element] = this.#nextSibling[child] ?? NONE;
      return child;
    }
    const references = this.#references.get(element) ?? [];
    for (let at = nextReference[element] ?? 0; at < references.length; at++) {
      const target = this.#byId.get(references[at] ?? '');
      nextReference[element] = at + 1;
      if (target !== undefined) return target;
    }
    return undefined;
  }
}

function addSize(sizes: Float64Array, to: number, of: number): void {
  sizes[to] = (sizes[to] ?? 0) + (sizes[of] ?? 0);
}

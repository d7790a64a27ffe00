import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReferringRule } from './css.ts';
import { keysOfElement, keysOfRule, type SelectedElement } from './selectors.ts';

/** The most elements that a drawing may come to when everything that refers to something is replaced by it. */
const MOST_DRAWN = 1_000_000;
/** The thread takes so many steps, then does other work. It takes a millisecond. */
const STEPS_PER_TURN = 10_000;

const TOO_MANY = `The SVG draws more than ${MOST_DRAWN.toLocaleString('en')} elements, because elements are used again and again.`;

const NONE = -1;
const OPEN = 1;
const DONE = 2;

/** An element of the drawing. */
export interface DrawnElement extends SelectedElement {
  /** The ids that it refers to as a whole: what it uses, its clip path, its mask. */
  references: readonly string[];
  /** The ids that it refers to by properties, which the elements in it inherit: patterns and markers. */
  inherited: readonly string[];
}

/** An element with all that is in it; the paint of an element, which those in it inherit; or rules of a style sheet. */
interface Part {
  /** The parts that are counted before. */
  needs: number[];
  /** The elements in it, which inherit the paint of an element that uses it. */
  elements: number;
  /** The elements that a browser draws. */
  drawn: number;
}

/**
 * Counts what a browser draws. An element that is used ten times, by elements that are used ten times, grows a small file
 * to a drawing that no browser ever ends. The count is an upper bound: each element in a painted one is painted, and a rule of a
 * style sheet is for each element that has its key.
 */
export class Expansion {
  readonly #elements: (DrawnElement & { parent: number })[] = [];
  readonly #byId = new Map<string, number>();
  readonly #rules: ReferringRule[] = [];

  /** Adds an element; `parent` is the number of the one that it is in, -1 for the root. Returns its number. */
  add(parent: number, element: DrawnElement): number {
    return this.#elements.push({ ...element, parent }) - 1;
  }

  /** The first element with an id is the one that references to it mean. */
  name(element: number, id: string): void {
    if (!this.#byId.has(id)) this.#byId.set(id, element);
  }

  /** Adds a rule of a style sheet. */
  addRule(rule: ReferringRule): void {
    this.#rules.push(rule);
  }

  /** Why the drawing cannot be drawn; undefined if it can. */
  async fault(): Promise<string | undefined> {
    const { parts, paints } = await this.#parts();
    const nextNeed = new Int32Array(parts.length);
    const states = new Uint8Array(parts.length);
    // Without recursion: a chain of references can be as long as the file.
    const stack = [0];
    for (let steps = 1; stack.length > 0; steps++) {
      if (steps % STEPS_PER_TURN === 0) await nextTurn();
      const at = stack.at(-1) as number;
      const part = parts[at] as Part;
      const need = part.needs[nextNeed[at] ?? 0];
      if (need === undefined) {
        this.#count(at, part, parts, paints);
        if (part.drawn > MOST_DRAWN) return TOO_MANY;
        states[at] = DONE;
        stack.pop();
        continue;
      }
      states[at] = OPEN;
      nextNeed[at] = (nextNeed[at] ?? 0) + 1;
      if (states[need] === OPEN) return 'An element of the SVG refers to itself.';
      if (states[need] !== DONE) stack.push(need);
    }
    return undefined;
  }

  /** What is counted: first the elements, by their numbers. `paints` has the part of each element's paint. */
  async #parts(): Promise<{ parts: Part[]; paints: number[] }> {
    const parts = this.#elements.map(() => emptyPart());
    const add = (needs: number[]) => parts.push({ ...emptyPart(), needs }) - 1;
    const named = (ids: readonly string[]) => ids.flatMap((id) => this.#byId.get(id) ?? []);
    const partOfKey = new Map<string, number>();
    for (const { selector, ids } of this.#rules) {
      const rule = add(named(ids));
      for (const key of keysOfRule(selector)) {
        const part = partOfKey.get(key) ?? add([]);
        partOfKey.set(key, part);
        parts[part]?.needs.push(rule);
      }
    }
    const paints: number[] = [];
    for (const [number, element] of this.#elements.entries()) {
      if (number % STEPS_PER_TURN === 0) await nextTurn();
      const ofRules =
        partOfKey.size === 0 ? [] : keysOfElement(element).flatMap((key) => partOfKey.get(key) ?? []);
      const own = [...named(element.inherited), ...ofRules];
      const above = paints[element.parent] ?? NONE;
      const paint = own.length === 0 ? above : add(above === NONE ? own : [above, ...own]);
      paints.push(paint);
      const { needs } = parts[number] as Part;
      needs.push(...named(element.references));
      if (paint !== NONE) needs.push(paint);
      parts[element.parent]?.needs.push(number);
    }
    return { parts, paints };
  }

  #count(at: number, part: Part, parts: readonly Part[], paints: readonly number[]): void {
    const isElement = at < this.#elements.length;
    const paint = parts[paints[at] ?? NONE]?.drawn ?? 0;
    part.elements = isElement ? 1 : 0;
    part.drawn = part.elements;
    for (const need of part.needs) {
      const { elements, drawn } = parts[need] as Part;
      const needed = this.#elements[need];
      const isUsed = isElement && needed !== undefined && needed.parent !== at;
      part.elements += elements;
      part.drawn += drawn + (isUsed ? elements * paint : 0);
    }
  }
}

function emptyPart(): Part {
  return { needs: [], elements: 0, drawn: 0 };
}

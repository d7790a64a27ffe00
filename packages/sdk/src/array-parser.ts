import { TransferError } from './errors.ts';

/** The characters that may come next outside of a row. White space is allowed everywhere. */
const EXPECTED = { start: '[', first: '{]', row: '{', separator: ',]', end: '' };

/**
 * Parses a JSON array of objects while it arrives. Holds at most one object and one piece of text in memory.
 */
export class ArrayParser<T> {
  #state: keyof typeof EXPECTED = 'start';
  /** The beginning of a row whose end has not arrived. */
  #begun = '';
  /** The depth of brackets in the current row. 0 outside of a row. */
  #depth = 0;
  #inString = false;
  #escaped = false;

  /**
   * Yields the rows that end in this piece of text.
   * @throws TransferError if the text is not a JSON array of objects.
   */
  *push(text: string): Generator<T, void, undefined> {
    let start = 0;
    for (let at = 0; at < text.length; at++) {
      const char = text[at] as string;
      if (this.#escaped) this.#escaped = false;
      else if (this.#inString) {
        if (char === '\\') this.#escaped = true;
        else if (char === '"') this.#inString = false;
      } else if (this.#depth === 0) {
        if (this.#outside(char)) start = at;
      } else if (char === '"') this.#inString = true;
      else if (char === '{' || char === '[') this.#depth++;
      else if ((char === '}' || char === ']') && --this.#depth === 0) {
        this.#state = 'separator';
        yield parse<T>(this.#begun + text.slice(start, at + 1));
        this.#begun = '';
      }
    }
    if (this.#depth > 0) this.#begun += text.slice(start);
  }

  /** @throws TransferError if the end of the array has not arrived. */
  end(): void {
    if (this.#state !== 'end') throw new TransferError('The answer ended before it was complete.');
  }

  /** Handles a character outside of a row. Returns whether a row begins with it. */
  #outside(char: string): boolean {
    if (/[ \t\r\n]/.test(char)) return false;
    if (!EXPECTED[this.#state].includes(char))
      throw new TransferError('The answer is not a JSON array of rows.');
    if (char === '{') this.#depth = 1;
    else if (char === '[') this.#state = 'first';
    else this.#state = char === ',' ? 'row' : 'end';
    return char === '{';
  }
}

function parse<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new TransferError('A row of the answer is not JSON.', { cause });
  }
}

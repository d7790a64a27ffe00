import { TransferError } from './errors.ts';

/** What may come next outside of a row, white space aside. */
const EXPECTED = { start: '[', first: '{]', row: '{', separator: ',]', end: '' };

/** Takes a JSON array of objects apart as it arrives, and holds no more of it than one object and one piece. */
export class ArrayParser<T> {
  #state: keyof typeof EXPECTED = 'start';
  /** The row that has begun, as far as it is there. */
  #begun = '';
  /** Of brackets within the row; 0 outside. */
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** The rows that end in this piece of text.
   * @throws TransferError where it is no JSON array of objects. */
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

  /** @throws TransferError where the array has not come to its end. */
  end(): void {
    if (this.#state !== 'end') throw new TransferError('The answer broke off before its end.');
  }

  /** Whether a row begins. */
  #outside(char: string): boolean {
    if (/[ \t\r\n]/.test(char)) return false;
    if (!EXPECTED[this.#state].includes(char)) throw new TransferError('The answer is not a list of rows.');
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

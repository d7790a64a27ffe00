import { damaged } from './errors.ts';

const TAB = 0x09;
export const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;
/** `\N`: no value. It stands alone between two tabs. */
const NULL_MARK = 0x4e;
/** What may follow a backslash: the letters of escaped control characters, and another backslash. */
const ESCAPED = new Set(Buffer.from('bfnrtv\\N'));

/**
 * Checks that bytes are rows of a table in COPY's text format: valid UTF-8, the right number of columns in each row,
 * and no escape that PostgreSQL does not write. The values themselves are checked by PostgreSQL only.
 */
export class RowShape {
  readonly #separators: number;
  readonly #text = new TextDecoder('utf-8', { fatal: true });
  #rows = 0;
  /** The place within the row: the tabs and the bytes of its current value so far. */
  #tabs = 0;
  #length = 0;
  #last: 'value' | 'backslash' | 'null' = 'value';

  /** `columns`: the number of columns of the table. */
  constructor(columns: number) {
    this.#separators = columns - 1;
  }

  /** The number of complete rows so far. */
  get rows(): number {
    return this.#rows;
  }

  /** Takes the next bytes, which may begin and end within a row. Throws `RestoreError`. */
  update(bytes: Uint8Array): void {
    try {
      this.#text.decode(bytes, { stream: true });
    } catch (error) {
      throw damaged(error);
    }
    // Fields of the object would make the loop several times slower.
    let [rows, tabs, length, last] = [this.#rows, this.#tabs, this.#length, this.#last];
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (last === 'backslash') {
        last = byte === NULL_MARK ? 'null' : 'value';
        if (!ESCAPED.has(byte) || (last === 'null' && length !== 1)) throw damaged();
        length++;
      } else if (byte === TAB || byte === NEWLINE) {
        if (byte === TAB) {
          tabs++;
        } else {
          if (tabs !== this.#separators) throw damaged();
          tabs = 0;
          rows++;
        }
        length = 0;
        last = 'value';
      } else {
        if (last === 'null' || byte === 0) throw damaged();
        if (byte === BACKSLASH) last = 'backslash';
        length++;
      }
    }
    [this.#rows, this.#tabs, this.#length, this.#last] = [rows, tabs, length, last];
  }

  /** Throws `RestoreError` if the last row is not complete. */
  end(): void {
    if (this.#tabs > 0 || this.#length > 0) throw damaged();
  }
}

/** The number of rows that end in `bytes`. In COPY's text format, each newline ends a row. */
export function countRows(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  return count;
}

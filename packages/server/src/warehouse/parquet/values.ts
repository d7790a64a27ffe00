/** The names and codes of Parquet's physical types (https://github.com/apache/parquet-format). */
export const PHYSICAL_TYPE = { BOOLEAN: 0, INT32: 1, INT64: 2, DOUBLE: 5, BYTE_ARRAY: 6 } as const;
export type PhysicalType = keyof typeof PHYSICAL_TYPE;

const INITIAL_BYTES = 4_096;
const UTF8_BYTES_PER_UNIT = 3;
const LAST_ASCII = 0x7f;
const LENGTH_BYTES = 4;
/** Up to so many bytes, a loop copies faster than a call. */
const LONGEST_LOOP_BYTES = 100;
const HIGH_WORD = 2 ** 32;

/** Values in Parquet's encoding PLAIN. The buffer is outside of V8's heap. One row group after the other uses it. */
export class PlainValues {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  #length = 0;
  /** The number of booleans appended, which decides the bit of the next one. */
  #bits = 0;

  /** The bytes appended so far; valid until the next call. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
    this.#bits = 0;
  }

  appendText(value: string): void {
    this.#reserve(LENGTH_BYTES + value.length * UTF8_BYTES_PER_UNIT);
    const start = this.#length + LENGTH_BYTES;
    const written = this.#writeAscii(value, start) ? value.length : this.#bytes.write(value, start);
    this.#bytes.writeUInt32LE(written, this.#length);
    this.#length = start + written;
  }

  /** Appends values that are encoded already: the bytes from `start` to `end`. */
  appendEncoded(encoded: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#reserve(length);
    const bytes = this.#bytes;
    let at = this.#length;
    if (length > LONGEST_LOOP_BYTES) bytes.set(encoded.subarray(start, end), at);
    else for (let from = start; from < end; from++) bytes[at++] = encoded[from] as number;
    this.#length += length;
  }

  /** Writes a text of ASCII byte by byte, which is quicker for short texts. Returns whether it is one. */
  #writeAscii(text: string, start: number): boolean {
    const bytes = this.#bytes;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > LAST_ASCII) return false;
      bytes[start + i] = code;
    }
    return true;
  }

  appendInt32(value: number): void {
    this.#reserve(4);
    this.#length = this.#bytes.writeInt32LE(value, this.#length);
  }

  /** Appends a whole number that a double represents exactly. */
  appendInt64(value: number): void {
    this.#reserve(8);
    const high = Math.floor(value / HIGH_WORD);
    this.#length = this.#bytes.writeUInt32LE(value - high * HIGH_WORD, this.#length);
    this.#length = this.#bytes.writeInt32LE(high, this.#length);
  }

  appendDouble(value: number): void {
    this.#reserve(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  /** Appends a boolean. A byte has eight, the first in the lowest bit. */
  appendBoolean(value: boolean): void {
    if (this.#bits % 8 === 0) {
      this.#reserve(1);
      this.#bytes[this.#length++] = 0;
    }
    if (value) (this.#bytes[this.#length - 1] as number) |= 1 << (this.#bits % 8);
    this.#bits++;
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Small whole numbers, at most one for each row of a group. One group after the other uses the array. */
export class RowNumbers {
  #numbers = new Uint32Array(512);
  #length = 0;

  /** The numbers added so far; valid until the next call. */
  get numbers(): Uint32Array {
    return this.#numbers.subarray(0, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  add(number: number): void {
    this.#reserve(1);
    this.#numbers[this.#length++] = number;
  }

  /** Adds a number `count` times. */
  fill(number: number, count: number): void {
    this.#reserve(count);
    this.#numbers.fill(number, this.#length, this.#length + count);
    this.#length += count;
  }

  clear(): void {
    this.#length = 0;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#numbers.length) return;
    const larger = new Uint32Array(Math.max(needed, this.#numbers.length * 2));
    larger.set(this.#numbers);
    this.#numbers = larger;
  }
}

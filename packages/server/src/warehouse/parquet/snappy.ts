/*
 * Snappy's format (https://github.com/google/snappy/blob/main/format_description.txt): the length of the input, then
 * literals, and copies of bytes that came before.
 */

const LEAST_COPY = 4;
/** The longest copy that one element has. */
const MOST_COPY = 64;
/** A copy of fewer bytes at a smaller distance takes two bytes instead of three. */
const SHORT_COPY = 12;
const SHORT_DISTANCE = 1 << 11;
const MOST_DISTANCE = 0xffff;
/** A literal up to this length has its length in the tag. */
const SHORT_LITERAL = 60;
const MOST_HASH_BITS = 14;
/** After so many positions without a copy, the search leaves out every second position, then two of three, and so on. */
const PATIENCE_BITS = 5;

/** Compresses one page after another. Buffers serve all of them. */
export class SnappyCompressor {
  /** The last position of four bytes with a hash; 0 at first. */
  readonly #positions = new Int32Array(1 << MOST_HASH_BITS);
  #output = new Uint8Array(4_096);
  #length = 0;

  /** The compressed bytes; valid until the next call. */
  compress(input: Uint8Array): Uint8Array {
    // The worst case: a literal for every copy that saves nothing.
    const most = 32 + input.length + Math.ceil(input.length / 6);
    if (this.#output.length < most) this.#output = new Uint8Array(2 * most);
    this.#length = 0;
    this.#writeVarInt(input.length);
    const end = this.#compressWithCopies(input);
    if (end < input.length) this.#writeLiteral(input, end, input.length);
    return this.#output.subarray(0, this.#length);
  }

  /** Writes elements up to the last copy. Returns its end. */
  #compressWithCopies(input: Uint8Array): number {
    const hashBits = Math.min(MOST_HASH_BITS, 32 - Math.clz32(input.length >>> 1));
    const shift = 32 - hashBits;
    const positions = this.#positions.fill(0, 0, 1 << hashBits);
    const last = input.length - LEAST_COPY;
    let literal = 0;
    let misses = 1 << PATIENCE_BITS;
    for (let at = 1; at <= last; ) {
      const word = wordAt(input, at);
      const hash = Math.imul(word, 0x1e35a7bd) >>> shift;
      const candidate = positions[hash] as number;
      positions[hash] = at;
      if (at - candidate > MOST_DISTANCE || wordAt(input, candidate) !== word) {
        at += misses++ >>> PATIENCE_BITS;
        continue;
      }
      let end = at + LEAST_COPY;
      for (let from = candidate + LEAST_COPY; end < input.length && input[end] === input[from]; from++) end++;
      if (literal < at) this.#writeLiteral(input, literal, at);
      this.#writeCopy(at - candidate, end - at);
      literal = at = end;
      misses = 1 << PATIENCE_BITS;
    }
    return literal;
  }

  #writeLiteral(input: Uint8Array, from: number, end: number): void {
    const output = this.#output;
    const size = end - from - 1;
    let at = this.#length;
    if (size < SHORT_LITERAL) output[at++] = size << 2;
    else {
      const bytes = Math.ceil((32 - Math.clz32(size)) / 8);
      output[at++] = (SHORT_LITERAL - 1 + bytes) << 2;
      for (let byte = 0; byte < bytes; byte++) output[at++] = size >>> (8 * byte);
    }
    if (size < MOST_COPY) for (let i = from; i < end; i++) output[at++] = input[i] as number;
    else {
      output.set(input.subarray(from, end), at);
      at += end - from;
    }
    this.#length = at;
  }

  #writeCopy(distance: number, length: number): void {
    const output = this.#output;
    let [at, left] = [this.#length, length];
    while (left > 0) {
      if (left < SHORT_COPY && left >= LEAST_COPY && distance < SHORT_DISTANCE) {
        output[at++] = 1 | ((left - LEAST_COPY) << 2) | ((distance >>> 8) << 5);
        output[at++] = distance;
        left = 0;
      } else {
        const size = Math.min(left, MOST_COPY);
        output[at++] = 2 | ((size - 1) << 2);
        output[at++] = distance;
        output[at++] = distance >>> 8;
        left -= size;
      }
    }
    this.#length = at;
  }

  #writeVarInt(value: number): void {
    let left = value;
    for (; left > 0x7f; left >>>= 7) this.#output[this.#length++] = left | 0x80;
    this.#output[this.#length++] = left;
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

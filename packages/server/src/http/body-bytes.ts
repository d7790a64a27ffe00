/** Smaller pieces are copied into blocks of this size. */
const BLOCK_BYTES = 16 * 1024;
const FIRST_BLOCK_BYTES = 1_024;

/**
 * Assembles a body from its pieces. It keeps large pieces as they are. It copies small pieces into blocks, because a
 * list of them would take more than a hundred bytes for each. It holds at most twice the bytes that have arrived.
 */
export class BodyBytes {
  readonly #full: Buffer[] = [];
  #block: Buffer | undefined;
  /** The used bytes of the block. */
  #used = 0;
  #length = 0;

  add(piece: Buffer): void {
    // Most bodies come in one piece.
    if (this.#length === 0 || piece.length >= BLOCK_BYTES) {
      this.#closeBlock();
      this.#full.push(piece);
    } else this.#copy(piece);
    this.#length += piece.length;
  }

  /** The whole body. */
  get whole(): Buffer {
    this.#closeBlock();
    return this.#full.length === 1 && this.#full[0] ? this.#full[0] : Buffer.concat(this.#full);
  }

  #copy(piece: Buffer): void {
    for (let from = 0; from < piece.length; ) {
      if (this.#block?.length === this.#used) this.#closeBlock();
      this.#block ??= Buffer.allocUnsafeSlow(
        Math.min(BLOCK_BYTES, Math.max(FIRST_BLOCK_BYTES, this.#length)),
      );
      const copied = piece.copy(this.#block, this.#used, from);
      this.#used += copied;
      from += copied;
    }
  }

  #closeBlock(): void {
    if (this.#block) this.#full.push(this.#block.subarray(0, this.#used));
    this.#block = undefined;
    this.#used = 0;
  }
}

/** The least that is allocated for a body that comes in several pieces. */
const LEAST_BYTES = 1_024;

/**
 * Puts a body together as its pieces arrive. It holds at most twice what has arrived, however small the pieces are: a
 * list of them would take a hundred bytes and more for each.
 */
export class BodyBytes {
  #room: Buffer | undefined;
  #length = 0;

  add(piece: Buffer): void {
    if (this.#room === undefined) {
      // Most bodies come in one piece.
      this.#room = piece;
    } else {
      const length = this.#length + piece.length;
      if (length > this.#room.length) this.#grow(length);
      piece.copy(this.#room, this.#length);
    }
    this.#length += piece.length;
  }

  get whole(): Buffer {
    return this.#room?.subarray(0, this.#length) ?? Buffer.alloc(0);
  }

  #grow(least: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(least, 2 * this.#length, LEAST_BYTES));
    this.#room?.copy(larger, 0, 0, this.#length);
    this.#room = larger;
  }
}

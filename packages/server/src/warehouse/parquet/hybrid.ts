import { ByteWriter } from 'hyparquet-writer';
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js';
import { RowNumbers } from './values.ts';

/** For the heads of runs, which an estimate of packed bytes leaves out. */
const SPARE_BYTES = 64;

/** Encodes numbers of at most `bitWidth` bits as Parquet's hybrid of runs and packed bits. */
export function encodeHybrid(values: Uint32Array, bitWidth: number): Uint8Array {
  // A writer that is large enough from the beginning copies nothing.
  const writer = new ByteWriter(values.length * (bitWidth / 8) + SPARE_BYTES);
  writeRleBitPackedHybrid(writer, values, bitWidth);
  return writer.getBytes();
}

/** The definition levels of an optional column: 1 for each value, 0 for each null. */
export class DefinitionLevels {
  /** The number of values and nulls added since the last `clear`. */
  length = 0;
  nulls = 0;
  /** The levels up to the last null. Most columns have none, and then add nothing here row by row. */
  readonly #levels = new RowNumbers();

  addValue(): void {
    this.length++;
  }

  addNull(): void {
    this.#catchUp();
    this.#levels.add(0);
    this.length++;
    this.nulls++;
  }

  /** The encoded levels, after their length in bytes. */
  encode(): Uint8Array {
    this.#catchUp();
    const levels = encodeHybrid(this.#levels.numbers, 1);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(levels.length);
    return Buffer.concat([length, levels]);
  }

  clear(): void {
    this.#levels.clear();
    this.length = this.nulls = 0;
  }

  #catchUp(): void {
    this.#levels.fill(1, this.length - this.#levels.length);
  }
}

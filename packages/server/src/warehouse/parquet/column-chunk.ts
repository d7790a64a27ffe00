import snappy from 'snappyjs';
import { DefinitionLevels, encodeHybrid } from './hybrid.ts';
import type { PhysicalValue, SharedColumn } from './part.ts';
import { encodeStruct, type Struct } from './thrift.ts';
import { PHYSICAL_TYPE, type PhysicalType, PlainValues, RowNumbers } from './values.ts';

/**
 * Codes of Parquet's enumerations
 * (https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift).
 */
const ENCODING = { plain: 0, plainDictionary: 2, rle: 3 } as const;
const PAGE_TYPE = { data: 0, dictionary: 2 } as const;
const CODEC = { uncompressed: 0, snappy: 1 } as const;

/**
 * Compression stays in use if it saves at least this share of a row group's bytes. Of random ids it saves less, and it costs
 * the most there.
 */
const LEAST_SAVED = 1 / 5;
/** A smaller row group, such as the first one, does not tell how others will be. */
const ROWS_TO_JUDGE = 1_000;

/** A tried dictionary stays in use if its values are at most this share of all values. */
const MOST_DISTINCT = 0.5;

export interface ChunkColumn {
  name: string;
  type: PhysicalType;
  /** For a BYTE_ARRAY: dictionary encoding `always`, `tried` until values of a row group seldom repeat, or `never`. */
  dictionary: 'always' | 'tried' | 'never';
  /** Whether a row group states its least and greatest value, by which readers can skip it. */
  hasBounds: boolean;
}

/** A column's part of a row group: its bytes, and its metadata for the footer. */
export interface EncodedChunk {
  pieces: readonly Uint8Array[];
  metadata: Struct;
  uncompressedBytes: number;
  compressedBytes: number;
}

/**
 * Collects the values of an optional column and encodes them as a column chunk of one data page. Pages have version 1,
 * which every reader supports. Some readers that support only version 1 read the booleans of version 2 as false,
 * without an error.
 */
export class ColumnChunk {
  readonly #column: ChunkColumn;
  #codec: number = CODEC.snappy;
  readonly #plain = new PlainValues();
  /** Whether the values are in a dictionary. Else they are written plain. */
  #hasDictionary: boolean;
  /** The number of values in the dictionary. */
  #distinct = 0;
  /** The index in the dictionary of each value that rows do not share. */
  readonly #dictionary = new Map<string, number>();
  readonly #indexes = new RowNumbers();
  readonly #levels = new DefinitionLevels();
  #least: number | undefined;
  #greatest: number | undefined;

  constructor(column: ChunkColumn) {
    this.#column = column;
    this.#hasDictionary = column.dictionary !== 'never';
  }

  /** Adds a value in the form of its physical type: a boolean, a number or a text. */
  add(value: PhysicalValue | null): void {
    if (value === null) {
      this.#levels.addNull();
      return;
    }
    this.#levels.addValue();
    if (typeof value === 'string') this.#addText(value);
    else if (typeof value === 'boolean') this.#plain.appendBoolean(value);
    else this.#addNumber(value);
  }

  /**
   * Adds the values of rows that share them.
   *
   * @param objects the number of the object of each row
   */
  addShared(column: SharedColumn, objects: Uint32Array): void {
    if (this.#column.type === 'BYTE_ARRAY') {
      if (this.#hasDictionary) this.#addIndexes(column, objects);
      else this.#addTexts(column, objects);
      return;
    }
    const { values, numberOfObject } = column;
    for (const object of objects) this.add(values[numberOfObject[object] as number] ?? null);
  }

  /** Adds texts to the dictionary, each once, by copies of their encoded bytes. */
  #addIndexes(column: SharedColumn, objects: Uint32Array): void {
    const { texts, offsets, numberOfObject } = column;
    const indexes = column.takeIndexes();
    for (const object of objects) {
      const number = numberOfObject[object] as number;
      if (number < 0) {
        this.#levels.addNull();
        continue;
      }
      let index = indexes[number] as number;
      if (index < 0) {
        this.#plain.appendEncoded(texts, offsets[number] as number, offsets[number + 1] as number);
        index = this.#distinct++;
        indexes[number] = index;
      }
      this.#levels.addValue();
      this.#indexes.add(index);
    }
  }

  /** Adds texts without a dictionary. Those that follow one another in the column are copied at once. */
  #addTexts({ texts, offsets, numberOfObject }: SharedColumn, objects: Uint32Array): void {
    let [start, end] = [0, 0];
    for (const object of objects) {
      const number = numberOfObject[object] as number;
      if (number < 0) {
        this.#levels.addNull();
        continue;
      }
      this.#levels.addValue();
      const offset = offsets[number] as number;
      if (offset !== end) {
        this.#plain.appendEncoded(texts, start, end);
        start = offset;
      }
      end = offsets[number + 1] as number;
    }
    this.#plain.appendEncoded(texts, start, end);
  }

  #addText(value: string): void {
    if (!this.#hasDictionary) {
      this.#plain.appendText(value);
      return;
    }
    let index = this.#dictionary.get(value);
    if (index === undefined) {
      index = this.#addToDictionary(value);
      this.#dictionary.set(value, index);
    }
    this.#indexes.add(index);
  }

  #addToDictionary(value: string): number {
    this.#plain.appendText(value);
    return this.#distinct++;
  }

  #addNumber(value: number): void {
    const { type, hasBounds } = this.#column;
    if (type === 'INT32') this.#plain.appendInt32(value);
    else if (type === 'INT64') this.#plain.appendInt64(value);
    else this.#plain.appendDouble(value);
    if (!hasBounds) return;
    if (this.#least === undefined || value < this.#least) this.#least = value;
    if (this.#greatest === undefined || value > this.#greatest) this.#greatest = value;
  }

  /** Encodes the values added so far as a chunk that begins at `offset` of the file. Then clears them. */
  encode(offset: number): EncodedChunk {
    const { name, type } = this.#column;
    const values = this.#levels.length;
    const distinct = this.#hasDictionary ? this.#distinct : 0;
    const dictionaryPage =
      distinct > 0 &&
      this.#encodePage(this.#plain.bytes, (sizes) => [
        [1, 'i32', PAGE_TYPE.dictionary],
        ...sizes,
        [
          7,
          'struct',
          [
            [1, 'i32', distinct],
            [2, 'i32', ENCODING.plainDictionary],
          ],
        ],
      ]);
    const encoding = distinct > 0 ? ENCODING.plainDictionary : ENCODING.plain;
    const content = distinct > 0 ? encodeIndexes(this.#indexes.numbers, distinct) : this.#plain.bytes;
    const dataPage = this.#encodePage(Buffer.concat([this.#levels.encode(), content]), (sizes) => [
      [1, 'i32', PAGE_TYPE.data],
      ...sizes,
      [
        5,
        'struct',
        [
          [1, 'i32', values],
          [2, 'i32', encoding],
          [3, 'i32', ENCODING.rle],
          [4, 'i32', ENCODING.rle],
        ],
      ],
    ]);
    const pages = dictionaryPage ? [dictionaryPage, dataPage] : [dataPage];
    const compressedBytes = pages.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const uncompressedBytes = pages.reduce((sum, page) => sum + page.uncompressedBytes, 0);
    const metadata: Struct = [
      [1, 'i32', PHYSICAL_TYPE[type]],
      [2, 'i32s', [encoding, ENCODING.rle]],
      [3, 'texts', [name]],
      [4, 'i32', this.#codec],
      [5, 'i64', values],
      [6, 'i64', uncompressedBytes],
      [7, 'i64', compressedBytes],
      [9, 'i64', offset + (dictionaryPage ? dictionaryPage.bytes.length : 0)],
      [11, 'i64', dictionaryPage ? offset : undefined],
      [12, 'struct', this.#statistics()],
    ];
    this.#judge(compressedBytes / uncompressedBytes);
    this.#clear();
    return { pieces: pages.map(({ bytes }) => bytes), metadata, uncompressedBytes, compressedBytes };
  }

  /** A page: its header, with the sizes as members 2 and 3, and its content, compressed or not. */
  #encodePage(content: Uint8Array, headerWith: (sizes: Struct) => Struct): EncodedPage {
    const sent = this.#codec === CODEC.snappy ? snappy.compress(content) : content;
    const header = encodeStruct(
      headerWith([
        [2, 'i32', content.length],
        [3, 'i32', sent.length],
      ]),
    );
    return { bytes: Buffer.concat([header, sent]), uncompressedBytes: header.length + content.length };
  }

  #statistics(): Struct {
    return [
      [3, 'i64', this.#levels.nulls],
      [5, 'bytes', this.#bound(this.#greatest)],
      [6, 'bytes', this.#bound(this.#least)],
    ];
  }

  #bound(value: number | undefined): Uint8Array | undefined {
    if (value === undefined) return undefined;
    const plain = new PlainValues();
    if (this.#column.type === 'INT32') plain.appendInt32(value);
    else plain.appendInt64(value);
    return plain.bytes;
  }

  /** Decides by this row group how the next ones are encoded. */
  #judge(compressedShare: number): void {
    if (this.#levels.length < ROWS_TO_JUDGE) return;
    const isPoor =
      this.#column.dictionary === 'tried' && this.#distinct > this.#indexes.length * MOST_DISTINCT;
    if (isPoor) this.#hasDictionary = false;
    else if (compressedShare > 1 - LEAST_SAVED) this.#codec = CODEC.uncompressed;
  }

  #clear(): void {
    this.#plain.clear();
    this.#dictionary.clear();
    this.#distinct = 0;
    this.#indexes.clear();
    this.#levels.clear();
    this.#least = this.#greatest = undefined;
  }
}

interface EncodedPage {
  bytes: Uint8Array;
  uncompressedBytes: number;
}

/** Indexes in a dictionary, after a byte with the bits of each. That is at least 1, since few readers support 0. */
function encodeIndexes(indexes: Uint32Array, dictionarySize: number): Uint8Array {
  const bitWidth = Math.max(1, 32 - Math.clz32(dictionarySize - 1));
  return Buffer.concat([Uint8Array.of(bitWidth), encodeHybrid(indexes, bitWidth)]);
}

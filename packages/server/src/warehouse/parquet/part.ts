import type { Row } from '../format.ts';
import { PlainValues, RowNumbers } from './values.ts';

export type PhysicalValue = boolean | number | string;

/** The number of a value that is null. */
const NULL = -1;
/** The value has no index in the dictionary of the row group yet. */
const NONE = -1;

/** The objects of a part (see `Column.part`) that rows share, and the object of each row of a row group. */
export class Part {
  readonly #name: string;
  /** The number of each object, counted from 0. */
  readonly #numbers = new Map<Row, number>();
  /** The objects by their number. */
  readonly #objects: Row[] = [];
  readonly #columns: SharedColumn[] = [];
  readonly #rows = new RowNumbers();
  #hasRowsWithoutPart = false;
  #lastNumber = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** @param read gives the value of an object */
  addColumn(read: (object: Row) => PhysicalValue | null): SharedColumn {
    const column = new SharedColumn(read);
    this.#columns.push(column);
    return column;
  }

  /** The number of the object of each row; valid until the next call. */
  get rows(): Uint32Array {
    return this.#rows.numbers;
  }

  add(row: Row): void {
    const object = (row[this.#name] ?? row) as Row;
    if (object === row) this.#hasRowsWithoutPart = true;
    if (object !== this.#objects[this.#lastNumber]) {
      // Users come in the same order again each day. A step is cheaper than a look-up in a large map.
      const next = this.#lastNumber + 1;
      const isNext = object === this.#objects[next];
      this.#lastNumber = isNext ? next : (this.#numbers.get(object) ?? this.#addObject(object));
    }
    this.#rows.add(this.#lastNumber);
  }

  #addObject(object: Row): number {
    const number = this.#objects.push(object) - 1;
    this.#numbers.set(object, number);
    for (const column of this.#columns) column.addObject(object);
    return number;
  }

  /** Ends a row group. Rows without the part do not come again, so the part keeps none of them. */
  endGroup(): void {
    this.#rows.clear();
    if (!this.#hasRowsWithoutPart) return;
    this.#hasRowsWithoutPart = false;
    this.#numbers.clear();
    this.#objects.length = 0;
    for (const column of this.#columns) column.forget();
  }
}

/** The values of a column of a part, each once. */
export class SharedColumn {
  readonly #read: (object: Row) => PhysicalValue | null;
  readonly #values: PhysicalValue[] = [];
  readonly #texts = new PlainValues();
  readonly #offsets = new RowNumbers();
  readonly #numbers = new Map<PhysicalValue, number>();
  /** The number of each object's value. */
  readonly #numberOfObject: number[] = [];
  #indexes = new Int32Array(512);

  constructor(read: (object: Row) => PhysicalValue | null) {
    this.#read = read;
    this.#offsets.add(0);
  }

  get values(): readonly PhysicalValue[] {
    return this.#values;
  }

  /** The values in the encoding PLAIN, one after the other, if they are texts; valid until the next object. */
  get texts(): Uint8Array {
    return this.#texts.bytes;
  }

  /** The offset in the texts of each value and, last, of their end. */
  get offsets(): Uint32Array {
    return this.#offsets.numbers;
  }

  /** The number of each object's value, by the object's number. NULL if it is null. */
  get numberOfObject(): readonly number[] {
    return this.#numberOfObject;
  }

  /** For the index of each value in the dictionary of a row group; all NONE at first. The next group uses it again. */
  takeIndexes(): Int32Array {
    if (this.#indexes.length < this.#values.length) this.#indexes = new Int32Array(2 * this.#values.length);
    return this.#indexes.fill(NONE, 0, this.#values.length);
  }

  addObject(object: Row): void {
    const value = this.#read(object);
    this.#numberOfObject.push(value === null ? NULL : (this.#numbers.get(value) ?? this.#addValue(value)));
  }

  #addValue(value: PhysicalValue): number {
    const number = this.#values.push(value) - 1;
    this.#numbers.set(value, number);
    if (typeof value === 'string') this.#texts.appendText(value);
    this.#offsets.add(this.#texts.bytes.length);
    return number;
  }

  forget(): void {
    this.#values.length = 0;
    this.#texts.clear();
    this.#offsets.clear();
    this.#offsets.add(0);
    this.#numbers.clear();
    this.#numberOfObject.length = 0;
  }
}

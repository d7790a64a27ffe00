import { setImmediate } from 'node:timers/promises';
import { VERSION } from '../../store/release.ts';
import type { Row } from '../format.ts';
import { ColumnChunk, type EncodedChunk } from './column-chunk.ts';
import { Part, type SharedColumn } from './part.ts';
import { type ParquetColumn, schemaElement } from './schema.ts';
import { encodeStruct, type Struct } from './thrift.ts';

const MAGIC = Buffer.from('PAR1');
const FORMAT_VERSION = 1;
/** The application, its version and its build, in the form that Java readers parse. */
const CREATED_BY = `rollcall version ${VERSION} (build ${VERSION})`;
/** After so long, the writer lets other requests run before it encodes the next column. */
const SLICE_MS = 4;

interface OpenColumn {
  column: ParquetColumn;
  chunk: ColumnChunk;
  /** The part whose objects have the values, and the values. Undefined if the rows themselves have them. */
  shared?: { part: Part; column: SharedColumn };
}

/** Writes a Parquet file row group by row group. It does not keep written rows. */
export class ParquetFile {
  /** The number of rows added since the last group. */
  rows = 0;
  readonly #columns: readonly OpenColumn[];
  readonly #ownColumns: readonly OpenColumn[];
  readonly #parts: readonly Part[];
  readonly #groups: Struct[] = [];
  #totalRows = 0;
  #offset = 0;

  constructor(columns: readonly ParquetColumn[]) {
    const parts = new Map<string, Part>();
    this.#columns = columns.map((column) => {
      const chunk = new ColumnChunk(column);
      if (column.part === undefined) return { column, chunk };
      const part = parts.get(column.part) ?? new Part(column.part);
      parts.set(column.part, part);
      return { column, chunk, shared: { part, column: part.addColumn(column.read) } };
    });
    this.#ownColumns = this.#columns.filter(({ shared }) => shared === undefined);
    this.#parts = [...parts.values()];
  }

  add(row: Row): void {
    for (const { column, chunk } of this.#ownColumns) chunk.add(column.read(row));
    for (const part of this.#parts) part.add(row);
    this.rows++;
  }

  /** The bytes of the added rows. The first call also returns the start of the file. */
  async writeGroup(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [...this.#begin()];
    const groupOffset = this.#offset;
    const chunks: (EncodedChunk & { offset: number })[] = [];
    let sinceMs = performance.now();
    for (const { chunk, shared } of this.#columns) {
      const offset = this.#offset;
      if (shared) chunk.addShared(shared.column, shared.part.rows);
      const encoded = chunk.encode(offset);
      chunks.push({ ...encoded, offset });
      pieces.push(...encoded.pieces);
      this.#offset += encoded.compressedBytes;
      if (performance.now() - sinceMs < SLICE_MS) continue;
      await setImmediate();
      sinceMs = performance.now();
    }
    this.#groups.push([
      [
        1,
        'structs',
        chunks.map(({ offset, metadata }) => [
          [2, 'i64', offset],
          [3, 'struct', metadata],
        ]),
      ],
      [2, 'i64', chunks.reduce((sum, { uncompressedBytes }) => sum + uncompressedBytes, 0)],
      [3, 'i64', this.rows],
      [5, 'i64', groupOffset],
      [6, 'i64', this.#offset - groupOffset],
    ]);
    this.#totalRows += this.rows;
    this.rows = 0;
    for (const part of this.#parts) part.endGroup();
    return Buffer.concat(pieces);
  }

  /** The bytes of the end of the file: the footer, by which readers find everything else. */
  finish(): Uint8Array {
    const columns = this.#columns.map(({ column }) => column);
    const footer = encodeStruct([
      [1, 'i32', FORMAT_VERSION],
      [
        2,
        'structs',
        [
          [
            [4, 'text', 'root'],
            [5, 'i32', columns.length],
          ],
          ...columns.map(schemaElement),
        ],
      ],
      [3, 'i64', this.#totalRows],
      [4, 'structs', this.#groups],
      [6, 'text', CREATED_BY],
      // ColumnOrder: the bounds of each column follow the order of its type.
      [7, 'structs', columns.map(() => [[1, 'struct', []]])],
    ]);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length);
    return Buffer.concat([...this.#begin(), footer, length, MAGIC]);
  }

  /** The file's first bytes, once. */
  #begin(): Uint8Array[] {
    if (this.#offset > 0) return [];
    this.#offset = MAGIC.length;
    return [MAGIC];
  }
}

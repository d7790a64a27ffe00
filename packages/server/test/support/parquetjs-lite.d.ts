declare module 'parquetjs-lite' {
  interface Cursor {
    /** The next row; null after the last. */
    next(): Promise<Record<string, unknown> | null>;
  }
  export class ParquetReader {
    static openBuffer(file: Buffer): Promise<ParquetReader>;
    getCursor(): Cursor;
    close(): Promise<void>;
  }
  const parquetjs: { ParquetReader: typeof ParquetReader };
  export default parquetjs;
}

import { Zip, ZipDeflate } from 'fflate';

/** A file in an archive, in pieces of text. */
export interface ZippedFile {
  name: string;
  content: AsyncIterable<string> | Iterable<string>;
}

const encoder = new TextEncoder();
/** Without the extension ZIP64, sizes and offsets have 32 bits. */
const MOST_BYTES = 0xffff_ffff;

/**
 * A ZIP archive in pieces. It reads the files one after the other, as fast as the caller takes the pieces, and holds one
 * piece in memory. Throws if a file or the archive is larger than 4 GiB.
 */
export async function* zipFile(
  files: AsyncIterable<ZippedFile>,
  modifiedAt: Date,
): AsyncGenerator<Uint8Array, void> {
  let pieces: Uint8Array[] = [];
  let written = 0;
  const archive = new Zip((error, piece) => {
    if (error) throw error;
    written += piece.length;
    if (written > MOST_BYTES) throw new Error('The archive is larger than 4 GiB.');
    pieces.push(piece);
  });
  const taken = () => {
    const ready = pieces;
    pieces = [];
    return ready.filter(({ length }) => length > 0);
  };
  for await (const { name, content } of files) {
    const file = new ZipDeflate(name);
    file.mtime = modifiedAt;
    archive.add(file);
    let bytes = 0;
    for await (const text of content) {
      const piece = encoder.encode(text);
      bytes += piece.length;
      if (bytes > MOST_BYTES) throw new Error(`${name} is larger than 4 GiB.`);
      file.push(piece);
      yield* taken();
    }
    file.push(new Uint8Array(0), true);
    yield* taken();
  }
  archive.end();
  yield* taken();
}

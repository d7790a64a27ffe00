import { createReadStream, type ReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { type Encoding, EncodingDetector, encodingOfHead, HEAD_BYTES } from './encoding.ts';
import { FileError } from './errors.ts';

/** A text file or standard input, in any encoding that `openText` recognises. */
export interface TextInput {
  /** UTF-8 without a byte order mark. Throws `FileError` if the bytes are not text. */
  stream: Readable;
  /**
   * The encoding of the input. For standard input it can change from UTF-8 to Windows-1252 while the stream is read.
   */
  readonly encoding: Encoding;
  /** The number of bytes that were read so far. */
  readonly bytesRead: number;
  /** The size of the file in bytes; undefined for standard input and pipes. */
  sizeBytes: number | undefined;
  /** Stops reading, even while the stream waits for the next bytes. */
  close(): void;
}

/**
 * Opens a text file; `-` is standard input. It recognises UTF-8, UTF-16 and Windows-1252, with and without a byte order
 * mark. It calls `onEncoding` once if the encoding is not UTF-8. It checks a file as a whole before its stream is read.
 * Throws `FileError` if the file is not text, and errors of the file system.
 */
export async function openText(
  path: string,
  onEncoding: (encoding: Encoding) => void = () => undefined,
): Promise<TextInput> {
  if (path === '-') return readText(process.stdin, { onEncoding });
  const file = await stat(path);
  // A pipe can be read once only.
  if (!file.isFile()) return readText(createReadStream(path), { onEncoding });
  const encoding = await judge(createReadStream(path));
  return readText(createReadStream(path), { onEncoding, encoding, sizeBytes: file.size });
}

interface Known {
  onEncoding?: (encoding: Encoding) => void;
  /** The known encoding. The bytes are not checked again. */
  encoding?: Encoding;
  sizeBytes?: number;
  /** The stream hands on pieces of about this size, or of the input's. Absent: the stream may join pieces. */
  pieceBytes?: number;
}

/**
 * The text of `input`, which is read once. Calls `onEncoding` and throws like `openText`, but while the stream is read.
 */
export function readText(
  input: AsyncIterable<Buffer | string>,
  { onEncoding = () => undefined, encoding: known, sizeBytes, pieceBytes }: Known = {},
): TextInput {
  let encoding: Encoding = known ?? 'UTF-8';
  let bytesRead = 0;
  let isTold = false;
  const take = (found: Encoding) => {
    encoding = found;
    if (found !== 'UTF-8' && !isTold) onEncoding(found);
    isTold ||= found !== 'UTF-8';
  };
  async function* counted() {
    for await (const chunk of input) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
      bytesRead += bytes.length;
      yield bytes;
    }
  }
  const stream = Readable.from(decode(counted(), known, take), {
    objectMode: false,
    ...(pieceBytes === undefined ? {} : { highWaterMark: pieceBytes }),
  });
  return {
    stream,
    sizeBytes,
    get encoding() {
      return encoding;
    },
    get bytesRead() {
      return bytesRead;
    },
    close() {
      // Without this, the stream would wait for the chunk that it has requested.
      if (input instanceof Readable) input.destroy();
      stream.destroy();
    },
  };
}

/** The encoding of a whole file. Throws `FileError`. */
async function judge(file: ReadStream): Promise<Encoding> {
  let bytes: EncodingDetector | undefined;
  for await (const chunk of withHead(file)) {
    if (!bytes) {
      const head = encodingOfHead(chunk);
      if (head && head.encoding !== 'UTF-8') {
        file.destroy();
        return head.encoding;
      }
      bytes = new EncodingDetector(head !== undefined);
    }
    bytes.add(chunk);
  }
  bytes?.end();
  return bytes?.encoding ?? 'UTF-8';
}

async function* decode(
  chunks: AsyncIterable<Buffer>,
  known: Encoding | undefined,
  take: (encoding: Encoding) => void,
): AsyncGenerator<Buffer> {
  let bytes: EncodingDetector | undefined;
  let decoder: Decoder | undefined;
  let isFirst = true;
  for await (const whole of withHead(chunks)) {
    let chunk = whole;
    if (isFirst) {
      isFirst = false;
      const head = encodingOfHead(chunk);
      chunk = chunk.subarray(head?.markBytes ?? 0);
      const encoding = known ?? head?.encoding ?? 'UTF-8';
      take(encoding);
      if (encoding !== 'UTF-8') decoder = decoderOf(encoding);
      else if (known === undefined) bytes = new EncodingDetector(head !== undefined);
    }
    if (bytes) {
      chunk = bytes.add(chunk);
      // All bytes before it are ASCII, which is the same in both encodings.
      if (bytes.encoding === 'Windows-1252' && !decoder) {
        take('Windows-1252');
        decoder = decoderOf('Windows-1252');
      }
    }
    yield decoder ? toUtf8(decoder, chunk) : chunk;
  }
  const rest = bytes?.end();
  if (decoder) yield Buffer.concat([toUtf8(decoder, rest), toUtf8(decoder)]);
}

type Decoder = InstanceType<typeof TextDecoder>;

function decoderOf(encoding: Encoding): Decoder {
  // `decode` has removed the byte order mark.
  return new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
}

/** Converts `chunk` to UTF-8. Without a chunk, it returns the rest at the end. */
function toUtf8(decoder: Decoder, chunk?: Buffer): Buffer {
  try {
    return Buffer.from(chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode());
  } catch {
    throw new FileError(`The file is not valid ${decoder.encoding.toUpperCase()}. Save it as CSV UTF-8.`);
  }
}

/** The same bytes, with a first chunk that is long enough to show the encoding. */
async function* withHead(chunks: AsyncIterable<Buffer | string>): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
    if (!head) {
      yield bytes;
      continue;
    }
    head = Buffer.concat([head, bytes]);
    // Even a short line shows UTF-16 or the byte order mark, and a typed line must not wait for more.
    if (head.length < HEAD_BYTES && !head.includes('\n')) continue;
    yield head;
    head = undefined;
  }
  if (head && head.length > 0) yield head;
}

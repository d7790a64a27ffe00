import { createHash } from 'node:crypto';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createGzip } from 'node:zlib';
import { createTarDecoder, createTarPacker } from 'modern-tar';
import { archiveBytes, type BackupEncryption, type DecryptWith } from './encryption.ts';
import { BackupError, damaged, foreign, RestoreError, truncated } from './errors.ts';

/** Measured on events: the default level takes twice as long and makes the file only a twentieth smaller. */
const GZIP_LEVEL = constants.Z_BEST_SPEED;
const GZIP_CHUNK_BYTES = 256 * 1024;

/** SHA-256 over the entries of an archive: for each, its name, NUL, its size in decimal, NUL, its content. */
export class ArchiveDigest {
  readonly #hash = createHash('sha256');

  begin(name: string, size: number): void {
    this.#hash.update(`${name}\0${size}\0`);
  }

  update(content: Uint8Array): void {
    this.#hash.update(content);
  }

  /** Lowercase hexadecimal of the digest so far. */
  hex(): string {
    return this.#hash.copy().digest('hex');
  }
}

/** Writes a gzipped tar, encrypted or not, entry by entry, as fast as `output` accepts it. */
export class ArchiveWriter {
  /** The digest of all entries added so far. */
  readonly digest = new ArchiveDigest();
  readonly #packer = createTarPacker();
  readonly #flow: Promise<void>;
  readonly #mtime: Date;
  #bytes = 0;

  constructor(output: Writable, mtime: Date, encryption?: BackupEncryption) {
    this.#mtime = mtime;
    const gzip = createGzip({ level: GZIP_LEVEL, chunkSize: GZIP_CHUNK_BYTES });
    this.#flow = pipeline(
      Readable.fromWeb(this.#packer.readable),
      gzip,
      (source) => this.#counted(encryption ? encryption.encrypt(source) : source),
      output,
    );
    // `add` or `finish` reports a failure.
    this.#flow.catch(() => undefined);
  }

  /** The size of the file so far, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds one file. `content` must not change afterwards. Throws `BackupError` if `output` fails. */
  async add(name: string, content: Uint8Array): Promise<void> {
    this.digest.begin(name, content.length);
    this.digest.update(content);
    try {
      const header = { name, size: content.length, mtime: this.#mtime, mode: 0o600 };
      const body = this.#packer.controller.add(header).getWriter();
      if (content.length > 0) await body.write(content);
      await body.close();
    } catch (error) {
      // The packer only knows that it was stopped. The pipeline has the cause.
      this.#packer.controller.error(error);
      throw cannotWrite(await this.#flow.catch((reason) => reason));
    }
  }

  /** Ends the archive and `output`, and waits until both have. Throws `BackupError`. */
  async finish(): Promise<void> {
    try {
      this.#packer.controller.finalize();
      await this.#flow;
    } catch (error) {
      throw cannotWrite(error);
    }
  }

  /** Stops writing and destroys `output`. */
  abort(reason: unknown): void {
    this.#packer.controller.error(reason);
  }

  async *#counted(file: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of file) {
      this.#bytes += chunk.length;
      yield chunk;
    }
  }
}

/** One file of an archive. Read its body to the end before you ask for the next entry. */
export interface ArchiveEntry {
  name: string;
  size: number;
  body: AsyncIterable<Uint8Array>;
}

/**
 * Reads the files of a gzipped tar, in order. Decrypts it with `decryptWith`. Ends normally only after the last byte of
 * `input`, and if the checksum of gzip is right. Throws `RestoreError`. Always destroys `input`.
 */
export async function* readArchive(input: Readable, decryptWith?: DecryptWith): AsyncGenerator<ArchiveEntry> {
  const decoder = createTarDecoder({ strict: true });
  const gunzip = createGunzip({ chunkSize: GZIP_CHUNK_BYTES });
  const flow = pipeline(
    input,
    (file) => archiveBytes(file, decryptWith),
    gunzip,
    (source) => writeAll(source, decoder.writable),
  );
  // A failure also fails the reads of entries below, with the same error.
  flow.catch(() => undefined);
  try {
    for await (const entry of decoder.readable) {
      if ((entry.header.type ?? 'file') !== 'file') throw damaged();
      yield { name: entry.header.name, size: entry.header.size, body: readable(entry.body) };
    }
    await flow;
  } catch (error) {
    throw cannotRead(error);
  } finally {
    input.destroy();
  }
}

/** Own code, because `Readable.toWeb` of Node 20 throws an uncaught error if its reader stops early. */
async function writeAll(source: AsyncIterable<Buffer>, writable: WritableStream<Uint8Array>): Promise<void> {
  const writer = writable.getWriter();
  try {
    for await (const chunk of source) await writer.write(chunk);
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
    throw error;
  }
}

async function* readable(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw cannotRead(error);
  }
}

function cannotWrite(error: unknown): BackupError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new BackupError('There is not enough space for the backup file; no backup was made.', error);
  }
  return new BackupError(`The backup file cannot be written (${message}); no backup was made.`, error);
}

function cannotRead(error: unknown): RestoreError {
  if (error instanceof RestoreError) return error;
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (syscall !== undefined) return new RestoreError(`The backup file cannot be read (${message}).`, error);
  if (code === 'Z_BUF_ERROR') return truncated(error);
  return message === 'incorrect header check' ? foreign(error) : damaged(error);
}

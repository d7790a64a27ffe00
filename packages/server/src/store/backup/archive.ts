import { createHash } from 'node:crypto';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createGzip } from 'node:zlib';
import { createTarDecoder, createTarPacker } from 'modern-tar';
import { BackupError, RestoreError } from './errors.ts';

/** Measured on events: the default level takes twice as long for a file a twentieth smaller. */
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

/** A gzipped tar, written entry by entry and as fast as `output` takes it. */
export class ArchiveWriter {
  /** Over every entry added so far. */
  readonly digest = new ArchiveDigest();
  readonly #packer = createTarPacker();
  readonly #flow: Promise<void>;
  readonly #mtime: Date;
  #bytes = 0;

  constructor(output: Writable, mtime: Date) {
    this.#mtime = mtime;
    const gzip = createGzip({ level: GZIP_LEVEL, chunkSize: GZIP_CHUNK_BYTES });
    this.#flow = pipeline(
      Readable.fromWeb(this.#packer.readable),
      gzip,
      (source) => this.#counted(source),
      output,
    );
    // A failure is reported by whichever of add and finish meets it.
    this.#flow.catch(() => undefined);
  }

  /** Bytes of the compressed file so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds one file; `content` must not change afterwards. Throws `BackupError` when `output` fails. */
  async add(name: string, content: Uint8Array): Promise<void> {
    this.digest.begin(name, content.length);
    this.digest.update(content);
    try {
      const header = { name, size: content.length, mtime: this.#mtime, mode: 0o600 };
      const body = this.#packer.controller.add(header).getWriter();
      if (content.length > 0) await body.write(content);
      await body.close();
    } catch (error) {
      // The packer only knows that it was stopped; the flow knows why.
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

  /** Gives up: `output` is destroyed. */
  abort(reason: unknown): void {
    this.#packer.controller.error(reason);
  }

  async *#counted(gzipped: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of gzipped) {
      this.#bytes += chunk.length;
      yield chunk;
    }
  }
}

/** One file of an archive. Its body must be read to the end before the next entry is asked for. */
export interface ArchiveEntry {
  name: string;
  size: number;
  body: AsyncIterable<Uint8Array>;
}

/**
 * The files of a gzipped tar, in order. Ends normally only once the last byte of `input` was read and gzip's
 * own checksum agreed. Throws `RestoreError`. Destroys `input` in every case.
 */
export async function* readArchive(input: Readable): AsyncGenerator<ArchiveEntry> {
  const decoder = createTarDecoder({ strict: true });
  const gunzip = createGunzip({ chunkSize: GZIP_CHUNK_BYTES });
  const flow = pipeline(input, gunzip, (source) => writeAll(source, decoder.writable));
  // A failure also fails the entries below, with the same error.
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

/** The file is not what was written, in a way that no honest writer explains. */
export function damaged(cause?: unknown): RestoreError {
  return new RestoreError('The backup file is damaged; nothing was restored.', cause);
}

/** Someone else's file. */
export function foreign(cause?: unknown): RestoreError {
  return new RestoreError('This is not a Rollcall backup file.', cause);
}

/** The file ends before its end. */
export function truncated(cause?: unknown): RestoreError {
  return new RestoreError('The backup file is incomplete: its end is missing; nothing was restored.', cause);
}

/** By hand: `Readable.toWeb` of Node 20 throws past every handler when its reader leaves early. */
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

import { pipeline, Readable } from 'node:stream';
import { constants, createBrotliCompress, createGzip } from 'node:zlib';

/** The content codings that the server can send, the preferred one first. */
export const CODINGS = ['br', 'gzip'] as const;
export type Coding = (typeof CODINGS)[number];

/** At a higher quality, brotli is much slower than the database. */
const BROTLI_QUALITY = 4;
const CHUNK_BYTES = 64 * 1024;

/** Each piece is flushed at once, so that the first byte does not wait for a full window. */
const COMPRESSORS = {
  br: () =>
    createBrotliCompress({
      params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY },
      flush: constants.BROTLI_OPERATION_FLUSH,
      chunkSize: CHUNK_BYTES,
    }),
  gzip: () => createGzip({ flush: constants.Z_SYNC_FLUSH, chunkSize: CHUNK_BYTES }),
} satisfies Record<Coding, () => NodeJS.ReadWriteStream>;

/**
 * Compresses the pieces of a body. Throws an error of the source before the compressed body ends. When the caller stops
 * the iteration, the source stops, too.
 */
export async function* compress(
  pieces: AsyncIterable<string | Uint8Array>,
  coding: Coding,
): AsyncGenerator<Uint8Array, void> {
  const compressor = COMPRESSORS[coding]();
  // The iteration throws the errors of the compressor.
  pipeline(Readable.from(pieces, { objectMode: false }), compressor, () => undefined);
  yield* compressor as AsyncIterable<Buffer>;
}

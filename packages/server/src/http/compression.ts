import { pipeline, Readable } from 'node:stream';
import { constants, createBrotliCompress, createGzip } from 'node:zlib';

/** The content codings that can be sent, the preferred one first. */
export const CODINGS = ['br', 'gzip'] as const;
export type Coding = (typeof CODINGS)[number];

/** Beyond it brotli is much slower than the database gives rows. */
const BROTLI_QUALITY = 4;
const CHUNK_BYTES = 64 * 1024;

/** Every piece that goes in comes out at once, so that the first byte does not wait for what a window holds. */
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
 * The pieces of a body, compressed. What they throw is thrown before the compressed body has come to its end; whoever
 * gives this iteration up gives up theirs.
 */
export async function* compress(
  pieces: AsyncIterable<string | Uint8Array>,
  coding: Coding,
): AsyncGenerator<Uint8Array, void> {
  const compressor = COMPRESSORS[coding]();
  // Its errors are those of the compressor, which the iteration throws.
  pipeline(Readable.from(pieces, { objectMode: false }), compressor, () => undefined);
  yield* compressor as AsyncIterable<Buffer>;
}

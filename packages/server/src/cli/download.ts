import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { CallOptions } from '@rollcall/sdk';
import { unwritable } from './errors.ts';
import { inNewFile } from './new-file.ts';
import { showProgress } from './progress.ts';

/** The next bytes of an export come within this time. */
const LONGEST_WAIT_MS = 600_000;

/**
 * Writes an export to a new file as it arrives, for its own user only. Returns the number of bytes. A transfer that breaks off leaves
 * no file.
 *
 * @param request asks the server for the export
 */
export async function saveExport(
  file: string,
  signal: AbortSignal,
  request: (options: CallOptions) => Promise<unknown>,
): Promise<number> {
  const progress = showProgress('Exporting', 'bytes');
  try {
    return await inNewFile(file, 'export', async (output) => {
      const content = await request({ signal, timeoutMs: LONGEST_WAIT_MS });
      let received = 0;
      await pipeline(
        Readable.fromWeb(content as ReadableStream<Uint8Array>),
        async function* (pieces: AsyncIterable<Uint8Array>) {
          for await (const piece of pieces) {
            received += piece.length;
            progress.update(received, undefined);
            yield piece;
          }
        },
        output,
      ).catch(unwritable(file));
      return received;
    });
  } finally {
    progress.stop();
  }
}

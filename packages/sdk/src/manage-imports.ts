import { at } from './manage-calls.ts';
import type { CallOptions } from './options.ts';
import type { Transport } from './request.ts';
import type { ImportKind, ImportReport, Listing } from './types.ts';

/** CSV files. The server reads them as `rollcall import` does. */
export class Imports {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The kinds of files, each with its columns and a template. */
  async kinds(options?: CallOptions): Promise<Listing<'GET /v1/manage/imports'>[]> {
    const { items } = await this.#transport.json<{ items: Listing<'GET /v1/manage/imports'>[] }>(
      { method: 'GET', path: at`imports` },
      options,
    );
    return items;
  }

  /**
   * Imports a file. With `dryRun` the server stores nothing, and reports what each row would change. With `strict` it
   * stores nothing if a row is refused. `timeoutMs` is the limit of the whole import.
   * @throws ValidationError if the file as a whole cannot be read, or is too large. Without `strict`, rows before the
   * fault may be stored; the message says how many.
   */
  submit(
    kind: ImportKind,
    file: Blob | string | Uint8Array<ArrayBuffer>,
    { dryRun, strict }: { dryRun?: boolean | undefined; strict?: boolean | undefined } = {},
    options?: CallOptions,
  ): Promise<ImportReport> {
    return this.#transport.json(
      {
        method: 'POST',
        path: at`imports/${kind}`,
        query: { dryRun: dryRun || undefined, strict: strict || undefined },
        file: { content: file, type: 'text/csv' },
        // The server may still be busy with the first one.
        once: true,
      },
      options,
    );
  }
}

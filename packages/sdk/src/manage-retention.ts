import { at, ofVersion, readVersioned } from './manage-calls.ts';
import type { CallOptions, ChangeOptions, DownloadOptions } from './options.ts';
import { readBlob, streamBody, type Transport } from './request.ts';
import type { Change, Reply, Versioned } from './types.ts';

/** How long the organisation keeps each kind of data. */
export class Retention {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Reads the settings. */
  get(options?: CallOptions): Promise<Reply<'GET /v1/manage/retention'>> {
    return this.#transport.json({ method: 'GET', path: at`retention` }, options);
  }

  /** Reads the settings, with their version. */
  read(options: CallOptions = {}): Promise<Versioned<Reply<'GET /v1/manage/retention'>>> {
    return this.#transport.exchange({ method: 'GET', path: at`retention` }, options, (answer) =>
      readVersioned(answer),
    );
  }

  /**
   * Changes how long kinds of data are kept, as ISO 8601 durations of months or days: `{ visitors: 'P3M' }`. Null is without
   * limit. The server then removes what is older, and nothing brings it back; call `effects` first.
   * @throws ConflictError if `ifVersion` is not the present version.
   */
  update(
    change: Change<'PATCH /v1/manage/retention'>,
    options?: ChangeOptions,
  ): Promise<Reply<'PATCH /v1/manage/retention'>> {
    const path = at`retention`;
    return this.#transport.json({ method: 'PATCH', path, body: change, ...ofVersion(options) }, options);
  }

  /** How many rows such a change would remove, by kind and month. It changes nothing. */
  effects(
    change: Change<'POST /v1/manage/retention/effects'>,
    options?: CallOptions,
  ): Promise<Reply<'POST /v1/manage/retention/effects'>> {
    const path = at`retention/effects`;
    return this.#transport.json({ method: 'POST', path, body: change }, options);
  }
}

const exportOf = (visitor: Change<'POST /v1/manage/visitors/export'>) =>
  ({ method: 'POST', path: at`visitors/export`, body: visitor }) as const;

/** People who visit the organisation. */
export class Visitors {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Everything that the server holds about a visitor, by `email` or by `name` and `day`, as a ZIP file with JSON and CSV files. The
   * client holds the file in memory; `exportStream` does not. Give a long `timeoutMs`: it is the limit for the whole file.
   */
  export(visitor: Change<'POST /v1/manage/visitors/export'>, options: DownloadOptions = {}): Promise<Blob> {
    return this.#transport.exchange(exportOf(visitor), options, (answer) =>
      readBlob(answer, options.onBytes),
    );
  }

  /**
   * As `export`, but the file comes as a stream: memory holds only what has just arrived. `timeoutMs` is the limit for each wait.
   * The client does not send the request again after the first byte.
   * The stream fails with a TransferError if the file is incomplete.
   */
  async exportStream(
    visitor: Change<'POST /v1/manage/visitors/export'>,
    options: CallOptions = {},
  ): Promise<ReadableStream<Uint8Array>> {
    // The answer itself is handed over, so that its deadline does not end with the call.
    return streamBody(await this.#transport.exchange(exportOf(visitor), options, async (answer) => answer));
  }

  /**
   * Erases a visitor, by `email` or by `name` and `day`. Nobody can undo it. With `dryRun`, the server only counts. A call that
   * breaks off can be repeated.
   */
  erase(
    visitor: Change<'POST /v1/manage/visitors/erasure'>,
    { dryRun, ...options }: CallOptions & { dryRun?: boolean } = {},
  ): Promise<Reply<'POST /v1/manage/visitors/erasure'>> {
    const query = dryRun === undefined ? {} : { dryRun: String(dryRun) };
    return this.#transport.json(
      { method: 'POST', path: at`visitors/erasure`, query, body: visitor },
      options,
    );
  }
}

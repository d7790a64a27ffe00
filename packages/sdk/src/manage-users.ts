import { rangedRows } from './analytics.ts';
import { at, pages } from './manage-calls.ts';
import { Collection } from './manage-places.ts';
import type { CallOptions, DownloadOptions } from './options.ts';
import { readBlob, streamBody, type Transport } from './request.ts';
import type { Rows } from './rows.ts';
import type { Change, DateLike, Filter, Listing, PageWindow, Reply } from './types.ts';

/** Users, and what belongs to one of them. */
export class Users extends Collection<'users'> {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    super(transport, 'users');
    this.#transport = transport;
  }

  /**
   * Reads a user with the week plan, groups, cards, assigned desks and leave.
   * @throws NotFoundError if the user does not exist.
   */
  profile(userId: string, options?: CallOptions): Promise<Reply<'GET /v1/manage/users/{userId}/profile'>> {
    return this.#transport.json({ method: 'GET', path: at`users/${userId}/profile` }, options);
  }

  /**
   * Lists the days of a user with plan, booking, presence and attendance: one entry for each date of the range. The
   * range may have any length.
   */
  attendance(
    userId: string,
    range: { startDate: DateLike; endDate: DateLike },
    options?: CallOptions,
  ): Rows<Reply<'GET /v1/manage/users/{userId}/attendance'>[number]> {
    return rangedRows(this.#transport, at`users/${userId}/attendance`, range, options);
  }

  /**
   * Schedules leave of a user: each day from today on becomes away, and its booking is cancelled. Returns all leave of the
   * user.
   * @throws NotFoundError if the user does not exist.
   */
  scheduleLeave(
    userId: string,
    leave: Change<'POST /v1/manage/users/{userId}/leaves'>,
    options?: CallOptions,
  ): Promise<Reply<'POST /v1/manage/users/{userId}/leaves'>> {
    return this.#transport.json({ method: 'POST', path: at`users/${userId}/leaves`, body: leave }, options);
  }

  /**
   * Cancels leave of a user on the days of a range: those days get the plan of the week plan again. Returns all leave that
   * remains.
   * @throws NotFoundError if the user does not exist.
   */
  cancelLeave(
    userId: string,
    range: { startDate: DateLike; endDate: DateLike },
    options?: CallOptions,
  ): Promise<Reply<'DELETE /v1/manage/users/{userId}/leaves'>> {
    const path = at`users/${userId}/leaves`;
    return this.#transport.json({ method: 'DELETE', path, query: { ...range } }, options);
  }

  /**
   * Everything that the server holds about a user, as a ZIP file with JSON and CSV files. The client holds the file in memory;
   * `exportStream` does not. Give a long `timeoutMs`: it is the limit for the whole file.
   * @throws NotFoundError if the user does not exist.
   */
  export(userId: string, options: DownloadOptions = {}): Promise<Blob> {
    const path = at`users/${userId}/export`;
    return this.#transport.exchange({ method: 'GET', path }, options, (answer) =>
      readBlob(answer, options.onBytes),
    );
  }

  /**
   * As `export`, but the file comes as a stream: memory holds only what has just arrived. `timeoutMs` is the limit for each wait.
   * The client does not send the request again after the first byte.
   * The stream fails with a TransferError if the file is incomplete.
   * @throws NotFoundError if the user does not exist.
   */
  async exportStream(userId: string, options: CallOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const path = at`users/${userId}/export`;
    // The answer itself is handed over, so that its deadline does not end with the call.
    return streamBody(
      await this.#transport.exchange({ method: 'GET', path }, options, async (answer) => answer),
    );
  }

  /**
   * What an erasure of a user would do, or how far a requested one has come. It changes nothing.
   * @throws NotFoundError if the user does not exist, and nobody erased it.
   */
  erasure(userId: string, options?: CallOptions): Promise<Reply<'GET /v1/manage/users/{userId}/erasure'>> {
    return this.#transport.json({ method: 'GET', path: at`users/${userId}/erasure` }, options);
  }

  /**
   * Erases a user. Nobody can undo it. The server does it as a job: `erasure` says when it has finished.
   * @throws NotFoundError if the user does not exist.
   */
  erase(userId: string, options?: CallOptions): Promise<Reply<'POST /v1/manage/users/{userId}/erasure'>> {
    return this.#transport.json({ method: 'POST', path: at`users/${userId}/erasure` }, options);
  }

  /** Lists the action log of a user's plans and bookings, the newest first. `day` selects the changes of one day. */
  changes(
    userId: string,
    filter?: Filter<'GET /v1/manage/users/{userId}/changes'>,
    options?: CallOptions,
  ): Rows<Listing<'GET /v1/manage/users/{userId}/changes'>> {
    return pages(this.#transport, at`users/${userId}/changes`, filter, options);
  }

  /** One page of `changes`. */
  changesPage(
    userId: string,
    filter: Filter<'GET /v1/manage/users/{userId}/changes'> & PageWindow,
    options?: CallOptions,
  ): Promise<Reply<'GET /v1/manage/users/{userId}/changes'>> {
    const path = at`users/${userId}/changes`;
    return this.#transport.json({ method: 'GET', path, query: { ...filter } }, options);
  }
}
